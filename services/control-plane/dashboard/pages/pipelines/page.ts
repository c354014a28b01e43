import { type Html, html } from "../../../web/html.ts";
import { form } from "../../../web/layout.ts";
import type { MemberVisit } from "../../../web/visit.ts";
import type { ApiApp, ApiCoupling, ApiPipeline, ApiPipelineRepository, ApiRelease } from "../../answers.ts";
import { path } from "../../api.ts";
import { type AppState, badge } from "../../app-states.ts";
import type { Context } from "../../context.ts";
import { ago } from "../../format.ts";
import { appPath } from "../../frames.ts";
import { nextStage, pipelinePath, STAGES, type StageId } from "./paths.ts";

/** Releases that may be chosen to be promoted. */
const CHOICE = 10;

/** What of an app stands in its stage. */
interface Staged {
  readonly name: string;
  readonly stage: StageId;
  readonly state: AppState | undefined;
  /** Those with code, the newest first. */
  readonly releases: readonly ApiRelease[];
}

/** A pipeline: its stages in columns, and what runs in each. */
export async function pipelinePage(context: Context, visit: MemberVisit): Promise<Html> {
  const { api, frames, ports } = context;
  const { pipeline: which = "" } = visit.params;
  const pipeline = await api.get<ApiPipeline>(visit, path`/pipelines/${which}`);
  const [couplings, apps, repository, states] = await Promise.all([
    api.get<ApiCoupling[]>(visit, path`/pipelines/${which}/pipeline-couplings`),
    api.get<ApiApp[]>(visit, "/apps"),
    api.find<ApiPipelineRepository>(visit, path`/pipelines/${which}/repo`).catch(() => undefined),
    ports.states().catch(() => new Map<string, AppState>()),
  ]);
  const staged = await Promise.all(
    couplings.map(async ({ app: { name }, stage }): Promise<Staged> => {
      const releases = (await api.find<ApiRelease[]>(visit, path`/apps/${name}/releases`)) ?? [];
      const deployed = releases.filter(({ slug }) => slug !== null).toSorted((a, b) => b.version - a.version);
      return { name, stage, state: states.get(name), releases: deployed };
    }),
  );
  const taken = new Set(staged.map(({ name }) => name));
  const free = apps.filter(({ name }) => !taken.has(name)).map(({ name }) => name);
  const main = html`<div class="head"><div><p class="crumb"><a href="/pipelines">Pipelines</a> <span class="soft">/</span></p><h1>${pipeline.name}</h1></div></div>
<p class="soft">${repository === undefined ? "Connected to no repository." : html`Connected to ${repository.full_name} at GitHub.`}</p>
<div class="stages">${STAGES.map(([id, name]) => column(visit, pipeline.name, id, name, staged, ports.clock()))}</div>
${adding(visit, pipeline.name, free)}
${destroying(visit, pipeline.name)}`;
  return frames.plain(visit, { title: pipeline.name, section: "pipelines", main });
}

function column(
  visit: MemberVisit,
  pipeline: string,
  stage: StageId,
  name: string,
  all: readonly Staged[],
  now: number,
): Html {
  const apps = all.filter((each) => each.stage === stage).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const next = nextStage(stage);
  const targets = next === undefined ? [] : all.filter((each) => each.stage === next[0]);
  return html`<section aria-labelledby="stage-${stage}"><h2 id="stage-${stage}">${name}</h2>
${apps.length === 0 && html`<p class="soft small">No app</p>`}
${apps.map((app) => card(visit, pipeline, app, targets.length > 0 ? next?.[1] : undefined, now))}</section>`;
}

function card(visit: MemberVisit, pipeline: string, app: Staged, next: string | undefined, now: number): Html {
  const { name, state, releases } = app;
  const [last] = releases;
  return html`<article class="card" id="app-${name}">
<header><h3><a href="${appPath(name)}">${name}</a></h3>${badge(state, false)}</header>
${
  last === undefined
    ? html`<p class="soft small">Nothing is deployed yet.</p>`
    : html`<p class="small">v${last.version} · ${last.description}<br><span class="soft">${ago(last.created_at, now)} by ${last.user.email}</span></p>`
}
${next !== undefined && last !== undefined && promoting(visit, pipeline, app, next)}
${form(visit, { action: `${pipelinePath(pipeline)}/remove` }, html`<input type="hidden" name="app" value="${name}"><button class="plain small">Remove<span class="hidden"> ${name}</span></button>`)}
</article>`;
}

function promoting(visit: MemberVisit, pipeline: string, { name, releases }: Staged, next: string): Html {
  const options = releases
    .slice(0, CHOICE)
    .map(({ id, version, description }) => html`<option value="${id}">v${version} · ${description}</option>`);
  return form(
    visit,
    { action: `${pipelinePath(pipeline)}/promote` },
    html`<input type="hidden" name="app" value="${name}">
${releases.length > 1 && html`<div class="field"><label class="small" for="release-${name}">Release</label><select id="release-${name}" name="release">${options}</select></div>`}
<div class="actions"><button>Promote to ${next.toLowerCase()}…</button></div>`,
  );
}

function adding(visit: MemberVisit, pipeline: string, free: readonly string[]): Html | undefined {
  if (free.length === 0) return undefined;
  return html`<section class="card" id="add"><header><h2>Add an app</h2></header>
${form(
  visit,
  { action: `${pipelinePath(pipeline)}/add`, class: "line gap" },
  html`<div class="field"><label for="app">App</label><select id="app" name="app">${free.toSorted().map((name) => html`<option>${name}</option>`)}</select></div>
<div class="field"><label for="stage">Stage</label><select id="stage" name="stage">${STAGES.map(([id, name]) => html`<option value="${id}">${name}</option>`)}</select></div>
<button class="second">Add to pipeline</button>`,
)}</section>`;
}

function destroying(visit: MemberVisit, pipeline: string): Html {
  return html`<section class="card" id="destroy"><header><h2>Destroy the pipeline</h2>${form(visit, { action: `${pipelinePath(pipeline)}/destroy` }, html`<button class="second small danger">Destroy…</button>`)}</header>
<p class="soft">Its apps stay.</p></section>`;
}
