import { equal, equalMaps } from "../values/equality.ts";
import { Unknown } from "../values/values.ts";
import { type Difference, interpret, replaceOnChanges } from "./diffing.ts";
import type { Goal } from "./goal.ts";
import type { Instance } from "./instance.ts";
import type { Journal } from "./journal.ts";
import type { Olds } from "./olds.ts";
import type { Registry } from "./registry.ts";
import type { ResourceState } from "./types.ts";
import { splitReference } from "./urn.ts";

interface DifferContext {
  readonly journal: Journal;
  readonly registry: Registry;
  readonly olds: Olds;
  /** URNs to be replaced whatever their differences (`--replace`). */
  readonly replace: (urn: string) => boolean;
  /** URNs of what this deployment replaces. */
  readonly replaced: ReadonlySet<string>;
}

/** Tells what differs between a resource and its goal: by what is said of it, or else by its provider. */
export class Differ {
  readonly #context: DifferContext;

  constructor(context: DifferContext) {
    this.#context = context;
  }

  /** @param state what the goal would make of it, its inputs checked */
  async difference(
    goal: Goal,
    old: ResourceState,
    state: ResourceState,
    instance: Instance | undefined,
  ): Promise<Difference> {
    const { inputs } = state;
    if (this.#isReplacedAnyway(goal, old, state)) return { kind: "replace" };
    if (!instance) return equalMaps(old.inputs, inputs) ? { kind: "none" } : { kind: "update" };
    if (await this.#providerChanged(old, goal.provider)) return { kind: "replace", keys: ["provider"] };
    if (isTriggered(old, state)) return { kind: "replace" };
    const found = interpret(await instance.diff(old, inputs, goal.ignoreChanges), old.inputs, inputs);
    const difference = replaceOnChanges(found, goal.replaceOnChanges, old.inputs, inputs);
    if ((old.initErrors?.length ?? 0) === 0) return difference;
    if (goal.replaceOnChanges.includes("#initerror")) return { ...difference, kind: "replace" };
    return difference.kind === "none" ? { kind: "update" } : difference;
  }

  /** Whether a dependent has to be made again when what these properties were taken from is. */
  async isReplacedBy(state: ResourceState, properties: readonly string[]): Promise<boolean> {
    const inputs = { ...state.inputs };
    for (const key of properties) if (key in inputs) inputs[key] = Unknown.value;
    const instance = await this.#context.registry.instanceFor(state);
    const difference = interpret(await instance.diff(state, inputs, state.ignoreChanges ?? []), state.inputs, inputs);
    return replaceOnChanges(difference, state.replaceOnChanges ?? [], state.inputs, inputs).kind === "replace";
  }

  /**
   * The provider to ask for a resource that there is: the program's, unless that means another resource, as one of
   * another account does. It would not find this one.
   */
  async whoKnows(old: ResourceState, reference: string | undefined): Promise<string | undefined> {
    return (await this.#providerChanged(old, reference)) ? old.provider : reference;
  }

  #isReplacedAnyway(goal: Goal, old: ResourceState, { urn }: ResourceState): boolean {
    const { replace, replaced } = this.#context;
    if (replace(urn) || goal.replaceWith.some((other) => replaced.has(other))) return true;
    return (goal.deletedWith !== undefined && replaced.has(goal.deletedWith)) || old.custom !== goal.custom;
  }

  /** Whether the resource has another provider now, and one whose configuration means another resource. */
  async #providerChanged(old: ResourceState, reference: string | undefined): Promise<boolean> {
    if (!old.provider || !reference || old.provider === reference) return false;
    const { registry, journal, olds } = this.#context;
    const before = splitReference(old.provider);
    const now = splitReference(reference);
    if (olds.nameBefore(now.urn) === before.urn) return before.id !== now.id;
    const oldInputs = registry.oldInputs(old.provider);
    const news = journal.news.find(({ state }) => state.urn === now.urn)?.state.inputs;
    if (!oldInputs || !news) return true;
    return interpret(await registry.compareConfigs(now.urn, oldInputs, news), oldInputs, news).kind === "replace";
  }
}

function isTriggered(old: ResourceState, { replacementTrigger }: ResourceState): boolean {
  if (replacementTrigger === undefined || equal(old.replacementTrigger, replacementTrigger)) return false;
  return old.replacementTrigger !== undefined || replacementTrigger instanceof Unknown;
}
