import { Stopped } from "./errors.ts";
import type { Executor } from "./executor.ts";
import type { Entry, Journal } from "./journal.ts";
import type { Steps } from "./steps.ts";
import type { Targets } from "./targets.ts";

/** Reads every resource that is meant, and brings the state up to what was found. */
export async function refreshAll(journal: Journal, steps: Steps, executor: Executor, targets: Targets): Promise<void> {
  await refreshEntries(journal.base, steps, executor, targets);
}

/** The same for some of the resources, in their order. */
export async function refreshEntries(
  entries: readonly Entry[],
  steps: Steps,
  executor: Executor,
  targets: Targets,
): Promise<void> {
  const runs = entries
    .filter(({ state }) => targets.includesExactly(state) && !state.pendingReplacement)
    .map((entry) => executor.run([steps.refresh(entry)]));
  const results = await Promise.allSettled(runs);
  if (results.some(({ status }) => status === "rejected")) throw new Stopped();
}
