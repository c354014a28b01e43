import { type Html, html } from "../../web/html.ts";
import { form } from "../../web/layout.ts";
import type { MemberRoute } from "../../web/visit.ts";
import type { ApiRelease } from "../answers.ts";
import { path } from "../api.ts";
import { type AppVisit, appPage, type Context } from "../context.ts";
import { ago, exact, shortCommit } from "../format.ts";
import { appPath } from "../frames.ts";

export function releasePages(context: Context): MemberRoute[] {
  const { acts } = context;
  return [
    appPage(context, "/apps/:app/releases/:release", "activity", (found) => release(context, found)),
    acts.route("/apps/:app/releases/:release/rollback", (visit) => {
      const { app = "", release: version = "" } = visit.params;
      return {
        title: `Roll ${app} back to v${version}`,
        app,
        order: { method: "POST", path: path`/apps/${app}/releases`, body: { release: version } },
        summary: html`<p>The code and the config vars of v${version} become a new release. Add-ons, their data and the number of dynos stay.</p>`,
        confirm: `Roll back to v${version}`,
        back: appPath(app, "activity"),
        done: `Rolled back to v${version}.`,
      };
    }),
  ];
}

async function release({ api, ports }: Context, { visit, app }: AppVisit): Promise<Html> {
  const base = path`/apps/${app.name}/releases`;
  const it = await api.get<ApiRelease>(visit, `${base}${path`/${visit.params.release ?? ""}`}`);
  const before = it.version > 1 ? await api.find<ApiRelease>(visit, `${base}/${it.version - 1}`) : undefined;
  const at = new Date(it.created_at);
  return html`<section class="card"><p class="crumb"><a href="${appPath(app.name, "activity")}">Activity</a> <span class="soft">/</span></p>
<header><h2>v${it.version} ${it.current && html`<span class="badge good">current</span>`}</h2>${
    it.eligible_for_rollback &&
    !it.current &&
    form(visit, { action: `${base}/${it.version}/rollback` }, html`<button class="second">Roll back to here…</button>`)
  }</header>
<p>${it.description}</p>
<p class="soft small">${it.user.email} · <time datetime="${it.created_at}">${exact(at)}</time>, ${ago(it.created_at, ports.clock())}</p>
<h3 class="gap">What changed${before !== undefined && ` since v${before.version}`}</h3>
${await changes(api, visit, base, it, before)}
${!it.eligible_for_rollback && html`<p class="soft small">It cannot be rolled back to: its source was not kept, or nothing was deployed in it.</p>`}</section>`;
}

async function changes(
  api: Context["api"],
  visit: AppVisit["visit"],
  base: string,
  it: ApiRelease,
  before: ApiRelease | undefined,
): Promise<Html> {
  const config = (of: ApiRelease | undefined) =>
    of === undefined ? {} : api.get<Record<string, string>>(visit, `${base}/${of.version}/config-vars`);
  const [now, then] = await Promise.all([config(it), config(before)]);
  const code = codeChange(it, before);
  const rows = [...(code === undefined ? [] : [code]), ...configChanges(then, now)];
  if (rows.length === 0)
    return html`<p class="soft">Neither code nor config vars; an add-on, or how the app is built.</p>`;
  return html`<ul class="changes">${rows.map((row) => html`<li>${row}</li>`)}</ul>`;
}

function codeChange(it: ApiRelease, before: ApiRelease | undefined): Html | undefined {
  const [now, then] = [it, before].map((release) => shortCommit(release?.slug?.commit));
  if (now === then || now === undefined) return undefined;
  return html`Code: ${then !== undefined && html`<code class="removed">${then}</code> → `}<code class="added">${now}</code>`;
}

/** Names only: values are shown where config vars are. */
function configChanges(then: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): Html[] {
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])].sort();
  return names.flatMap((name) => {
    if (then[name] === now[name]) return [];
    if (now[name] === undefined) return [html`<span class="removed">Removed</span> <code>${name}</code>`];
    return [html`<span class="added">${then[name] === undefined ? "Set" : "Changed"}</span> <code>${name}</code>`];
  });
}
