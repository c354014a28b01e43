import { Stopped } from "./errors.ts";
import type { Executor } from "./executor.ts";
import type { Journal } from "./journal.ts";
import { forget } from "./settle.ts";
import type { Steps } from "./steps.ts";
import type { Targets } from "./targets.ts";

/** Reads every resource that is meant, and brings the state up to what was found. */
export async function refreshAll(journal: Journal, steps: Steps, executor: Executor, targets: Targets): Promise<void> {
  const runs = journal.base
    .filter(({ state }) => targets.includesExactly(state) && !state.pendingReplacement)
    .map((entry) => executor.run([steps.refresh(entry)]));
  const results = await Promise.allSettled(runs);
  const left = journal.base.filter((entry) => !journal.isSettled(entry));
  const gone = journal.base.filter((entry) => journal.isSettled(entry)).map(({ state }) => state);
  for (const state of gone.filter(({ urn }) => !left.some((entry) => entry.state.urn === urn))) {
    for (const entry of left) entry.state = forget(entry.state, state);
  }
  if (gone.length > 0) await journal.commit();
  if (results.some(({ status }) => status === "rejected")) throw new Stopped();
}
