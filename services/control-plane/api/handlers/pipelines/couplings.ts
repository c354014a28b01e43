import { isRecord } from "../../../../../lib/validation/readers.ts";
import { type Answer, type Call, requiredText } from "../../call.ts";
import type { Desk } from "../../desk.ts";
import { ApiError, invalid, notFound } from "../../errors.ts";
import type { Route } from "../../routes.ts";
import { showApp } from "../apps.ts";
import {
  type CoupledApp,
  coupledApps,
  couplingOf,
  onlyPlannedFor,
  owns,
  pipelineNamed,
  pipelineOf,
  pipelinesOf,
} from "./find.ts";
import { act } from "./pipelines.ts";
import { couplingId, showCoupling } from "./show.ts";
import { stageOf } from "./stage.ts";

/** Which app is in which stage of a pipeline. */
export function pipelineCouplingRoutes(desk: Desk): Route[] {
  const one = "/pipeline-couplings/:coupling";
  const all = async (call: Call) => ({ body: (await visible(desk, call)).map((each) => showCoupling(desk, each)) });
  return [
    ["GET", "/pipeline-couplings", all],
    ["GET", "/users/:user/pipeline-couplings", all],
    ["POST", "/pipeline-couplings", (call) => create(desk, call)],
    ["GET", one, async (call) => ({ body: showCoupling(desk, await find(desk, call)) })],
    ["PATCH", one, (call) => move(desk, call)],
    ["DELETE", one, (call) => remove(desk, call)],
    [
      "GET",
      "/pipelines/:pipeline/pipeline-couplings",
      async (call) => {
        const couplings = await coupledApps(desk, call, await pipelineOf(desk, call));
        return { body: couplings.map((each) => showCoupling(desk, each)) };
      },
    ],
    [
      "GET",
      "/apps/:app/pipeline-couplings",
      async (call) => ({ body: showCoupling(desk, await couplingOf(desk, await desk.app(call))) }),
    ],
    ["POST", "/filters/apps", (call) => filter(desk, call)],
  ];
}

async function visible(desk: Desk, call: Call): Promise<CoupledApp[]> {
  const pipelines = await pipelinesOf(desk, call);
  return (await Promise.all(pipelines.map((each) => coupledApps(desk, call, each)))).flat();
}

async function find(desk: Desk, call: Call): Promise<CoupledApp> {
  const found = (await visible(desk, call)).find((each) => couplingId(desk, each) === call.params.coupling);
  if (found === undefined) throw notFound("pipeline_coupling");
  return found;
}

async function create(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.appNamed(call, requiredText(call, "app"));
  const pipeline = await pipelineNamed(desk, call, requiredText(call, "pipeline"), "own");
  const stage = stageOf(call.body.stage);
  const present = await desk.ports.pipelines.of(app.stack);
  if (present !== undefined) {
    // Whose it is otherwise is nobody's business.
    const seen = (await pipelinesOf(desk, call)).some(({ stack }) => stack === present.pipeline.stack);
    throw invalid("app", `${app.name} is in ${seen ? `the pipeline ${present.pipeline.name}` : "a pipeline"} already.`);
  }
  const description = `Add ${app.name} to the pipeline ${pipeline.name} as ${stage}`;
  onlyPlannedFor(pipeline, call, description);
  const made = await desk.ports.pipelines.couple(pipeline, app.stack, stage, act(call, description));
  return { status: 201, body: showCoupling(desk, { ...made, declared: app }) };
}

async function move(desk: Desk, call: Call): Promise<Answer> {
  const coupling = await find(desk, call);
  const { pipeline, declared } = coupling;
  await pipelineNamed(desk, call, pipeline.name, "own");
  const stage = stageOf(call.body.stage);
  if (stage === coupling.stage) return { body: showCoupling(desk, coupling) };
  const description = `Move ${declared.name} to ${stage} in the pipeline ${pipeline.name}`;
  onlyPlannedFor(pipeline, call, description);
  const made = await desk.ports.pipelines.couple(pipeline, declared.stack, stage, act(call, description));
  return { body: showCoupling(desk, { ...made, declared }) };
}

async function remove(desk: Desk, call: Call): Promise<Answer> {
  const coupling = await find(desk, call);
  const { pipeline, declared } = coupling;
  // Whoever owns an app may take it away too.
  if (!owns(desk, call, pipeline) && !desk.ports.accounts.may(call.caller, declared.id, "own")) {
    throw new ApiError(403, "forbidden", `Only the owners of ${pipeline.name} and of ${declared.name} may do that.`);
  }
  const description = `Remove ${declared.name} from the pipeline ${pipeline.name}`;
  onlyPlannedFor(pipeline, call, description);
  await desk.ports.pipelines.uncouple(coupling, act(call, description));
  return { body: showCoupling(desk, coupling) };
}

/** The apps of these ids that the caller may use. */
async function filter(desk: Desk, call: Call): Promise<Answer> {
  const within = call.body.in;
  const ids = isRecord(within) ? within.id : undefined;
  if (!Array.isArray(ids)) throw invalid("in", "in.id must be a list of ids.");
  const wanted = new Set(ids);
  const found = (await desk.apps(call)).filter((app) => wanted.has(desk.appId(app)));
  return { body: found.map((app) => showApp(desk, call, app)) };
}
