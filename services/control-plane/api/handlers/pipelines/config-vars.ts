import type { ConfigStage, DeclaredPipeline } from "../../../pipelines/ports.ts";
import type { Answer, Call } from "../../call.ts";
import type { Desk } from "../../desk.ts";
import { invalid } from "../../errors.ts";
import type { Route } from "../../routes.ts";
import { onlyPlannedFor, pipelineOf } from "./find.ts";
import { act } from "./pipelines.ts";

const PATH = "/pipelines/:pipeline/stage/:stage/config-vars";

/** Config vars of what a pipeline makes: `review` of its review apps, `test` of its test runs. */
export function pipelineConfigVarRoutes(desk: Desk): Route[] {
  return [
    ["GET", PATH, (call) => show(desk, call)],
    ["PATCH", PATH, (call) => change(desk, call)],
  ];
}

async function show(desk: Desk, call: Call): Promise<Answer> {
  const { pipeline, stage } = await find(desk, call);
  return { body: await desk.ports.pipelines.config(pipeline, stage) };
}

async function change(desk: Desk, call: Call): Promise<Answer> {
  const { pipeline, stage } = await find(desk, call);
  const changes: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(call.body)) {
    if (value !== null && typeof value !== "string")
      throw invalid(name, `${name} must be a text, or null to remove it.`);
    changes[name] = value;
  }
  const description = `Change ${Object.keys(changes).sort().join(", ")} of the ${stage} config vars of ${pipeline.name}`;
  onlyPlannedFor(pipeline, call, description);
  return { body: await desk.ports.pipelines.setConfig(pipeline, stage, changes, act(call, description)) };
}

/** Only whom it belongs to: they are secrets, and no app's. */
async function find(desk: Desk, call: Call): Promise<{ pipeline: DeclaredPipeline; stage: ConfigStage }> {
  const pipeline = await pipelineOf(desk, call, "own");
  const { stage } = call.params;
  if (stage === "review" || stage === "test") return { pipeline, stage };
  throw invalid("stage", "Only the stages review and test have config vars; those of an app are its own.");
}
