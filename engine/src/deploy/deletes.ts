import { Stopped } from "./errors.ts";
import type { Executor } from "./executor.ts";
import type { Entry } from "./journal.ts";
import { Needed, needs } from "./order.ts";
import type { Steps } from "./steps.ts";
import type { Targets } from "./targets.ts";
import type { ResourceState } from "./types.ts";

/** What is to be deleted of what there is. */
export interface Deletes {
  /** In topological order, under the names of now. */
  readonly goes: ReadonlyMap<ResourceState, Entry>;
  /** What would have to go too, but was not said to: the deletes that need it cannot be done. */
  readonly refused: readonly string[];
  /** Targets that stay, since something that stays needs them. */
  readonly kept: readonly string[];
}

/**
 * Chooses what to delete of the resources that nobody wants any more (`unwanted`). `current` is everything there is, in
 * topological order. Nothing goes that something which stays needs: parents, dependencies, providers.
 */
export function chooseDeletes(
  current: ReadonlyMap<ResourceState, Entry>,
  unwanted: (entry: Entry) => boolean,
  targets: Targets,
): Deletes {
  const states = [...current.keys()];
  const needed = new Needed(states);
  const goes = new Set<ResourceState>();
  const implied: ResourceState[] = [];
  for (const state of states) {
    const meant = targets.includesDelete(state);
    if (!unwanted(current.get(state) as Entry)) continue;
    if (meant) goes.add(state);
    else if (targets.named && needed.of(state).some((other) => goes.has(other))) {
      // So that what needs this one in turn is named as well.
      goes.add(state);
      implied.push(state);
    }
  }
  const kept: string[] = [];
  const stay = (state: ResourceState) => {
    for (const other of needed.of(state)) {
      if (!goes.delete(other)) continue;
      if (targets.names(other)) kept.push(other.urn);
      stay(other);
    }
  };
  for (const state of states) if (!goes.has(state)) stay(state);
  const refused = implied.filter((state) => goes.has(state)).map(({ urn }) => urn);
  return { goes: new Map([...current].filter(([state]) => goes.has(state))), refused, kept };
}

/** What is wrong with a delete that would take along what is no target. */
export function refusedDeleteMessage(urn: string): string {
  return (
    `Resource '${urn}' will be destroyed but was not specified in --target list.\n` +
    "Either include resource in --target list or pass --target-dependents to proceed."
  );
}

/**
 * Deletes the resources, each after everything that needs it, as many at once as that allows. What needs
 * something that could not be deleted is left alone. Rejects when something could not.
 * `alsoGone` tells what else is deleted, for `deletedWith`.
 */
export async function deleteAll(
  resources: ReadonlyMap<ResourceState, Entry>,
  steps: Steps,
  executor: Executor,
  alsoGone: (urn: string) => boolean = () => false,
): Promise<void> {
  const goes = new Set([...resources.keys()].map(({ urn }) => urn));
  const runs: Promise<void>[] = [];
  /** By the URN that they need. */
  const dependents = new Map<string, Promise<void>[]>();
  // Whoever needs a resource comes after it.
  for (const [state, entry] of [...resources].toReversed()) {
    const run = afterAll(dependents.get(state.urn) ?? [], async () => {
      const { deletedWith, pendingReplacement } = entry.state;
      const skip = deletedWith !== undefined && (goes.has(deletedWith) || alsoGone(deletedWith));
      await executor.run([pendingReplacement ? steps.removePendingReplace(entry) : steps.delete(entry, { skip })]);
    });
    runs.push(run);
    for (const urn of needs(state)) {
      const list = dependents.get(urn);
      if (list) list.push(run);
      else dependents.set(urn, [run]);
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
