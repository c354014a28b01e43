import type { Entry, Journal } from "./journal.ts";
import { Needed, needs } from "./order.ts";
import type { ResourceState } from "./types.ts";
import { splitReference } from "./urn.ts";

/**
 * Resources that are deleted with others (`deletedWith`). They go before these, but stay in the state until these are
 * gone: should that delete fail or never be begun, they are still there.
 */
export class Along {
  /** To what has to be gone first: what takes them along, and what takes that along. */
  readonly #takers = new Map<Entry, readonly Entry[]>();
  readonly #goes = new Set<Entry>();
  /** Those of them whose turn has been. */
  readonly #waiting = new Set<Entry>();
  readonly #gone = new Set<Entry>();
  /** What those refer to, or will when their parents are gone. */
  readonly #referred = new Set<string>();

  /** @param resources all that are deleted */
  constructor(resources: ReadonlyMap<ResourceState, Entry>) {
    const all = [...resources];
    const owners = all.filter(([state, entry]) => (state.deletedWith ?? entry.state.deletedWith) !== undefined);
    if (owners.length === 0) return;
    const byName = new Map<string, Set<Entry>>();
    const note = (urn: string, entry: Entry) => byName.set(urn, (byName.get(urn) ?? new Set()).add(entry));
    for (const [state, entry] of all) for (const urn of [state.urn, entry.state.urn]) note(urn, entry);
    const needed = new Needed(resources.keys());
    for (const [state, entry] of owners) {
      const named = [state.deletedWith ?? "", entry.state.deletedWith ?? ""].flatMap((urn) => [
        ...(byName.get(urn) ?? []),
      ]);
      if (named.length === 0) continue;
      this.#goes.add(entry);
      const takers = new Set(named.filter(({ state: { pendingReplacement } }) => !pendingReplacement));
      // In topological order: those of the takers are known.
      const before = new Set([...takers].flatMap((taker) => [taker, ...(this.#takers.get(taker) ?? [])]));
      if (before.size > 0 && !providerNeeds(state, before, resources, needed)) this.#takers.set(entry, [...before]);
    }
  }

  /** Whether another delete takes the resource along. */
  goes(entry: Entry): boolean {
    return this.#goes.has(entry);
  }

  /** The resources that have to be gone before this one is; undefined: it goes when it is deleted. */
  takersOf(entry: Entry): readonly Entry[] | undefined {
    return this.#takers.get(entry);
  }

  /** The resource's delete is done: takes out of the state what is gone now. */
  leave(entry: Entry, journal: Journal): void {
    if (this.#takers.has(entry)) {
      this.#waiting.add(entry);
      for (const urn of needs(entry.state)) this.#referred.add(urn);
    } else this.#takeOut(entry, journal);
  }

  #takeOut(entry: Entry, journal: Journal): void {
    this.#gone.add(entry);
    this.#waiting.delete(entry);
    if (this.#referred.has(entry.state.urn)) {
      journal.vanish(entry);
      this.#referred.add(entry.state.parent ?? "");
    } else journal.settle(entry);
    for (const other of [...this.#waiting]) {
      if (this.#takers.get(other)?.every((taker) => this.#gone.has(taker))) this.#takeOut(other, journal);
    }
  }
}

/** Whether a resource cannot wait, since its provider has to go before what takes it along. */
function providerNeeds(
  { provider }: ResourceState,
  takers: ReadonlySet<Entry>,
  resources: ReadonlyMap<ResourceState, Entry>,
  needed: Needed,
): boolean {
  const urn = provider && splitReference(provider).urn;
  const seen = new Set<ResourceState>();
  const reaches = (state: ResourceState): boolean => {
    if (seen.has(state)) return false;
    seen.add(state);
    const entry = resources.get(state);
    return (entry !== undefined && takers.has(entry)) || needed.of(state).some(reaches);
  };
  return [...resources.keys()].some((state) => state.urn === urn && reaches(state));
}
