import { type Html, html } from "../../web/html.ts";
import { ICONS } from "../../web/icons.ts";
import { notice } from "../../web/layout.ts";
import type { MemberRoute, MemberVisit, Reply } from "../../web/visit.ts";
import type { ApiApp, ApiBuild } from "../answers.ts";
import { path } from "../api.ts";
import { appOf, type Context } from "../context.ts";
import { ago, shortCommit } from "../format.ts";
import { appPath } from "../frames.ts";

/** Seconds between two looks of a browser without scripts. */
const REFRESH_SECONDS = 2;

interface BuildResult {
  readonly lines: readonly { readonly line: string }[];
}

/** A deployment of a commit, with what it says as it says it. */
export function buildPages(context: Context): MemberRoute[] {
  return [["GET", "/apps/:app/builds/:build", (visit) => show(context, visit)]];
}

/** @param build its id */
export function buildPath(app: string, build: string): string {
  return path`/apps/${app}/builds/${build}`;
}

async function show(context: Context, visit: MemberVisit): Promise<Reply> {
  const { api, frames, ports } = context;
  const { app, state } = await appOf(context, visit);
  const place = buildPath(app.name, visit.params.build ?? "");
  // The build before its log, which is whole when the build has ended.
  const build = await api.get<ApiBuild>(visit, place);
  const { lines } = await api.get<BuildResult>(visit, `${place}/result`);
  const log = lines.map(({ line }) => line).join("");
  const main = card(app, build, log.trim(), ports.clock());
  const refresh = build.status === "pending" ? REFRESH_SECONDS : undefined;
  return { document: frames.app(visit, { app, state, tab: "deploy", main, ...(refresh && { refresh }) }) };
}

function card(app: ApiApp, build: ApiBuild, log: string, now: number): Html {
  const { status, user, created_at: begun, source_blob: source } = build;
  const pending = status === "pending";
  const what = shortCommit(source.version);
  return html`<section class="card"${pending && html` data-progress`}>
<p class="crumb"><a href="${appPath(app.name, "deploy")}">Deploy</a> <span class="soft">/</span></p>
<header><h2>Deploy ${what}</h2>${badge(status)}</header>
<p class="soft small">${user.email} · ${ago(begun, now)}</p>
${outcome(app, build)}
<h3 class="gap">Build log</h3>
${log === "" ? html`<p class="soft">Nothing was said yet.</p>` : html`<pre class="log short" tabindex="0" aria-label="Build log">${log}</pre>`}
${pending && html`<noscript><p class="soft small">This page looks again every ${REFRESH_SECONDS} seconds.</p></noscript>`}
</section>`;
}

function badge(status: ApiBuild["status"]): Html {
  if (status === "pending") return html`<span class="badge busy">building</span>`;
  return html`<span class="badge ${status === "succeeded" ? "good" : "bad"}">${status}</span>`;
}

function outcome(app: ApiApp, { status }: ApiBuild): Html | undefined {
  if (status === "failed")
    return notice("error", `It was not deployed. The log says why; ${app.name} runs what it ran before.`);
  if (status === "succeeded") {
    return html`${notice("done", "Your app was successfully deployed.")}
<div class="actions"><a class="button" href="${app.web_url}" rel="noreferrer">${ICONS.open}View</a></div>`;
  }
  return html`<p class="soft" role="status">It goes on if you leave this page.</p><progress class="gap" aria-label="Deploying"></progress>`;
}
