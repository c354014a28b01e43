import { dockerClient } from "../../provider/docker/client.ts";
import type { Engine, Outcome } from "../stacks/engine.ts";
import { removeStack } from "../stacks/new-stack.ts";
import { pulumiReason } from "../stacks/reasons.ts";
import { removeTraces } from "./leaving.ts";
import type { RunRequest } from "./run.ts";

const NOTHING: Outcome = { changes: {}, steps: [], outputs: {}, warnings: [] };

/** Destroys a stack and removes it; its file stays. */
export async function destroy(engine: Engine, { stack, args, leaving }: RunRequest): Promise<Outcome> {
  const outcome = await engine.destroy(stack, args).catch((error: unknown) => {
    // Half undone already.
    if (pulumiReason(error) === "unknown-stack") return NOTHING;
    throw error;
  });
  await removeStack(engine, stack);
  if (leaving !== undefined) await removeTraces(dockerClient(), leaving);
  return outcome;
}
