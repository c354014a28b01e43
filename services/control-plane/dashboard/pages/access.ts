import { isLocalDomain } from "../../../../model/platform/addresses.ts";
import { field } from "../../web/form.ts";
import { type Html, html } from "../../web/html.ts";
import { form } from "../../web/layout.ts";
import type { MemberRoute, MemberVisit } from "../../web/visit.ts";
import type { ApiApp, ApiCertificate, ApiCollaborator, ApiDomain } from "../answers.ts";
import { path } from "../api.ts";
import type { Context } from "../context.ts";
import { appPath } from "../frames.ts";
import type { DashboardPorts } from "../ports.ts";

/** Under which names an app is reached, and who may use it. */
export function accessActs({ acts }: Context): MemberRoute[] {
  return [
    acts.route("/apps/:app/domains", (visit) => {
      const { app = "" } = visit.params;
      const hostname = field(visit.form, "hostname").toLowerCase();
      return {
        title: `Serve ${app} at ${hostname}`,
        app,
        order: { method: "POST", path: path`/apps/${app}/domains`, body: { hostname } },
        summary: html`<p>Point the name's DNS record at this machine, too.</p>`,
        confirm: "Add the domain",
        back: `${appPath(app, "settings")}#domains`,
        done: `${app} is served at ${hostname}.`,
      };
    }),
    acts.route("/apps/:app/domains/remove", (visit) => {
      const { app = "" } = visit.params;
      const hostname = field(visit.form, "hostname");
      return {
        title: `Serve ${app} no more at ${hostname}`,
        app,
        order: { method: "DELETE", path: path`/apps/${app}/domains/${hostname}` },
        confirm: "Remove the domain",
        danger: true,
        back: `${appPath(app, "settings")}#domains`,
        done: `${hostname} is removed.`,
      };
    }),
    acts.route("/apps/:app/certificates", (visit) => {
      const { app = "" } = visit.params;
      const on = visit.form.get("acm") === "on";
      return {
        title: on
          ? `Have the certificates of ${app} renew themselves`
          : `Let the certificates of ${app} renew themselves no more`,
        app,
        order: { method: on ? "POST" : "DELETE", path: path`/apps/${app}/acm`, ...(on && { body: {} }) },
        summary: on
          ? html`<p>Each domain gets a certificate as soon as its name leads here.</p>`
          : html`<p>Domains without a certificate of their own are served by HTTP alone.</p>`,
        confirm: on ? "Switch on" : "Switch off",
        danger: !on,
        back: `${appPath(app, "settings")}#domains`,
        done: on ? "The domains are being looked at." : "No certificate renews itself any more.",
      };
    }),
    acts.route("/apps/:app/certificates/refresh", (visit) => {
      const { app = "" } = visit.params;
      return {
        title: `Look at the domains of ${app} now`,
        app,
        order: { method: "PATCH", path: path`/apps/${app}/acm`, body: { acm_refresh: true } },
        atOnce: true,
        confirm: "Look now",
        back: `${appPath(app, "settings")}#domains`,
        done: "The domains are being looked at.",
      };
    }),
    acts.route("/apps/:app/collaborators", (visit) => {
      const { app = "" } = visit.params;
      const user = field(visit.form, "user").toLowerCase();
      return {
        title: `Share ${app} with ${user}`,
        app,
        order: { method: "POST", path: path`/apps/${app}/collaborators`, body: { user } },
        atOnce: true,
        confirm: "Share",
        back: `${appPath(app, "settings")}#collaborators`,
        done: `${user} may use ${app} now.`,
      };
    }),
    acts.route("/apps/:app/collaborators/remove", (visit) => {
      const { app = "" } = visit.params;
      const user = field(visit.form, "user");
      return {
        title: `Stop sharing ${app} with ${user}`,
        app,
        order: { method: "DELETE", path: path`/apps/${app}/collaborators/${user}` },
        atOnce: true,
        confirm: "Stop sharing",
        back: `${appPath(app, "settings")}#collaborators`,
        next: () => (user === visit.session.caller.email ? "/apps" : `${appPath(app, "settings")}#collaborators`),
        done: `${user} may use ${app} no more.`,
      };
    }),
  ];
}

interface DomainsShown {
  readonly domains: readonly ApiDomain[];
  readonly certificates: readonly ApiCertificate[];
  readonly platform: DashboardPorts["platform"];
  /** Milliseconds since 1970. */
  readonly now: number;
}

