import type { ResourceState } from "./types.ts";
import { splitReference } from "./urn.ts";

const known = new WeakMap<ResourceState, ReadonlySet<string>>();

/** Every resource that this one needs: it must be made after them and deleted before them. */
export function needs(state: ResourceState): ReadonlySet<string> {
  let urns = known.get(state);
  if (!urns) {
    urns = findNeeds(state);
    known.set(state, urns);
  }
  return urns;
}

function findNeeds(state: ResourceState): Set<string> {
  const urns = new Set(state.dependencies);
  for (const list of Object.values(state.propertyDependencies ?? {})) for (const urn of list) urns.add(urn);
  if (state.parent) urns.add(state.parent);
  if (state.deletedWith) urns.add(state.deletedWith);
  if (state.provider) urns.add(splitReference(state.provider).urn);
  return urns;
}

/**
 * The resources that a resource needs, out of those that there are: what a name says may have a successor already, and
 * then the successor is meant, but a provider is that very one.
 */
export class Needed {
  readonly #byUrn = new Map<string, ResourceState>();
  readonly #byReference = new Map<string, ResourceState>();

  constructor(states: Iterable<ResourceState>) {
    for (const state of states) {
      if (!state.delete || !this.#byUrn.has(state.urn)) this.#byUrn.set(state.urn, state);
      this.#byReference.set(`${state.urn}::${state.id}`, state);
    }
  }

  of(state: ResourceState): ResourceState[] {
    const provider = state.provider ? splitReference(state.provider).urn : undefined;
    const found = [...needs(state)].map(
      (urn) => (urn === provider && this.#byReference.get(state.provider ?? "")) || this.#byUrn.get(urn),
    );
    return found.filter((other) => other !== undefined && other !== state) as ResourceState[];
  }
}

/**
 * The same resources, each after what it needs. An order that is right already is kept; else what stands too late is
 * moved before the first that needs it. A circle, which no order can mend, is left as it is.
 */
export function inOrder(states: readonly ResourceState[]): readonly ResourceState[] {
  if (isInOrder(states)) return states;
  const needed = new Needed(states);
  return placed(states, (state) => needed.of(state));
}

/**
 * The same resources, each after what it needs, and after whatever has the name of that and was replaced: what uses it may
 * still use the one before.
 */
export function afterReplaced(states: readonly ResourceState[]): readonly ResourceState[] {
  const replaced = Map.groupBy(
    states.filter((state) => state.delete),
    ({ urn }) => urn,
  );
  if (replaced.size === 0) return states;
  const needed = new Needed(states);
  return placed(states, (state) => needed.of(state).flatMap((other) => [other, ...(replaced.get(other.urn) ?? [])]));
}

/** Each after what it needs, as far as no circle keeps it from that. */
function placed(
  states: readonly ResourceState[],
  neededBy: (state: ResourceState) => readonly ResourceState[],
): readonly ResourceState[] {
  const ordered: ResourceState[] = [];
  const begun = new Set<ResourceState>();
  const place = (state: ResourceState) => {
    if (begun.has(state)) return;
    begun.add(state);
    for (const other of neededBy(state)) place(other);
    ordered.push(state);
  };
  for (const state of states) place(state);
  return ordered;
}

function isInOrder(states: readonly ResourceState[]): boolean {
  const seen = new Set<string>();
  for (const state of states) {
    if (state.provider && !seen.has(state.provider)) return false;
    for (const urn of needs(state)) if (!seen.has(urn)) return false;
    seen.add(state.urn);
    if (state.id) seen.add(`${state.urn}::${state.id}`);
  }
  return true;
}

/** The state without references to a resource that is gone; its parent's place is taken by the parent's parent. */
export function forget(state: ResourceState, gone: ResourceState): ResourceState {
  if (state.parent !== gone.urn && !state.replaceWith?.includes(gone.urn) && !needs(state).has(gone.urn)) return state;
  const keep = (urns: readonly string[]) => urns.filter((urn) => urn !== gone.urn);
  return {
    ...state,
    parent: state.parent === gone.urn ? gone.parent : state.parent,
    deletedWith: state.deletedWith === gone.urn ? undefined : state.deletedWith,
    dependencies: state.dependencies && keep(state.dependencies),
    replaceWith: state.replaceWith && keep(state.replaceWith),
    propertyDependencies:
      state.propertyDependencies &&
      Object.fromEntries(Object.entries(state.propertyDependencies).map(([key, urns]) => [key, keep(urns)])),
  };
}
