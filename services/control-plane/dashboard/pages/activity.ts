import { notFound } from "../../api/errors.ts";
import { type Html, html } from "../../web/html.ts";
import { notice } from "../../web/layout.ts";
import type { MemberRoute } from "../../web/visit.ts";
import type { ApiRelease } from "../answers.ts";
import { path } from "../api.ts";
import { type AppVisit, appPage, type Context } from "../context.ts";
import { ago, duration, exact } from "../format.ts";
import { appPath } from "../frames.ts";
import { lastOf } from "./apps.ts";
import { timeline, timelineRow } from "./timeline.ts";

export function activityPages(context: Context): MemberRoute[] {
  return [
    appPage(context, "/apps/:app/activity", "activity", (found) => activity(context, found)),
    appPage(context, "/apps/:app/activity/:activity", "activity", (found) => one(context, found)),
  ];
}

async function activity({ api, ports }: Context, { visit, app }: AppVisit): Promise<Html> {
  const releases = await api.get<ApiRelease[]>(visit, path`/apps/${app.name}/releases`);
  ports.releases.note(app.name, lastOf(releases));
  const entries = timeline(releases, ports.activity(app.name, 200));
  const running = entries.some((entry) => "activity" in entry && entry.activity.result === "running");
  const now = ports.clock();
  return html`${running && notice("info", html`Something is being done to this app at the moment. <a href="${appPath(app.name, "activity")}">Look again</a>`)}
<section class="card"><header><h2>Activity</h2><span class="soft small">Releases, and what was done without one</span></header>
${entries.length === 0 ? html`<p class="soft">Nothing has happened yet.</p>` : html`<ul class="rows">${entries.map((entry) => timelineRow(app.name, entry, now))}</ul>`}</section>`;
}

/** One that made no release, with all that is known of it. */
function one({ ports }: Context, { visit, app }: AppVisit): Html {
  const found = ports.activity(app.name, 500).find(({ id }) => String(id) === visit.params.activity);
  if (found === undefined) throw notFound("activity");
  const { description, user, startedAt, endedAt, result, message, log } = found;
  return html`<section class="card"><p class="crumb"><a href="${appPath(app.name, "activity")}">Activity</a> <span class="soft">/</span></p><h2>${description}</h2>
<p class="soft small">${user} · <time datetime="${new Date(startedAt).toISOString()}">${exact(new Date(startedAt))}</time>, ${ago(startedAt, ports.clock())}${endedAt !== undefined && ` · took ${duration(endedAt - startedAt)}`}</p>
<div class="gap">${result === "failed" && notice("error", html`<p>It failed, and everything was put back as it was.</p>${message !== undefined && html`<pre class="said">${message}</pre>`}`)}${result === "running" && notice("info", "It is still going on.")}${result === "succeeded" && notice("done", "It was done.")}</div>
${log !== undefined && log.trim() !== "" && html`<h3>Log</h3><pre class="log short" tabindex="0">${log.trim()}</pre>`}</section>`;
}
