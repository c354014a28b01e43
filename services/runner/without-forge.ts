import { UserError } from "../../lib/errors.ts";
import type { Engine, Outcome } from "../stacks/engine.ts";
import { leftAtForge } from "../stacks/link.ts";
import { pulumiReason } from "../stacks/reasons.ts";
import type { RunRequest } from "./run.ts";

/**
 * Makes a run of a link's stack that takes something away, which must be possible while its forge refuses every call: what
 * the forge would have to do is then left to the user, in a warning of one line.
 *
 * @param run what is tried first
 */
export async function withoutForge(
  engine: Engine,
  { stack, verb }: Pick<RunRequest, "stack" | "verb">,
  run: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof UserError) || pulumiReason(error) === "locked") throw error;
    const [line = ""] = error.message.split("\n", 1);
    const reason = line.replace(/\.$/, "");
    if (verb !== "destroy") return told(`${stack} could not be brought up, and what its file says holds: ${reason}.`);
    const left = leftAtForge(stack, await engine.resources(stack));
    await engine.remove(stack, { force: true });
    return left === undefined ? told() : told(`${left}. It could not be removed: ${reason}.`);
  }
}

function told(...warnings: readonly string[]): Outcome {
  return { changes: {}, steps: [], outputs: {}, warnings };
}
