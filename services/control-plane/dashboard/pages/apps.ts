import { type Html, html } from "../../web/html.ts";
import { ICONS } from "../../web/icons.ts";
import type { MemberRoute, MemberVisit } from "../../web/visit.ts";
import type { ApiApp, ApiRelease } from "../answers.ts";
import { path } from "../api.ts";
import { type AppState, badge } from "../app-states.ts";
import type { Context } from "../context.ts";
import { ago, count } from "../format.ts";
import { appPath } from "../frames.ts";
import type { LastRelease } from "../last-releases.ts";

/** Apps on one page. */
const SHOWN = 50;
/** With fewer, nobody needs to search. */
const SEARCHED = 8;

export function appsPages(context: Context): MemberRoute[] {
  return [
    ["GET", "/", () => ({ redirect: "/apps" })],
    ["GET", "/apps", async (visit) => ({ document: await list(context, visit) })],
  ];
}

async function list(context: Context, visit: MemberVisit): Promise<Html> {
  const { api, frames, ports } = context;
  const [all, states] = await Promise.all([
    api.get<ApiApp[]>(visit, "/apps"),
    ports.states().catch(() => new Map<string, AppState>()),
  ]);
  const wanted = visit.query.get("q")?.trim().toLowerCase() ?? "";
  const found = all.filter(({ name }) => name.includes(wanted)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const pages = Math.max(1, Math.ceil(found.length / SHOWN));
  const number = Math.min(pages, Math.max(1, Number(visit.query.get("page")) || 1));
  const shown = found.slice((number - 1) * SHOWN, number * SHOWN);
  const releases = await Promise.all(
    shown.map(({ name }) => ports.releases.of(name, () => readLastRelease(context, visit, name))),
  );
  const rows = shown.map((app, index) => row(app, states.get(app.name), releases[index], ports.clock()));
  const main = html`<div class="head"><h1>Apps</h1><a class="button" href="/new">${ICONS.plus}Create New App</a></div>
${all.length > SEARCHED && search(wanted, found.length)}
${all.length === 0 ? none() : html`<ul class="card apps">${rows}</ul>`}
${pages > 1 && turn(number, pages, wanted)}`;
  return frames.plain(visit, { title: "Apps", main });
}

function row(app: ApiApp, state: AppState | undefined, release: LastRelease | undefined, now: number): Html {
  return html`<li><div><a class="name" href="${appPath(app.name)}">${app.name}</a><a class="url" href="${app.web_url}" rel="noreferrer">${shownUrl(app.web_url)}</a></div>
<div>${badge(state, app.maintenance)}</div>
<div class="last small soft">${release === undefined ? "No release known" : html`v${release.version} · ${release.description}<br>${ago(release.createdAt, now)} by ${release.user}`}</div></li>`;
}

function shownUrl(url: string): string {
  return url.replace(/^https?:\/\//, "").replace(/\/$/, "");
}

function none(): Html {
  return html`<div class="card empty"><h2>No apps yet</h2><p>An app has a name and an address. What it runs, you push.</p><p><a class="button" href="/new">${ICONS.plus}Create New App</a></p></div>`;
}

function search(wanted: string, found: number): Html {
  return html`<form class="search" role="search"><label class="hidden" for="q">Search apps by name</label><input class="search-for" id="q" name="q" type="search" value="${wanted}" placeholder="Search apps by name"><button class="second">${ICONS.search}Search</button>${wanted !== "" && html`<span class="soft small">${count(found, "app")}</span>`}</form>`;
}

function turn(number: number, pages: number, wanted: string): Html {
  const link = (to: number, text: string) =>
    to >= 1 &&
    to <= pages &&
    html`<a class="button second small" href="/apps?${new URLSearchParams({ q: wanted, page: String(to) }).toString()}">${text}</a>`;
  return html`<nav class="actions" aria-label="Pages">${link(number - 1, "Previous")}<span class="soft">Page ${number} of ${pages}</span>${link(number + 1, "Next")}</nav>`;
}

/** Reads an app's last release for those who list it. */
async function readLastRelease({ api }: Context, visit: MemberVisit, app: string): Promise<LastRelease | undefined> {
  const releases = await api.get<ApiRelease[]>(visit, path`/apps/${app}/releases`);
  return lastOf(releases);
}

export function lastOf(releases: readonly ApiRelease[]): LastRelease | undefined {
  const current = releases.find((release) => release.current) ?? releases.at(-1);
  if (current === undefined) return undefined;
  const { version, description, user, created_at: createdAt } = current;
  return { version, description, user: user.email, createdAt };
}
