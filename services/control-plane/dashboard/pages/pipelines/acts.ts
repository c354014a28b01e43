import { notFound } from "../../../api/errors.ts";
import { field } from "../../../web/form.ts";
import { html } from "../../../web/html.ts";
import type { MemberRoute, MemberVisit } from "../../../web/visit.ts";
import type { ApiCoupling, ApiPipeline } from "../../answers.ts";
import { path } from "../../api.ts";
import type { Context } from "../../context.ts";
import { nextStage, pipelinePath } from "./paths.ts";

/** What is done on the pages of pipelines. */
export function pipelineActs(context: Context): MemberRoute[] {
  const { acts } = context;
  return [
    acts.route("/pipelines", (visit) => {
      const name = field(visit.form, "name");
      return {
        title: `Create the pipeline ${name}`,
        app: undefined,
        order: { method: "POST", path: "/pipelines", body: { name } },
        atOnce: true,
        confirm: "Create pipeline",
        back: "/pipelines",
        next: (made) => pipelinePath((made as ApiPipeline).name),
        done: "The pipeline is made. Add apps to its stages.",
      };
    }),
    acts.route("/pipelines/:pipeline/add", (visit) => {
      const { pipeline = "" } = visit.params;
      const [app, stage] = [field(visit.form, "app"), field(visit.form, "stage")];
      return {
        title: `Add ${app} to ${pipeline}`,
        app,
        order: { method: "POST", path: "/pipeline-couplings", body: { app, pipeline, stage } },
        atOnce: true,
        confirm: "Add to pipeline",
        back: pipelinePath(pipeline),
        done: `${app} is in ${stage}.`,
      };
    }),
    acts.route("/pipelines/:pipeline/remove", async (visit) => {
      const { pipeline = "" } = visit.params;
      const { id, app } = await couplingOf(context, visit);
      return {
        title: `Remove ${app.name} from ${pipeline}`,
        app: app.name,
        order: { method: "DELETE", path: path`/pipeline-couplings/${id}` },
        atOnce: true,
        confirm: "Remove",
        back: pipelinePath(pipeline),
        done: `${app.name} is in the pipeline no more. The app itself stays.`,
      };
    }),
    acts.route("/pipelines/:pipeline/promote", (visit) => promote(context, visit)),
    acts.route("/pipelines/:pipeline/destroy", (visit) => {
      const { pipeline = "" } = visit.params;
      return {
        title: `Destroy the pipeline ${pipeline}`,
        app: undefined,
        order: { method: "DELETE", path: path`/pipelines/${pipeline}` },
        summary: html`<p>Its apps stay. Its config vars for review apps and test runs go.</p>`,
        confirm: "Destroy the pipeline",
        danger: true,
        back: pipelinePath(pipeline),
        next: () => "/pipelines",
        done: `${pipeline} is gone. Its apps are not.`,
      };
    }),
  ];
}

/** To every app of the next stage, as the official command line does it. */
async function promote({ api }: Context, visit: MemberVisit) {
  const { pipeline = "" } = visit.params;
  const [name, release] = [field(visit.form, "app"), field(visit.form, "release")];
  const couplings = await api.get<ApiCoupling[]>(visit, path`/pipelines/${pipeline}/pipeline-couplings`);
  const source = couplings.find(({ app }) => app.name === name);
  if (source === undefined) throw notFound("app");
  const next = nextStage(source.stage)?.[0];
  const targets = couplings.filter(({ stage }) => stage === next);
  const names = targets.map(({ app }) => app.name).join(", ");
  return {
    title: `Promote ${name} to ${names}`,
    app: targets[0]?.app.name,
    order: {
      method: "POST",
      path: "/pipeline-promotions",
      body: {
        pipeline: { id: source.pipeline.id },
        source: { app: { id: source.app.id }, ...(release !== "" && { release: { id: release } }) },
        targets: targets.map(({ app: { id } }) => ({ app: { id } })),
      },
    } as const,
    summary: html`<p>The same image runs there; nothing is built. Config vars, add-ons and the number of dynos stay.</p>`,
    confirm: "Promote",
    back: pipelinePath(pipeline),
    done: `${name} was promoted to ${names}.`,
  };
}

async function couplingOf({ api }: Context, visit: MemberVisit): Promise<ApiCoupling> {
  return api.get<ApiCoupling>(visit, path`/apps/${field(visit.form, "app")}/pipeline-couplings`);
}
