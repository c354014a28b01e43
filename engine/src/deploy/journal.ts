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
    const resources = [...this.#news, ...this.base]
      .filter((entry) => !this.#settled.has(entry))
      .map(({ state }) => (this.#renamed.size > 0 ? this.#withNewNames(state) : state));
    return { resources, pendingOperations: [...this.#pending] };
  }

  #withNewNames(state: ResourceState): ResourceState {
    const rename = (urn: string) => this.#renamed.get(urn) ?? urn;
    const provider = state.provider && splitReference(state.provider);
    return {
      ...state,
      parent: state.parent && rename(state.parent),
      dependencies: state.dependencies?.map(rename),
      deletedWith: state.deletedWith && rename(state.deletedWith),
      replaceWith: state.replaceWith?.map(rename),
      provider: provider ? `${rename(provider.urn)}::${provider.id}` : state.provider,
      propertyDependencies:
        state.propertyDependencies &&
        Object.fromEntries(Object.entries(state.propertyDependencies).map(([key, urns]) => [key, urns.map(rename)])),
    };
  }
}

/** Every resource that this one needs: it must be made after them and deleted before them. */
export function needs(state: ResourceState): Set<string> {
  const urns = new Set(state.dependencies);
  for (const list of Object.values(state.propertyDependencies ?? {})) for (const urn of list) urns.add(urn);
  if (state.parent) urns.add(state.parent);
  if (state.deletedWith) urns.add(state.deletedWith);
  if (state.provider) urns.add(splitReference(state.provider).urn);
  return urns;
}
