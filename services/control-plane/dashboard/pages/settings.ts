import { field } from "../../web/form.ts";
import { type Html, html } from "../../web/html.ts";
import { form } from "../../web/layout.ts";
import type { MemberRoute, MemberVisit, Reply } from "../../web/visit.ts";
import type { ApiAddon, ApiApp, ApiCertificate, ApiCollaborator, ApiDomain } from "../answers.ts";
import { path } from "../api.ts";
import { type AppVisit, appOf, type Context } from "../context.ts";
import { ago } from "../format.ts";
import { appPath } from "../frames.ts";
import { accessActs, collaboratorsCard, domainsCard } from "./access.ts";
import { configActs, configCard } from "./config-vars.ts";
import { gitOf } from "./deploy-git.ts";

export function settingsPages(context: Context): MemberRoute[] {
  const { acts } = context;
  return [
    ["GET", "/apps/:app/settings", (visit) => show(context, visit)],
    // Asked for by a form, so that no link and no history shows them.
    ["POST", "/apps/:app/settings", (visit) => show(context, visit, { reveal: true })],
    acts.route("/apps/:app/rename", (visit) => {
      const { app = "" } = visit.params;
      const name = field(visit.form, "name");
      return {
        title: `Rename ${app} to ${name}`,
        app,
        order: { method: "PATCH", path: path`/apps/${app}`, body: { name } },
        summary: html`<p>Its address and its Git remote change with it; whoever uses the old ones finds nothing.</p>`,
        confirm: "Rename",
        back: appPath(app, "settings"),
        next: () => appPath(name, "settings"),
        done: `${app} is called ${name} now.`,
      };
    }),
    acts.route("/apps/:app/maintenance", (visit) => {
      const { app = "" } = visit.params;
      const maintenance = visit.form.get("maintenance") === "on";
      return {
        title: maintenance ? `Put ${app} into maintenance` : `End the maintenance of ${app}`,
        app,
        order: { method: "PATCH", path: path`/apps/${app}`, body: { maintenance } },
        atOnce: true,
        confirm: "Change",
        back: `${appPath(app, "settings")}#maintenance`,
        done: maintenance ? "Visitors get a page that says so." : "Visitors get the app again.",
      };
    }),
    acts.route("/apps/:app/delete", (visit) => {
      const { app = "" } = visit.params;
      const typed = field(visit.form, "name");
      if (typed !== app) return show(context, visit, { wrongName: typed });
      return {
        title: `Delete ${app}`,
        app,
        order: { method: "DELETE", path: path`/apps/${app}` },
        summary: html`<p><strong>${app}, its dynos, its databases and all their data will be gone for good.</strong></p>`,
        confirm: `Delete ${app} for good`,
        danger: true,
        back: appPath(app, "settings"),
        next: () => "/apps",
        done: `${app} is gone.`,
      };
    }),
    ...configActs(context),
    ...accessActs(context),
  ];
}

interface Shown {
  /** Whether config vars are shown with their values. */
  readonly reveal?: boolean;
  /** What was typed instead of the app's name. */
  readonly wrongName?: string;
}

async function show(context: Context, visit: MemberVisit, shown: Shown = {}): Promise<Reply> {
  const { api, frames, ports } = context;
  const found = await appOf(context, visit);
  const { app, state } = found;
  const base = path`/apps/${app.name}`;
  const [config, addons, domains, certificates, collaborators] = await Promise.all([
    api.get<Record<string, string>>(visit, `${base}/config-vars`),
    api.find<ApiAddon[]>(visit, `${base}/addons`),
    api.find<ApiDomain[]>(visit, `${base}/domains`),
    api.find<ApiCertificate[]>(visit, `${base}/sni-endpoints`),
    api.find<ApiCollaborator[]>(visit, `${base}/collaborators`),
  ]);
  const attached = (addons ?? []).flatMap((addon) => addon.config_vars);
  const main = html`<section class="card"><header><h2>App</h2></header>${info(app, gitOf(visit, ports.platform.apiPort), ports.clock())}
<h3 class="gap">Rename</h3>${form(
    visit,
    { action: `${base}/rename`, class: "line" },
    html`<div class="field"><label for="name">New name</label><input id="name" name="name" required maxlength="30" autocomplete="off" autocapitalize="none" spellcheck="false" placeholder="${app.name}"></div><button class="second">Preview</button>`,
  )}</section>
${configCard(visit, app.name, config, { attached, reveal: shown.reveal === true })}
${domains !== undefined && domainsCard(visit, app, { domains, certificates: certificates ?? [], platform: ports.platform, now: ports.clock() })}
${collaborators !== undefined && collaboratorsCard(visit, app, collaborators)}
${maintenance(visit, app)}
${deletion(found, shown.wrongName)}`;
  return {
    status: shown.wrongName === undefined ? 200 : 422,
    document: frames.app(visit, { app, state, tab: "settings", main }),
  };
}

function info(app: ApiApp, git: string, now: number): Html {
  return html`<dl><dt>Name</dt><dd>${app.name}</dd><dt>URL</dt><dd><a href="${app.web_url}" rel="noreferrer">${app.web_url}</a></dd>
<dt>Git</dt><dd><code>${git}/${app.name}.git</code></dd><dt>Owner</dt><dd>${app.owner.email}</dd><dt>Created</dt><dd>${ago(app.created_at, now)}</dd><dt>Id</dt><dd><code>${app.id}</code></dd></dl>`;
}

function maintenance(visit: MemberVisit, app: ApiApp): Html {
  const on = app.maintenance;
  return html`<section class="card" id="maintenance"><header><h2>Maintenance mode</h2><span class="badge ${on ? "busy" : ""}">${on ? "on" : "off"}</span></header>
<p class="soft">While it is on, visitors get a page that says so, and no dyno is asked.</p>
${form(visit, { action: path`/apps/${app.name}/maintenance` }, html`<input type="hidden" name="maintenance" value="${on ? "off" : "on"}"><div class="actions"><button class="second">${on ? "End maintenance" : "Begin maintenance"}</button></div>`)}</section>`;
}

function deletion({ visit, app }: AppVisit, wrong: string | undefined): Html {
  return html`<section class="card danger" id="delete"><header><h2>Delete app…</h2></header>
<p>The app, its dynos, its add-ons and <strong>all their data</strong> go, and do not come back.</p>
${form(
  visit,
  { action: `${path`/apps/${app.name}/delete`}#delete` },
  html`<div class="field gap"><label for="confirm">Type <code>${app.name}</code> to confirm</label>
<input id="confirm" name="name" required autocomplete="off" autocapitalize="none" spellcheck="false"${wrong !== undefined && html` value="${wrong}" aria-invalid="true" aria-describedby="confirm-wrong" autofocus`}>
${wrong !== undefined && html`<p class="wrong" id="confirm-wrong" role="alert">That is not the app's name: it is called ${app.name}. Nothing was deleted.</p>`}</div>
<button class="danger">Delete app…</button>`,
)}</section>`;
}
