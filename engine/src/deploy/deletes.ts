import { Stopped } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { type Entry, needs } from "./journal.ts";
import type { Steps } from "./steps.ts";

/**
 * Deletes the entries, each after everything that needs it, as many at once as that allows. What needs
 * something that could not be deleted is left alone. Rejects when something could not.
 * `alsoGone` tells what else is deleted, for `deletedWith`.
 */
export async function deleteAll(
  entries: readonly Entry[],
  steps: Steps,
  executor: Executor,
  alsoGone: (urn: string) => boolean = () => false,
): Promise<void> {
  const goes = new Set(entries.map(({ state }) => state.urn));
  const runs: Promise<void>[] = [];
  const dependents = new Map<Entry, Promise<void>[]>();
  // The list is a topological order, so whoever needs an entry comes after it.
  for (let index = entries.length - 1; index >= 0; index--) {
    const entry = entries[index] as Entry;
    const run = afterAll(dependents.get(entry) ?? [], async () => {
      const { deletedWith, pendingReplacement } = entry.state;
      const skip = deletedWith !== undefined && (goes.has(deletedWith) || alsoGone(deletedWith));
      await executor.run([pendingReplacement ? steps.removePendingReplace(entry) : steps.delete(entry, { skip })]);
    });
    runs.push(run);
    const urns = needs(entry.state);
    for (const earlier of entries.slice(0, index)) {
      if (!urns.has(earlier.state.urn)) continue;
      const list = dependents.get(earlier);
      if (list) list.push(run);
      else dependents.set(earlier, [run]);
    }
  }
  const results = await Promise.allSettled(runs);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

async function afterAll(runs: readonly Promise<void>[], then: () => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(runs);
  if (results.some(({ status }) => status === "rejected")) throw new Stopped();
  await then();
}
