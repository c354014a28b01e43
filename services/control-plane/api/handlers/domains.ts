import { Problems } from "../../../../lib/validation/problems.ts";
import { covers } from "../../../../model/app/certificate-chain.ts";
import { servedName } from "../../../../model/names.ts";
import type { AppFile, DeclaredApp } from "../../apps/ports.ts";
import { acmOf, isAutomatic } from "../automatic.ts";
import { type Answer, type Call, requiredText } from "../call.ts";
import { endpointOf, findCertificate, serveWith } from "../certificates.ts";
import { type Desk, warned } from "../desk.ts";
import { ApiError, invalid, notFound } from "../errors.ts";
import { page } from "../range.ts";
import type { Route } from "../routes.ts";

/** A host name at which the router serves an app: its own, or one that it was given. */
type Domain = { readonly hostname: string; readonly kind: "heroku" | "custom" };

export function domainRoutes(desk: Desk): Route[] {
  return [
    ["GET", "/apps/:app/domains", (call) => list(desk, call)],
    ["POST", "/apps/:app/domains", (call) => add(desk, call)],
    [
      "GET",
      "/apps/:app/domains/:domain",
      async (call) => {
        const app = await desk.app(call);
        return { body: show(desk, app, find(desk, app, call)) };
      },
    ],
    ["PATCH", "/apps/:app/domains/:domain", (call) => choose(desk, call)],
    ["DELETE", "/apps/:app/domains/:domain", (call) => remove(desk, call)],
  ];
}

async function list(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const all = domainsOf(app).map((domain) => show(desk, app, domain));
  const { items, status, headers } = page(all, call.headers.range, ["id", "hostname"]);
  return { status, body: items, headers };
}

async function add(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const hostname = requiredText(call, "hostname").toLowerCase();
  check(hostname, app);
  const certificate = certificateOf(desk, app, call, hostname);
  await checkFree(desk, call, app, hostname);
  const made = await desk.change(call, app, `Add ${hostname} domain`, async (file) => {
    // Again in the app's turn. The router is the last to see that no host is given twice.
    await checkFree(desk, call, app, hostname);
    file.set(["hosts"], [...hostsIn(file), hostname]);
    if (certificate !== null) serveWith(file, hostname, certificate);
  });
  desk.ports.certificates.notice();
  return {
    status: 201,
    body: show(desk, (await desk.ports.apps.get(app.name)) ?? app, { hostname, kind: "custom" }),
    headers: warned(made),
  };
}

async function remove(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const domain = find(desk, app, call);
  const { hostname, kind } = domain;
  if (kind === "heroku") throw invalid("domain", `${hostname} is the app's own and stays.`);
  const made = await desk.change(call, app, `Remove ${hostname} domain`, (file) => {
    const left = hostsIn(file).filter((host) => host !== hostname);
    if (left.length > 0) file.set(["hosts"], left);
    else file.remove(["hosts"]);
    serveWith(file, hostname, undefined);
  });
  return { body: show(desk, app, domain), headers: warned(made) };
}

/** Chooses the certificate that a domain is served with. */
async function choose(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const domain = find(desk, app, call);
  const { hostname, kind } = domain;
  if (call.body.sni_endpoint === undefined) return { body: show(desk, app, domain) };
  if (kind === "heroku") throw invalid("sni_endpoint", `${hostname} has a certificate of the platform's.`);
  const certificate = certificateOf(desk, app, call, hostname);
  const what = certificate === null ? `Serve ${hostname} with no certificate` : `Serve ${hostname} with ${certificate}`;
  const made = await desk.change(call, app, what, (file) => serveWith(file, hostname, certificate ?? undefined));
  return { body: show(desk, (await desk.ports.apps.get(app.name)) ?? app, domain), headers: warned(made) };
}

/** The name of the certificate that is asked for; null: none. @throws ApiError when it is not for the host */
function certificateOf(desk: Desk, app: DeclaredApp, call: Call, hostname: string): string | null {
  const { sni_endpoint: which } = call.body;
  if (which === undefined || which === null || isAutomatic(desk, app, which)) return null;
  const { name, names } = findCertificate(desk, app, which);
  if (covers(names, hostname)) return name;
  throw invalid("sni_endpoint", `${name} is for ${names.join(", ")}, and so cannot serve ${hostname}.`);
}

function check(hostname: string, app: DeclaredApp): void {
  const problems = new Problems();
  if (servedName(hostname, "hostname", problems) === undefined || !hostname.replace(/^\*\./, "").includes(".")) {
    throw invalid("hostname", `${JSON.stringify(hostname)} is no host name; use one such as www.example.com.`);
  }
  const platform = ownHost(app).replace(/^[^.]*\./, "");
  if (hostname === platform || hostname.endsWith(`.${platform}`)) {
    throw invalid("hostname", `Names below ${platform} are the platform's; an app has the one that it is called.`);
  }
}

/** A wildcard takes names away from nobody, and nobody takes names away from a wildcard of somebody else's. */
async function checkFree(desk: Desk, call: Call, app: DeclaredApp, hostname: string): Promise<void> {
  const { accounts, apps } = desk.ports;
  const holder = (await apps.list()).find((other) => {
    const own = other.id === app.id || accounts.may(call.caller, other.id, "use");
    return domainsOf(other).some(
      (each) =>
        each.hostname === hostname || (!own && (isBelow(each.hostname, hostname) || isBelow(hostname, each.hostname))),
    );
  });
  // Whose app it is says nothing to others.
  if (holder !== undefined)
    throw new ApiError(422, "invalid_params", `${hostname} is currently in use by another app.`);
}

/** Whether a name is one of those that a wildcard stands for. */
function isBelow(hostname: string, wildcard: string): boolean {
  return wildcard.startsWith("*.") && hostname.replace(/^[^.]+/, "*") === wildcard;
}

function domainsOf(app: DeclaredApp): Domain[] {
  return [
    { hostname: ownHost(app), kind: "heroku" },
    ...app.hosts.map((hostname) => ({ hostname, kind: "custom" as const })),
  ];
}

function ownHost(app: DeclaredApp): string {
  return new URL(app.url).hostname;
}

function hostsIn({ settings: { hosts } }: AppFile): string[] {
  return Array.isArray(hosts) ? hosts.map(String) : [];
}

function find(desk: Desk, app: DeclaredApp, { params: { domain: which = "" } }: Call): Domain {
  const found = domainsOf(app).find(({ hostname }) => hostname === which || domainId(desk, app, hostname) === which);
  if (found === undefined) throw notFound("domain");
  return found;
}

export function domainId(desk: Desk, app: DeclaredApp, hostname: string): string {
  return desk.id("domain", app.id, hostname);
}

function show(desk: Desk, app: DeclaredApp, { hostname, kind }: Domain): Record<string, unknown> {
  const time = new Date(app.createdAt).toISOString();
  const { since = app.createdAt, ...acm } = acmOf(desk, app, kind === "custom" ? hostname : "");
  return {
    id: domainId(desk, app, hostname),
    ...acm,
    app: { id: desk.appId(app), name: app.name },
    // Where the name has to point to.
    cname: kind === "custom" ? ownHost(app) : null,
    created_at: time,
    hostname,
    kind,
    sni_endpoint: endpointOf(desk, app, hostname),
    status: kind === "custom" ? "succeeded" : "none",
    updated_at: new Date(since).toISOString(),
  };
}
