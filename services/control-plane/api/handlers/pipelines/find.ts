import type { DeclaredApp } from "../../../apps/ports.ts";
import { ownedAs } from "../../../pipelines/owned-as.ts";
import { type Coupling, type DeclaredPipeline, STAGES } from "../../../pipelines/ports.ts";
import type { Call } from "../../call.ts";
import type { Desk } from "../../desk.ts";
import { DryRun } from "../../dry-run.ts";
import { ApiError, notFound } from "../../errors.ts";

/** `see`: whoever may use one of its apps. `own`: its owner, and admins. */
type PipelineRight = "see" | "own";

/** An app's place, and the app. */
export interface CoupledApp extends Coupling {
  readonly declared: DeclaredApp;
}

/** The pipelines that the caller may see. */
export async function pipelinesOf(desk: Desk, call: Call): Promise<readonly DeclaredPipeline[]> {
  const [all, apps] = [await desk.ports.pipelines.list(), await desk.apps(call)];
  const usable = new Set(apps.map(({ stack }) => stack));
  return all.filter((pipeline) => owns(desk, call, pipeline) || stacksOf(pipeline).some((app) => usable.has(app)));
}

/**
 * The pipeline whose name or id stands in the path as `:pipeline`.
 *
 * @throws ApiError 404 when there is none, or none for the caller; 403 when the caller may see it and no more
 */
export async function pipelineOf(desk: Desk, call: Call, right: PipelineRight = "see"): Promise<DeclaredPipeline> {
  return pipelineNamed(desk, call, call.params.pipeline ?? "", right);
}

/** @param which a name or an id */
export async function pipelineNamed(
  desk: Desk,
  call: Call,
  which: string,
  right: PipelineRight = "see",
): Promise<DeclaredPipeline> {
  const seen = await pipelinesOf(desk, call);
  const found = seen.find(({ name }) => name === which) ?? seen.find((each) => pipelineId(desk, each) === which);
  if (found === undefined) throw notFound("pipeline");
  if (right === "own" && !owns(desk, call, found)) {
    throw new ApiError(403, "forbidden", `Only the owner of the pipeline ${found.name} may do that.`);
  }
  return found;
}

/** The apps of a pipeline that the caller may use. */
export async function coupledApps(desk: Desk, call: Call, pipeline: DeclaredPipeline): Promise<CoupledApp[]> {
  const apps = new Map((await desk.apps(call)).map((app) => [app.stack, app]));
  return STAGES.flatMap((stage) =>
    pipeline.stages[stage].flatMap((app) => {
      const declared = apps.get(app);
      return declared === undefined ? [] : [{ pipeline, app, stage, declared }];
    }),
  );
}

/** @param app its stack @throws ApiError 404 */
export async function couplingOf(desk: Desk, declared: DeclaredApp): Promise<CoupledApp> {
  const found = await desk.ports.pipelines.of(declared.stack);
  // Clients take "not found" for "none".
  if (found === undefined) throw notFound("pipeline_coupling");
  return { ...found, declared };
}

export function owns(desk: Desk, { caller }: Call, { id }: DeclaredPipeline): boolean {
  return caller.role === "admin" || ownerOf(desk, id).id === caller.id;
}

/** @param pipeline what stays when it is renamed */
export function ownerOf({ ports }: Desk, pipeline: string): { readonly id: string; readonly email: string } {
  return ports.accounts.owner(ownedAs(pipeline));
}

export function pipelineId(desk: Desk, { id }: Pick<DeclaredPipeline, "id">): string {
  return desk.id("pipeline", id);
}

/** Ends a call that only asks what would happen. */
export function onlyPlannedFor({ name }: Pick<DeclaredPipeline, "name">, call: Call, description: string): void {
  if (call.dryRun) throw new DryRun(name, description);
}

function stacksOf({ stages }: DeclaredPipeline): string[] {
  return STAGES.flatMap((stage) => stages[stage]);
}