export function domainsCard(visit: MemberVisit, { name: app, acm }: ApiApp, shown: DomainsShown): Html {
  const rows = shown.domains.map(
    (domain) =>
      html`<li><span class="grow">${domain.hostname}${domain.acm_status_reason !== null && html`<br><span class="soft small wrong">${domain.acm_status_reason}</span>`}</span><span class="soft small">${certificateOf(domain, shown)}</span>${
        domain.kind === "heroku"
          ? html`<span class="soft small">its own</span>`
          : form(
              visit,
              { action: path`/apps/${app}/domains/remove` },
              html`<input type="hidden" name="hostname" value="${domain.hostname}"><button class="plain danger">Remove<span class="hidden"> ${domain.hostname}</span></button>`,
            )
      }</li>`,
  );
  return html`<section class="card" id="domains"><header><h2>Domains</h2></header><ul class="rows">${rows}</ul>
${shown.platform.httpsPort !== null && automatic(visit, app, acm)}
<h3 class="gap">Add a domain</h3>
${form(
  visit,
  { action: path`/apps/${app}/domains`, class: "line" },
  html`<div class="field"><label for="hostname">Host name</label><input id="hostname" name="hostname" required autocomplete="off" autocapitalize="none" spellcheck="false" placeholder="shop.example.com"></div><button class="second">Preview</button>`,
)}</section>`;
}

/** Whether the domains' certificates renew themselves. */
function automatic(visit: MemberVisit, app: string, on: boolean): Html {
  const base = path`/apps/${app}/certificates`;
  return html`<h3 class="gap">Certificates that renew themselves <span class="badge ${on ? "good" : ""}">${on ? "on" : "off"}</span></h3>
<div class="actions">${form(visit, { action: base }, html`<input type="hidden" name="acm" value="${on ? "off" : "on"}"><button class="second">${on ? "Switch off" : "Switch on"}</button>`)}${
    on && form(visit, { action: `${base}/refresh` }, html`<button class="second">Look at the domains now</button>`)
  }</div>`;
}

/** How it stands with a certificate that renews itself, while there is none. */
const STATES: Readonly<Record<string, string>> = {
  "in-progress": "is being looked at",
  "dns-verified": "certificate is being ordered",
  failing: "no certificate yet, is tried again",
  failed: "no certificate, is tried again",
};

/** What a name is served with over HTTPS. */
function certificateOf(
  { hostname, sni_endpoint: endpoint, acm_status: status }: ApiDomain,
  shown: DomainsShown,
): string {
  const { domain, httpsPort } = shown.platform;
  if (httpsPort === null) return "HTTP only";
  if (endpoint !== null) {
    const { expires_at: until, acm = false } =
      shown.certificates.find(({ name }) => name === endpoint.name)?.ssl_cert ?? {};
    if (acm) return "certificate that renews itself";
    if (until === undefined) return `certificate ${endpoint.name}`;
    const day = until.slice(0, 10);
    return Date.parse(until) < shown.now
      ? `certificate ${endpoint.name}, ended on ${day}`
      : `certificate ${endpoint.name}, until ${day}`;
  }
  if (status !== null && STATES[status] !== undefined) return STATES[status];
  const own = isLocalDomain(domain) && hostname.endsWith(`.${domain}`);
  return own ? "the platform's own authority" : "no certificate";
}

export function collaboratorsCard(visit: MemberVisit, app: ApiApp, collaborators: readonly ApiCollaborator[]): Html {
  const rows = collaborators.map(({ user: { email } }) => {
    const owner = email === app.owner.email;
    return html`<li><span class="grow">${email}</span>${
      owner
        ? html`<span class="soft small">owner</span>`
        : form(
            visit,
            { action: path`/apps/${app.name}/collaborators/remove` },
            html`<input type="hidden" name="user" value="${email}"><button class="plain danger">Remove<span class="hidden"> ${email}</span></button>`,
          )
    }</li>`;
  });
  return html`<section class="card" id="collaborators"><header><h2>Access</h2></header><ul class="rows">${rows}</ul>
<h3 class="gap">Share the app</h3>
${form(
  visit,
  { action: path`/apps/${app.name}/collaborators`, class: "line" },
  html`<div class="field"><label for="user">E-mail of somebody with an account here</label><input id="user" name="user" type="email" required autocomplete="off"></div><button class="second">Share</button>`,
)}</section>`;
}
