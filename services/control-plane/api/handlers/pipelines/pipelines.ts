import { isRecord } from "../../../../../lib/validation/readers.ts";
import { ownedAs } from "../../../pipelines/owned-as.ts";
import type { Act } from "../../../types.ts";
import { type Answer, type Call, requiredText } from "../../call.ts";
import type { Desk } from "../../desk.ts";
import { DryRun } from "../../dry-run.ts";
import { ApiError, invalid } from "../../errors.ts";
import type { Route } from "../../routes.ts";
import { coupledApps, onlyPlannedFor, ownerOf, pipelineId, pipelineNamed, pipelineOf, pipelinesOf } from "./find.ts";
import { showPipeline } from "./show.ts";

/** Apps in stages: what Heroku calls pipelines. */
export function pipelineRoutes(desk: Desk): Route[] {
  return [
    ["GET", "/pipelines", (call) => list(desk, call)],
    ["POST", "/pipelines", (call) => create(desk, call)],
    ["GET", "/pipelines/:pipeline", async (call) => ({ body: showPipeline(desk, await pipelineOf(desk, call)) })],
    ["PATCH", "/pipelines/:pipeline", (call) => rename(desk, call)],
    ["DELETE", "/pipelines/:pipeline", (call) => destroy(desk, call)],
    ["POST", "/pipeline-transfers", (call) => transfer(desk, call)],
  ];
}

async function list(desk: Desk, call: Call): Promise<Answer> {
  const name = call.query.get("eq[name]");
  const found = (await pipelinesOf(desk, call)).filter((each) => name === null || each.name === name);
  return { body: found.map((each) => showPipeline(desk, each)) };
}

async function create(desk: Desk, call: Call): Promise<Answer> {
  const name = requiredText(call, "name");
  const { owner } = call.body;
  if (isRecord(owner) && owner.type !== undefined && owner.type !== "user")
    throw invalid("owner", "There is no team here.");
  if (isRecord(owner) && owner.id !== undefined && owner.id !== call.caller.id && call.caller.role !== "admin") {
    throw invalid("owner", "A pipeline is made for oneself. Transfer it afterwards.");
  }
  const description = `Create the pipeline ${name}`;
  if (call.dryRun) throw new DryRun(name, description);
  const wanted = isRecord(owner) && typeof owner.id === "string" ? owner.id : call.caller.id;
  const account = wanted === call.caller.id ? wanted : desk.ports.accounts.users.find(wanted)?.id;
  if (account === undefined) throw invalid("owner", "There is no such user here.");
  const made = await desk.ports.pipelines.create(name, act(call, description), account);
  return { status: 201, body: showPipeline(desk, made) };
}

async function rename(desk: Desk, call: Call): Promise<Answer> {
  const pipeline = await pipelineOf(desk, call, "own");
  const name = requiredText(call, "name");
  if (name === pipeline.name) return { body: showPipeline(desk, pipeline) };
  const description = `Rename the pipeline ${pipeline.name} to ${name}`;
  onlyPlannedFor(pipeline, call, description);
  return { body: showPipeline(desk, await desk.ports.pipelines.rename(pipeline, name, act(call, description))) };
}

async function destroy(desk: Desk, call: Call): Promise<Answer> {
  const pipeline = await pipelineOf(desk, call, "own");
  const body = showPipeline(desk, pipeline);
  const description = `Destroy the pipeline ${pipeline.name}`;
  onlyPlannedFor(pipeline, call, description);
  const { pipelines, reviews } = desk.ports;
  await reviews.removeAll(pipeline, "its pipeline was destroyed", () =>
    pipelines.destroy(pipeline, act(call, description)),
  );
  return { body };
}

/** Gives a pipeline to another user, with those of its apps that belonged to its owner. */
async function transfer(desk: Desk, call: Call): Promise<Answer> {
  const { pipeline: which, new_owner: to } = call.body;
  if (!isRecord(which) || typeof which.id !== "string") throw invalid("pipeline", "pipeline.id is required.");
  if (!isRecord(to) || typeof to.id !== "string") throw invalid("new_owner", "new_owner.id is required.");
  if (to.type !== undefined && to.type !== "user") throw invalid("new_owner", "There is no team here.");
  const pipeline = await pipelineNamed(desk, call, which.id, "own");
  const { accounts } = desk.ports;
  const user = accounts.users.find(to.id);
  if (user === undefined) throw new ApiError(404, "not_found", "There is no such user here.", { resource: "user" });
  const before = ownerOf(desk, pipeline.id);
  onlyPlannedFor(pipeline, call, `Transfer the pipeline ${pipeline.name} to ${user.email}`);
  for (const { declared } of await coupledApps(desk, call, pipeline)) {
    if (accounts.owner(declared.id).id !== before.id) continue;
    await desk.act(call, declared, `Transfer to ${user.email}`, async () => accounts.access.give(declared.id, user.id));
    desk.say(declared, `Transfer to ${user.email} by user ${call.caller.email}`);
  }
  accounts.access.give(ownedAs(pipeline.id), user.id);
  return {
    status: 201,
    body: {
      pipeline: { id: pipelineId(desk, pipeline) },
      new_owner: { id: user.id, type: "user" },
      previous_owner: { id: before.id, type: "user" },
    },
  };
}

export function act({ caller }: Call, description: string): Act {
  return { user: caller.email, description };
}
