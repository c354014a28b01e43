import { hostname } from "node:os";
import { StackLockedError } from "../../engine/src/state/errors.ts";
import { type HeldLock, lockStack } from "../../engine/src/state/lock.ts";
import { UserError } from "../../lib/errors.ts";
import type { Project } from "../../model/stack/project.ts";
import { backendOf } from "./backend.ts";

/** Stands for all stacks of a project among the locks of a backend. No stack file can have this name. */
const ALL = "dynoform.all-stacks";

/**
 * The turn of one that brings up a project's stacks one after the other, which the engine's locks, each of one stack, do
 * not give. Kept where the states are, so that runners on other machines see it. Backends of the real CLI alone have none.
 *
 * @param who has it, for whoever is refused
 * @param notice told in one line when it is taken from a process that has ended
 * @throws UserError with who has it
 */
export async function takeProject(
  project: Project,
  who: string,
  notice: (line: string) => void,
): Promise<AsyncDisposable> {
  const backend = await backendOf(project.directory);
  if (backend === undefined) return { async [Symbol.asyncDispose]() {} };
  let held: HeldLock;
  try {
    held = await lockStack(backend, { project: project.name, stack: ALL }, notice, who);
  } catch (error) {
    const [holder] = error instanceof StackLockedError ? error.holders : [];
    if (holder === undefined) throw error;
    const { place, who: other, host, pid, since } = holder;
    const record = place.startsWith("file://") ? place.slice("file://".length) : `the record ${place}`;
    throw new UserError(
      `the stacks of ${project.name} are being brought up by ${other}@${host}, process ${pid}, since ${since}. Wait until that is done; if it is gone for good (this is ${hostname()}), remove ${record}.`,
    );
  }
  return { [Symbol.asyncDispose]: () => held.release() };
}
