import { type Html, html } from "../../../web/html.ts";
import { form } from "../../../web/layout.ts";
import type { MemberRoute, MemberVisit } from "../../../web/visit.ts";
import type { ApiCoupling, ApiPipeline } from "../../answers.ts";
import type { Context } from "../../context.ts";
import { count } from "../../format.ts";
import { pipelineActs } from "./acts.ts";
import { pipelinePage } from "./page.ts";
import { pipelinePath } from "./paths.ts";

export function pipelinePages(context: Context): MemberRoute[] {
  return [
    ["GET", "/pipelines", async (visit) => ({ document: await list(context, visit) })],
    ["GET", "/pipelines/:pipeline", async (visit) => ({ document: await pipelinePage(context, visit) })],
    ...pipelineActs(context),
  ];
}

async function list({ api, frames }: Context, visit: MemberVisit): Promise<Html> {
  const [pipelines, couplings] = await Promise.all([
    api.get<ApiPipeline[]>(visit, "/pipelines"),
    api.get<ApiCoupling[]>(visit, "/pipeline-couplings"),
  ]);
  const rows = pipelines
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ id, name }) => {
      const apps = couplings.filter(({ pipeline }) => pipeline.id === id).length;
      return html`<li><div class="grow"><a class="title" href="${pipelinePath(name)}">${name}</a></div><span class="soft small">${count(apps, "app")}</span></li>`;
    });
  const main = html`<div class="head"><h1>Pipelines</h1></div>
<section class="card">${
    rows.length > 0
      ? html`<ul class="rows">${rows}</ul>`
      : html`<p class="soft">None yet. A pipeline puts apps in stages, and promotes what runs in one to the next.</p>`
  }</section>
<section class="card"><header><h2>Create New Pipeline</h2></header>
${form(
  visit,
  { action: "/pipelines", class: "line gap" },
  html`<div class="field"><label for="name">Pipeline name</label><input id="name" name="name" required maxlength="30" autocomplete="off" autocapitalize="none" spellcheck="false"></div><button>Create pipeline</button>`,
)}</section>`;
  return frames.plain(visit, { title: "Pipelines", section: "pipelines", main });
}
