import { Along } from "./along.ts";
import { Stopped } from "./errors.ts";
import type { Executor } from "./executor.ts";
import type { Entry, Journal } from "./journal.ts";
import { afterReplaced, Needed, needs } from "./order.ts";
import type { Steps } from "./steps.ts";
import type { Targets } from "./targets.ts";
import type { ResourceState } from "./types.ts";
import { splitReference } from "./urn.ts";

/** What is to be deleted of what there is. */
interface Deletes {
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
  const going = afterReplaced(states.filter((state) => goes.has(state)));
  return { goes: new Map(going.map((state) => [state, current.get(state) as Entry])), refused, kept };
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
  const along = new Along(resources);
  const runs = new Map<Entry, Promise<void>>();
  /** By the URN that they need. */
  const dependents = new Map<string, Promise<void>[]>();
  const begun = Promise.withResolvers<void>();
  // Whoever needs a resource comes after it.
  for (const [state, entry] of [...resources].toReversed()) {
    const names = namesOf(state, entry);
    const takers = along.takersOf(entry);
    const run = afterAll(
      names.flatMap((urn) => dependents.get(urn) ?? []),
      async () => {
        const { deletedWith, pendingReplacement } = entry.state;
        const skip = along.goes(entry) || (deletedWith !== undefined && alsoGone(deletedWith));
        const leave = (journal: Journal) => along.leave(entry, journal);
        await executor.run([
          pendingReplacement ? steps.removePendingReplace(entry, leave) : steps.delete(entry, { skip, leave }),
        ]);
      },
    );
    runs.set(entry, run);
    const provider = entry.state.provider && splitReference(entry.state.provider).urn;
    // Only then is the resource itself gone.
    const gone = takers && begun.promise.then(() => afterAll([run, ...takers.map((taker) => runs.get(taker))], noMore));
    gone?.catch(() => {});
    for (const urn of new Set([...needs(state), ...needs(entry.state)])) {
      const done = urn === provider && gone ? gone : run;
      const list = dependents.get(urn);
      if (list) list.push(done);
      else dependents.set(urn, [done]);
    }
  }
  begun.resolve();
  const results = await Promise.allSettled(runs.values());
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

async function noMore(): Promise<void> {}

/** What was replaced goes by the name that it had, and what used it then may still do so. */
function namesOf(state: ResourceState, { state: { urn } }: Entry): string[] {
  return state.urn === urn ? [urn] : [state.urn, urn];
}

async function afterAll(runs: readonly (Promise<void> | undefined)[], then: () => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(runs);
  if (results.some(({ status }) => status === "rejected")) throw new Stopped();
  await then();
}
