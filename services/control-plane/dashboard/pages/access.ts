import { field } from "../../web/form.ts";
import { type Html, html } from "../../web/html.ts";
import { form } from "../../web/layout.ts";
import type { MemberRoute, MemberVisit } from "../../web/visit.ts";
import type { ApiApp, ApiCollaborator, ApiDomain } from "../answers.ts";
import { path } from "../api.ts";
import type { Context } from "../context.ts";
import { appPath } from "../frames.ts";

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

export function domainsCard(visit: MemberVisit, app: string, domains: readonly ApiDomain[]): Html {
  const rows = domains.map(
    ({ hostname, kind }) =>
      html`<li><span class="grow">${hostname}</span>${
        kind === "heroku"
          ? html`<span class="soft small">its own</span>`
          : form(
              visit,
              { action: path`/apps/${app}/domains/remove` },
              html`<input type="hidden" name="hostname" value="${hostname}"><button class="plain danger">Remove<span class="hidden"> ${hostname}</span></button>`,
            )
      }</li>`,
  );
  return html`<section class="card" id="domains"><header><h2>Domains</h2></header><ul class="rows">${rows}</ul>
<h3 class="gap">Add a domain</h3>
${form(
  visit,
  { action: path`/apps/${app}/domains`, class: "line" },
  html`<div class="field"><label for="hostname">Host name</label><input id="hostname" name="hostname" required autocomplete="off" autocapitalize="none" spellcheck="false" placeholder="shop.example.com"></div><button class="second">Preview</button>`,
)}</section>`;
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
