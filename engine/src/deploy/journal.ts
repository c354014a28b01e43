import { forget, inOrder, needs } from "./order.ts";
import type { PendingOperation, ResourceState, Snapshot } from "./types.ts";
import { splitReference } from "./urn.ts";

/** A resource in the course of a deployment: the same object while its state changes. */
export class Entry {
  state: ResourceState;
  constructor(state: ResourceState) {
    this.state = state;
  }
}

/**
 * What the stack is at every moment of a deployment, and its saving.
 *
 * The last deployment's resources stay in their order until a step has dealt with them; new ones follow one
 * another as they are finished. So the list is a topological order whenever it is saved.
 */
export class Journal {
  readonly base: readonly Entry[];
  readonly #news: Entry[] = [];
  readonly #settled = new Set<Entry>();
  readonly #pending = new Set<PendingOperation>();
  readonly #renamed = new Map<string, string>();
  readonly #vanished = new Set<Entry>();
  readonly #persist: ((snapshot: Snapshot) => Promise<void>) | undefined;
  #revision = 0;
  #saved = 0;
  #saving: Promise<void> | undefined;

  /** `persist` is left out in previews. */
  constructor(snapshot: Snapshot, persist?: (snapshot: Snapshot) => Promise<void>) {
    this.base = snapshot.resources.map((state) => new Entry(state));
    for (const operation of snapshot.pendingOperations) this.#pending.add(operation);
    this.#persist = persist;
  }

  /** Whether a step has dealt with the resource of the last deployment. */
  isSettled(entry: Entry): boolean {
    return this.#settled.has(entry);
  }

  /** The resource is gone, or has become another entry. */
  settle(entry: Entry | undefined): void {
    if (entry) this.#settled.add(entry);
  }

  /** The resource turned out not to be there: whatever referred to it does not any more. */
  vanish(entry: Entry): void {
    this.#settled.add(entry);
    this.#vanished.add(entry);
  }

  /** The entry is a resource of this deployment from now on. */
  add(entry: Entry): void {
    this.#news.push(entry);
  }

  /** The resources of this deployment so far. */
  get news(): readonly Entry[] {
    return this.#news;
  }

  /** From now on what refers to the old name means the new one. */
  rename(from: string, to: string): void {
    if (from !== to) this.#renamed.set(from, to);
  }

  /** Saves that the operation is about to be done. */
  async begin(operation: PendingOperation): Promise<void> {
    const { urn, id } = operation.resource;
    for (const earlier of this.#pending) {
      // What came of an interrupted one will be seen now.
      const { resource } = earlier;
      if (id && resource.id === id && (this.#renamed.get(resource.urn) ?? resource.urn) === urn)
        this.#pending.delete(earlier);
    }
    this.#pending.add(operation);
    await this.commit();
  }

  /** The operation is done; to be saved together with its result. */
  end(operation: PendingOperation): void {
    this.#pending.delete(operation);
  }

  /** Resolves when everything up to now is saved. Steps that finish together are saved together. */
  async commit(): Promise<void> {
    const wanted = ++this.#revision;
    while (this.#persist && this.#saved < wanted) {
      this.#saving ??= this.#save(this.#persist);
      await this.#saving;
    }
  }

  async #save(persist: (snapshot: Snapshot) => Promise<void>): Promise<void> {
    try {
      await null;
      const revision = this.#revision;
      await persist(this.snapshot());
      this.#saved = revision;
    } finally {
      this.#saving = undefined;
    }
  }

  snapshot(): Snapshot {
    return { resources: [...this.current().keys()], pendingOperations: [...this.#pending] };
  }

  /** Every resource that there is at this moment, whichever deployment made it, in topological order. */
  current(): Map<ResourceState, Entry> {
    const entries = [...this.#news, ...this.base].filter((entry) => !this.#settled.has(entry));
    const anyRenamed = this.#renamed.size > 0;
    /** URNs, and references to providers. */
    const names = new Set(anyRenamed ? entries.flatMap(({ state: { urn, id } }) => [urn, `${urn}::${id}`]) : []);
    const leftovers = new Set(anyRenamed ? entries.flatMap(({ state }) => (state.delete ? [state.urn] : [])) : []);
    const withNewNames = (state: ResourceState) => (anyRenamed ? this.#withNewNames(state, names, leftovers) : state);
    const found = new Map<ResourceState, Entry>();
    for (const entry of entries) found.set(withNewNames(entry.state), entry);
    const states = this.#withoutVanished(found, withNewNames);
    return new Map(inOrder([...states.keys()]).map((state) => [state, states.get(state) as Entry]));
  }

  #withoutVanished(
    states: Map<ResourceState, Entry>,
    withNewNames: (state: ResourceState) => ResourceState,
  ): Map<ResourceState, Entry> {
    if (this.#vanished.size === 0) return states;
    const left = new Set([...states.keys()].map(({ urn }) => urn));
    const gone = [...this.#news, ...this.base]
      .filter((entry) => this.#vanished.has(entry))
      .flatMap(({ state }) => this.#namesOf(state.urn).map((urn) => ({ ...withNewNames(state), urn })))
      .filter(({ urn }) => !left.has(urn));
    // Parents after their children, so that a child ends up below the nearest ancestor that is there.
    const without = (state: ResourceState) => gone.reduceRight(forget, state);
    return new Map([...states].map(([state, entry]) => [without(state), entry]));
  }

  /** The name, and those that what refers to the resource may still have for it. */
  #namesOf(urn: string): string[] {
    return [urn, ...[...this.#renamed].flatMap(([from, to]) => (to === urn ? [from] : []))];
  }

  #withNewNames(state: ResourceState, names: ReadonlySet<string>, leftovers: ReadonlySet<string>): ResourceState {
    const rename = (urn: string) => {
      const now = this.#renamed.get(urn);
      // Until its step is done, the resource has the old name itself; what it replaced has it until that is deleted.
      return now !== undefined && names.has(now) && !leftovers.has(urn) ? now : urn;
    };
    if (![...needs(state), ...(state.replaceWith ?? [])].some((urn) => this.#renamed.has(urn))) return state;
    const provider = state.provider && splitReference(state.provider);
    const renamed = provider && `${rename(provider.urn)}::${provider.id}`;
    return {
      ...state,
      parent: state.parent && rename(state.parent),
      dependencies: state.dependencies?.map(rename),
      deletedWith: state.deletedWith && rename(state.deletedWith),
      replaceWith: state.replaceWith?.map(rename),
      // One that was replaced, besides, still has its old name.
      provider: renamed && names.has(renamed) ? renamed : state.provider,
      propertyDependencies:
        state.propertyDependencies &&
        Object.fromEntries(Object.entries(state.propertyDependencies).map(([key, urns]) => [key, urns.map(rename)])),
    };
  }
}
