import { KEY } from "../../model/stack/keys.ts";
import { findProject, readStackFiles } from "../../model/stack/project.ts";
import type { Engine, Outcome } from "../stacks/engine.ts";
import { initStack, newKey } from "../stacks/new-stack.ts";
import type { RunRequest } from "./run.ts";

/** Makes the stack whose file lies there, and brings it up. */
export async function create(engine: Engine, { project, stack, args }: RunRequest): Promise<Outcome> {
  await initStack(engine, stack);
  const file = (await readStackFiles(await findProject(project))).find((each) => each.stack === stack);
  if (file?.kind === "app" && !(KEY in file.config)) await engine.setSecret(stack, KEY, newKey());
  return engine.up(stack, args);
}
