import { type Html, html } from "../../web/html.ts";
import type { MemberRoute } from "../../web/visit.ts";
import type { ApiAddon, ApiDrift, ApiDyno, ApiFormation, ApiRelease } from "../answers.ts";
import { path } from "../api.ts";
import { dynoBadge } from "../app-states.ts";
import { type AppVisit, appPage, type Context } from "../context.ts";
import { ago, count, shortCommit } from "../format.ts";
import { appPath } from "../frames.ts";
import { lastOf } from "./apps.ts";
import { newestFirst, timeline, timelineRow } from "./timeline.ts";

/** Rows of "latest activity". */
const LATEST = 6;

export function overviewPages(context: Context): MemberRoute[] {
  return [appPage(context, "/apps/:app", "overview", (found) => overview(context, found))];
}

async function overview({ api, ports }: Context, { visit, app, state }: AppVisit): Promise<Html> {
  const base = path`/apps/${app.name}`;
  const [formation, dynos, releases, addons, drift] = await Promise.all([
    api.get<ApiFormation[]>(visit, `${base}/formation`),
    api.get<ApiDyno[]>(visit, `${base}/dynos`),
    api.get<ApiRelease[]>(visit, `${base}/releases`),
    api.find<ApiAddon[]>(visit, `${base}/addons`),
    api.find<ApiDrift>(visit, `${base}/drift`),
  ]);
  ports.releases.note(app.name, lastOf(releases));
  const now = ports.clock();
  const deployed = releases.some(({ slug }) => slug !== null);
  const latest = timeline(releases, ports.activity(app.name, 30)).slice(0, LATEST);
  return html`${!deployed && html`<div class="card"><h2>Nothing is deployed yet</h2><p>${app.name} has an address, where visitors see a welcome page. <a href="${appPath(app.name, "deploy")}">How to deploy your code</a>.</p></div>`}
${drift !== undefined && drift.differences.length > 0 && driftCard(drift, now)}
<div class="columns">
<section class="card"><header><h2>Dynos</h2><a href="${appPath(app.name, "resources")}">Configure</a></header>
${formation.length === 0 ? html`<p class="soft">No process types: a Procfile names them.</p>` : html`<ul class="rows">${formation.map((each) => process(each, dynos))}</ul>`}
${state?.word === "sleeping" && html`<p class="soft small">It sleeps because nobody asked for it. The next request wakes it.</p>`}</section>
<section class="card"><header><h2>Add-ons</h2><a href="${appPath(app.name, "resources")}">Configure</a></header>
${addons === undefined || addons.length === 0 ? html`<p class="soft">None. A database is one click away.</p>` : html`<ul class="rows">${addons.map(addon)}</ul>`}</section>
<section class="card"><header><h2>Latest activity</h2><a href="${appPath(app.name, "activity")}">All activity</a></header>
${latest.length === 0 ? html`<p class="soft">Nothing has happened yet.</p>` : html`<ul class="rows">${latest.map((entry) => timelineRow(app.name, entry, now))}</ul>`}</section>
<section class="card"><header><h2>App</h2><a href="${appPath(app.name, "settings")}">Settings</a></header>${facts(app, newestFirst(releases)[0], now)}</section>
</div>`;
}

/** Differences that are listed. */
const LISTED = 10;

function driftCard({ looked_at: at, differences }: ApiDrift, now: number): Html {
  const more = differences.length - LISTED;
  return html`<section class="card" id="drift"><header><h2>Changed by hand</h2><span class="soft small">${at !== null && ago(at, now)}</span></header>
<p>What is there is not what the stack file declares. <code>pulumi up --refresh</code> puts it right.</p>
<ul class="rows">${differences
    .slice(0, LISTED)
    .map(
      ({ name, path, declared, there, changed_at: changedAt }) =>
        html`<li><div class="grow"><span class="title">${name}</span>${path !== null && html` <code>${path}</code>`}<br><span class="soft small">declared: ${declared}; there: ${there}${changedAt !== null && html`; last changed ${ago(changedAt, now)}`}</span></div></li>`,
    )}</ul>${more > 0 && html`<p class="soft small">And ${more} more: <code>npx dynoform drift</code></p>`}</section>`;
}

function process({ type, command, quantity, size }: ApiFormation, dynos: readonly ApiDyno[]): Html {
  const own = dynos.filter((dyno) => dyno.type === type);
  const words = Map.groupBy(own, ({ state }) => state);
  return html`<li><div class="grow"><span class="title">${type}</span> <code class="soft">${command}</code></div><span class="soft">${quantity === 0 ? "off" : `${count(quantity, "dyno")} · ${size}`}</span>${[...words].map(([word, some]) => html`<span>${dynoBadge(word)}${some.length > 1 && html` <span class="soft small">×${some.length}</span>`}</span>`)}</li>`;
}

function addon({ name, plan, config_vars: variables }: ApiAddon): Html {
  return html`<li><div class="grow"><span class="title">${name}</span><br><span class="soft small">${plan.name}</span></div><code>${variables.join(", ")}</code></li>`;
}

function facts(app: AppVisit["app"], release: ApiRelease | undefined, now: number): Html {
  const commit = shortCommit(release?.slug?.commit);
  return html`<dl>
<dt>URL</dt><dd><a href="${app.web_url}" rel="noreferrer">${app.web_url}</a></dd>
<dt>Release</dt><dd>${release === undefined ? "none" : html`v${release.version}, ${ago(release.created_at, now)}`}</dd>
${commit !== undefined && html`<dt>Commit</dt><dd><code>${commit}</code></dd>`}
<dt>Owner</dt><dd>${app.owner.email}</dd>
<dt>Created</dt><dd>${ago(app.created_at, now)}</dd>
</dl>`;
}
