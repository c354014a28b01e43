import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { chainProblem, covers, namesOf, readChain, timeProblem } from "../../../../model/app/certificate-chain.ts";
import { type DeclaredCertificate, declaredCertificates } from "../../../../model/app/certificates.ts";
import { randomName } from "../../apps/names.ts";
import type { DeclaredApp } from "../../apps/ports.ts";
import { AUTOMATIC, automaticCertificates, automaticId, isAutomatic } from "../automatic.ts";
import { type Answer, type Call, requiredText } from "../call.ts";
import { certificateId, findCertificate } from "../certificates.ts";
import { type Desk, warned } from "../desk.ts";
import { invalid } from "../errors.ts";
import type { Route } from "../routes.ts";
import { domainId } from "./domains.ts";

/** Uploaded certificates, and those that renew themselves as one, which Heroku calls SNI endpoints. */
export function certificateRoutes(desk: Desk): Route[] {
  return [
    [
      "GET",
      "/apps/:app/sni-endpoints",
      async (call) => {
        const app = await desk.app(call);
        return { body: [...app.certificates.map((each) => show(desk, app, each)), ...automatic(desk, app)] };
      },
    ],
    ["POST", "/apps/:app/sni-endpoints", (call) => add(desk, call)],
    [
      "GET",
      "/apps/:app/sni-endpoints/:endpoint",
      async (call) => {
        const app = await desk.app(call);
        const { endpoint } = call.params;
        const [own] = isAutomatic(desk, app, endpoint) ? automatic(desk, app) : [];
        return { body: own ?? show(desk, app, findCertificate(desk, app, endpoint)) };
      },
    ],
    ["PATCH", "/apps/:app/sni-endpoints/:endpoint", (call) => update(desk, call)],
    ["DELETE", "/apps/:app/sni-endpoints/:endpoint", (call) => remove(desk, call)],
  ];
}

async function add(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const { chain, key, names } = given(desk, call);
  const name = randomName();
  const made = await desk.change(call, app, `Add certificate ${name}`, (file) => {
    file.set(["certificates", name, "chain"], chain);
    // Which domains are served with it, people say.
    file.set(["certificates", name, "hosts"], []);
    file.setCertificateKey(name, key);
  });
  const warnings = app.hosts.some((host) => covers(names, host))
    ? made.warnings
    : [
        ...made.warnings,
        `none of the domains of ${app.name} is one of ${names.join(", ")}; heroku domains:add adds one`,
      ];
  return {
    status: 201,
    body: show(desk, app, { name, chain, names, hosts: [] }),
    headers: warned({ warnings }),
  };
}

async function update(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const { name, hosts } = findCertificate(desk, app, call.params.endpoint);
  const { chain, key, names } = given(desk, call);
  checkServed({ name, names }, hosts);
  const made = await desk.change(call, app, `Update certificate ${name}`, (file) => {
    const { hosts: now = [] } = declaredCertificates(file.settings).find((each) => each.name === name) ?? {};
    checkServed({ name, names }, now);
    file.set(["certificates", name, "chain"], chain);
    file.setCertificateKey(name, key);
  });
  return { body: show(desk, app, { name, chain, names, hosts }), headers: warned(made) };
}

async function remove(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const certificate = findCertificate(desk, app, call.params.endpoint);
  const made = await desk.change(call, app, `Remove certificate ${certificate.name}`, (file) => {
    const others = declaredCertificates(file.settings).filter(({ name }) => name !== certificate.name);
    file.remove(others.length > 0 ? ["certificates", certificate.name] : ["certificates"]);
    file.setCertificateKey(certificate.name, undefined);
  });
  return { body: show(desk, app, certificate), headers: warned(made) };
}

/** What is sent, when nothing is wrong with it. Errors show nothing of the key. */
function given(desk: Desk, call: Call): { chain: string; key: string; names: readonly string[] } {
  const chain = text(requiredText(call, "certificate_chain"));
  const key = text(requiredText(call, "private_key"));
  const [own] = readChain(chain) ?? [];
  const problem = chainProblem(chain, key) ?? (own && timeProblem(own, desk.clock()));
  if (own === undefined || problem !== undefined) throw invalid("certificate_chain", `The certificate ${problem}.`);
  return { chain, key, names: namesOf(own) };
}

/** As files on any system have it. */
function text(pem: string): string {
  return `${pem.replaceAll("\r\n", "\n").trim()}\n`;
}

function checkServed({ name, names }: Pick<DeclaredCertificate, "name" | "names">, hosts: readonly string[]): void {
  const host = hosts.find((each) => !covers(names, each));
  if (host === undefined) return;
  throw invalid(
    "certificate_chain",
    `${host} is served with ${name}, and the certificate is for ${names.join(", ")} only.`,
  );
}

/** Those that renew themselves, as the one that ends first. */
function automatic(desk: Desk, app: DeclaredApp): Record<string, unknown>[] {
  const all = automaticCertificates(desk, app);
  const [first] = all;
  if (first === undefined) return [];
  const hosts = all.map(({ host }) => host);
  const shown = show(desk, app, { name: AUTOMATIC, chain: first.chain, names: hosts, hosts }, automaticId(desk, app));
  return [{ ...shown, ssl_cert: { ...(shown.ssl_cert as object), acm: true } }];
}

function show(
  desk: Desk,
  app: DeclaredApp,
  { name, chain, names, hosts }: DeclaredCertificate,
  id = certificateId(desk, app, name),
): Record<string, unknown> {
  const time = new Date(app.createdAt).toISOString();
  const certificates = readChain(chain) ?? [];
  const [own] = certificates;
  return {
    id,
    name,
    display_name: null,
    app: { id: desk.appId(app), name: app.name },
    certificate_chain: chain,
    created_at: time,
    domains: hosts.map((host) => domainId(desk, app, host)),
    ssl_cert: own && {
      id: desk.id("certificate", app.id, name, own.fingerprint256),
      acm: false,
      "ca_signed?": isTrusted(certificates),
      "self_signed?": own.checkIssued(own),
      cert_domains: names,
      issuer: distinguished(own.issuer),
      subject: distinguished(own.subject),
      starts_at: own.validFromDate.toISOString(),
      expires_at: own.validToDate.toISOString(),
    },
    updated_at: time,
  };
}

/** `/O=Example/CN=www.example.com` */
function distinguished(name: string | undefined): string {
  return (name ?? "")
    .split("\n")
    .map((part) => `/${part}`)
    .join("");
}

/** The authorities that Node knows, by their names; read when they are first asked for. */
const authorities = new Map<string, X509Certificate[]>();

/** Whether a chain leads to an authority that Node knows, as browsers do. */
function isTrusted(chain: readonly X509Certificate[]): boolean {
  const last = chain.at(-1);
  if (last === undefined) return false;
  if (authorities.size === 0) {
    for (const root of rootCertificates.map((pem) => new X509Certificate(pem))) {
      authorities.set(root.subject, [...(authorities.get(root.subject) ?? []), root]);
    }
  }
  return (authorities.get(last.issuer) ?? []).some(({ publicKey }) => last.verify(publicKey));
}
