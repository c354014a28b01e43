import { dockerClient } from "../../provider/docker/client.ts";
import type { Engine, Outcome } from "../stacks/engine.ts";
import { initStack, isUnknownStack, KEY, newKey, removeStack } from "../stacks/new-stack.ts";
import { findProject, readStackFiles } from "../stacks/project.ts";
import { removeTraces } from "./leaving.ts";
import { previewCreate } from "./preview-create.ts";
import type { RunRequest } from "./run.ts";

const NOTHING: Outcome = { changes: {}, steps: [], outputs: {} };

/** Does what a run was started for; may be done again after it was interrupted. */
export async function perform(engine: Engine, request: RunRequest): Promise<Outcome> {
  const { verb, stack, args, project, settings } = request;
  const file = settings === undefined ? [] : ["--config-file", settings];
  switch (verb) {
    case "up":
      return engine.up(stack, args);
    case "create":
      return create(engine, project, stack, args);
    case "destroy":
      return destroy(engine, request);
    case "preview-up":
      return engine.preview(stack, [...args, ...file]);
    case "preview-create":
      return previewCreate(engine, request);
    case "preview-destroy":
      return engine.previewDestroy(stack, args);
  }
}

async function create(engine: Engine, project: string, stack: string, args: readonly string[]): Promise<Outcome> {
  await initStack(engine, stack);
  const file = (await readStackFiles(await findProject(project))).find((each) => each.stack === stack);
  if (file !== undefined && !(KEY in file.config)) await engine.setSecret(stack, KEY, newKey());
  return engine.up(stack, args);
}

async function destroy(engine: Engine, { stack, args, leaving }: RunRequest): Promise<Outcome> {
  const outcome = await engine.destroy(stack, args).catch((error: unknown) => {
    // Half undone already.
    if (isUnknownStack(error)) return NOTHING;
    throw error;
  });
  await removeStack(engine, stack);
  if (leaving !== undefined) await removeTraces(dockerClient(), leaving);
  return outcome;
}
