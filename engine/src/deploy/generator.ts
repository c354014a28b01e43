import { equal, equalMaps } from "../values/equality.ts";
import { containsSecrets } from "../values/secrets.ts";
import { type PropertyMap, Unknown } from "../values/values.ts";
import { aliasUrns, type StackName } from "./aliases.ts";
import { applyIgnoreChanges, type Difference, interpret, replaceOnChanges } from "./diffing.ts";
import { type Goal, stateOf } from "./goal.ts";
import type { Instance } from "./instance.ts";
import { Entry, type Journal } from "./journal.ts";
import { needs } from "./order.ts";
import type { Registry } from "./registry.ts";
import type { Step, Steps } from "./steps.ts";
import type { Targets } from "./targets.ts";
import type { DeploymentKind, ResourceState } from "./types.ts";
import { formatUrn, isProviderType, qualifyType, splitReference } from "./urn.ts";

/** What is to be done for a goal. */
export interface Plan {
  readonly entry: Entry;
  readonly steps: readonly Step[];
  /** The old resource that a replacement elsewhere deletes, whose deletion has to come first. */
  readonly after?: Entry;
  /** Old resources that these steps delete. */
  readonly deletes: readonly Entry[];
  /** A new resource that is not meant: nothing is done and nothing is known of it. */
  readonly skipped?: boolean;
  /** More steps once these are done: the update of what was imported. */
  readonly follow?: () => Promise<readonly Step[]>;
}

export interface GeneratorContext extends StackName {
  /** A refresh or destroy makes and changes no resources of the program's, but for providers and components. */
  readonly kind: DeploymentKind;
  /** Reads an old resource before it is planned for; undefined: nothing is read. */
  readonly refresh: ((old: Entry, provider: string | undefined) => Promise<void>) | undefined;
  readonly journal: Journal;
  readonly registry: Registry;
  readonly steps: Steps;
  readonly targets: Targets;
  /** URNs to be replaced whatever their differences (`--replace`). */
  readonly replace: (urn: string) => boolean;
}

/** Tells what is wrong with a resource; `goOn`: what else there is to do is shown nevertheless. */
export type Refuse = (urn: string, message: string, goOn?: boolean) => Error;

/** Decides what has to be done for each resource that a program registers. */
export class Generator {
  readonly #context: GeneratorContext;
  readonly #olds = new Map<string, Entry>();
  /** What each registered URN has become, and which old resource it was. */
  readonly #registered = new Map<string, Entry | undefined>();
  /** The old names under which registered resources were found. */
  readonly #aliased = new Map<string, string>();
  readonly #claimed = new Map<Entry, string>();
  /** Old resources deleted already to be made again. */
  readonly #deleted = new Set<Entry>();
  readonly #replaced = new Set<string>();
  /** Registered resources that there are none of. */
  readonly #skipped = new Set<string>();

  constructor(context: GeneratorContext) {
    this.#context = context;
    for (const entry of context.journal.base) {
      const { urn, delete: leftover } = entry.state;
      if (!leftover && !this.#olds.has(urn)) this.#olds.set(urn, entry);
    }
  }

  /** Whether the program registered the old resource, under whatever name. */
  wants(old: Entry): boolean {
    return this.#claimed.has(old);
  }

  /** Every name that the program registered or the stack had. */
  get urns(): string[] {
    return [...this.#registered.keys(), ...this.#context.journal.base.map(({ state }) => state.urn)];
  }

  /** Whether this deployment has deleted the resource to make it again. */
  wasDeleted(urn: string): boolean {
    const gone = (old: Entry) => old.state.pendingReplacement || this.#context.journal.isSettled(old);
    return [...this.#deleted].some((old) => old.state.urn === urn && gone(old));
  }

  /** The name that a goal's resource has. */
  urnOf(goal: Goal): string {
    const { stack, project } = this.#context;
    return formatUrn({ stack, project, qualifiedType: qualifyType(goal.parent, goal.type), name: goal.name });
  }

  /** Throws an Error with what is wrong with the goal. `bad` collects refused inputs. */
  async plan(goal: Goal, refuse: Refuse): Promise<Plan> {
    const { registry, steps, targets, kind, journal } = this.#context;
    const urn = this.#name(goal, refuse);
    let old = this.#findOld(goal, urn, refuse);
    const entry = new Entry(stateOf(goal, urn, goal.properties));
    const included = targets.includes(entry.state);
    const isProvider = isProviderType(goal.type);
    const managed = goal.custom && !isProvider && goal.readId === undefined;
    if (old && included && managed && kind === "update" && this.#context.refresh) {
      await this.#context.refresh(old, await this.#whoKnows(old.state, goal.provider));
    }
    if (old && journal.isSettled(old)) old = undefined;
    this.#registered.set(urn, old);
    const missing = this.#needsSkipped(entry.state);
    if (kind !== "update" && (managed || missing !== undefined)) return this.#unchanged(old, entry, included);
    const recreating = old !== undefined && (this.#deleted.has(old) || old.state.pendingReplacement === true);
    if (!included) return this.#untargeted(old, entry, refuse);
    if (missing !== undefined) throw refuse(urn, this.#missingMessage(urn, missing));
    if (goal.readId !== undefined) {
      const read = steps.read(entry, goal.readId, old);
      const replaced = old && !old.state.external ? [steps.replace(old, entry, { kind: "replace" })] : [];
      return { entry, steps: [read, ...replaced], deletes: [] };
    }
    const instance = goal.custom ? await registry.instanceFor(entry.state) : undefined;
    const fresh = !old || recreating || old.state.external || this.#context.replace(urn);
    if (goal.importId && goal.custom && (!old || old.state.external || !wasImported(old.state, goal.importId))) {
      return this.#import(goal, entry, old, instance, refuse);
    }
    const wanted = old ? applyIgnoreChanges(goal.properties, old.state.inputs, goal.ignoreChanges) : goal.properties;
    const check = (olds: PropertyMap | undefined) => this.#check(instance, entry, olds, wanted, refuse);
    await check(fresh ? undefined : old?.state.inputs);

    if (!old) return { entry, steps: [steps.create(entry)], deletes: [] };
    if (recreating || old.state.external) {
      this.#replaced.add(urn);
      const difference: Difference = { kind: "replace" };
      const create = steps.create(entry, difference, { old, deleted: recreating });
      return {
        entry,
        steps: recreating
          ? [steps.replace(old, entry, difference), create]
          : [create, steps.replace(old, entry, difference)],
        after: old,
        deletes: [],
      };
    }
    const difference = await this.#diff(goal, old, entry, instance);
    if (difference.kind === "none") return { entry, steps: [steps.same(old, entry)], deletes: [] };
    if (difference.kind === "update") return { entry, steps: [steps.update(old, entry, difference)], deletes: [] };

    if (old.state.protect && goal.protect) {
      const refusal = refuse(
        urn,
        `unable to replace resource "${urn}"\nas it is currently marked for protection. To unprotect the resource, remove the \`protect\` flag from the resource in your Pulumi program and run \`pulumi up\``,
        steps.dryRun,
      );
      // A preview shows all the same what it is about.
      if (!steps.dryRun) throw refusal;
    }
    this.#replaced.add(urn);
    if (!fresh) await check(undefined);
    const marker = steps.replace(old, entry, difference);
    if (!(goal.deleteBeforeReplace ?? difference.deleteBeforeReplace ?? false)) {
      return { entry, steps: [steps.create(entry, difference, { old, deleted: false }), marker], deletes: [] };
    }
    const dependents = isProvider ? [] : await this.#dependentsToReplace(old, refuse);
    const deletes = [...dependents.reverse(), old];
    for (const gone of deletes) this.#deleted.add(gone);
    return {
      entry,
      steps: [
        ...deletes.map((gone) => steps.delete(gone, { replacing: true })),
        marker,
        steps.create(entry, difference, { old, deleted: true }),
      ],
      deletes,
    };
  }

  #name(goal: Goal, refuse: Refuse): string {
    const urn = this.urnOf(goal);
    if (goal.parent && !this.#registered.has(goal.parent)) {
      throw refuse(urn, `could not find parent resource ${goal.parent}`);
    }
    if (this.#registered.has(urn)) throw refuse(urn, `Duplicate resource URN '${urn}'; try giving it a unique name`);
    return urn;
  }

  #findOld(goal: Goal, urn: string, refuse: Refuse): Entry | undefined {
    const parentWas = goal.parent ? this.#aliased.get(goal.parent) : undefined;
    const aliases = aliasUrns(goal, urn, this.#context, parentWas ? [parentWas] : []);
    for (const name of [urn, ...aliases]) {
      const old = this.#olds.get(name);
      if (!old) continue;
      const claimant = this.#claimed.get(old);
      if (claimant !== undefined) {
        const conflict =
          name === urn
            ? `Duplicate resource URN '${urn}' conflicting with alias on resource with URN '${claimant}'`
            : `Duplicate resource alias '${name}' applied to resource with URN '${urn}' conflicting with resource with URN '${claimant}'`;
        throw refuse(urn, conflict);
      }
      this.#claimed.set(old, urn);
      if (name !== urn) {
        this.#aliased.set(urn, name);
        this.#context.journal.rename(name, urn);
      }
      return old;
    }
    return undefined;
  }

  /**
   * The provider to ask for a resource that there is: the program's, unless that means another resource, as one of
   * another account does. It would not find this one.
   */
  async #whoKnows(old: ResourceState, reference: string | undefined): Promise<string | undefined> {
    return (await this.#providerChanged(old, reference)) ? old.provider : reference;
  }

  /** What a refresh or a destroy makes of a resource of the program. */
  async #unchanged(old: Entry | undefined, entry: Entry, included: boolean): Promise<Plan> {
    const { steps, kind } = this.#context;
    if (!old) return this.#skip(entry);
    const { urn, parent, protect, retainOnDelete, resourceHooks } = entry.state;
    const provider = await this.#whoKnows(old.state, entry.state.provider);
    if (kind === "destroy" && provider !== undefined && this.#needsSkipped(entry.state) === undefined) {
      // What goes is as it was, but by the provider and with the hooks that the program names now.
      const now = { urn, parent, provider, protect, retainOnDelete, resourceHooks };
      entry.state = { ...old.state, ...now };
      return { entry, steps: [steps.same(old, entry)], deletes: [] };
    }
    old.state = { ...old.state, urn };
    const reads = kind === "refresh" && included && old.state.custom && !isProviderType(old.state.type);
    return { entry: old, steps: reads ? [steps.refresh(old, provider)] : [], deletes: [] };
  }

  #untargeted(old: Entry | undefined, entry: Entry, refuse: Refuse): Plan {
    if (!old) return this.#skip(entry);
    const { urn, parent } = entry.state;
    if (parent !== undefined && this.#skipped.has(parent)) throw refuse(urn, this.#missingMessage(urn, parent));
    entry.state = { ...old.state, urn, parent };
    return { entry, steps: [this.#context.steps.same(old, entry)], deletes: [] };
  }

  #skip(entry: Entry): Plan {
    this.#skipped.add(entry.state.urn);
    return { entry, steps: [], deletes: [], skipped: true };
  }

  #needsSkipped(state: ResourceState): string | undefined {
    return [...needs(state)].find((urn) => this.#skipped.has(urn));
  }

  #missingMessage(urn: string, missing: string): string {
    return this.#context.targets.named
      ? `Resource '${urn}' depends on '${missing}' which was was not specified in --target list.`
      : `Resource '${urn}' depends on '${missing}', which is new and excluded; exclude both of them or neither.`;
  }

  /** Puts the checked inputs into the entry's state. Every refused input is reported. */
  async #check(
    instance: Instance | undefined,
    entry: Entry,
    olds: PropertyMap | undefined,
    news: PropertyMap,
    refuse: Refuse,
  ): Promise<void> {
    if (!instance) return;
    const { inputs, failures } = await instance.check(entry.state, olds, news);
    let refused: Error | undefined;
    for (const { property, reason } of failures ?? []) {
      refused = refuse(entry.state.urn, refusalMessage(entry.state, property, news, reason));
    }
    if (refused) throw refused;
    entry.state = { ...entry.state, inputs };
  }

  async #diff(goal: Goal, old: Entry, entry: Entry, instance: Instance | undefined): Promise<Difference> {
    const { urn, inputs, replacementTrigger } = entry.state;
    if (this.#context.replace(urn)) return { kind: "replace" };
    if (goal.replaceWith.some((other) => this.#replaced.has(other))) return { kind: "replace" };
    if (goal.deletedWith && this.#replaced.has(goal.deletedWith)) return { kind: "replace" };
    if (old.state.custom !== goal.custom) return { kind: "replace" };
    if (!instance) return equalMaps(old.state.inputs, inputs) ? { kind: "none" } : { kind: "update" };
    if (await this.#providerChanged(old.state, goal.provider)) return { kind: "replace", keys: ["provider"] };
    const triggered = replacementTrigger !== undefined && !equal(old.state.replacementTrigger, replacementTrigger);
    if (triggered && (old.state.replacementTrigger !== undefined || replacementTrigger instanceof Unknown)) {
      return { kind: "replace" };
    }
    const answer = await instance.diff(old.state, inputs, goal.ignoreChanges);
    const found = interpret(answer, old.state.inputs, inputs);
    const difference = replaceOnChanges(found, goal.replaceOnChanges, old.state.inputs, inputs);
    const unwell = (old.state.initErrors?.length ?? 0) > 0;
    if (unwell && goal.replaceOnChanges.includes("#initerror")) return { ...difference, kind: "replace" };
    return unwell && difference.kind === "none" ? { kind: "update" } : difference;
  }

  /** Whether the resource has another provider now, and one whose configuration means another resource. */
  async #providerChanged(old: ResourceState, reference: string | undefined): Promise<boolean> {
    if (!old.provider || !reference || old.provider === reference) return false;
    const before = splitReference(old.provider);
    const now = splitReference(reference);
    const sameProvider = (this.#aliased.get(now.urn) ?? now.urn) === before.urn;
    if (sameProvider) return before.id !== now.id;
    const { registry, journal } = this.#context;
    const olds = registry.oldInputs(old.provider);
    const news = journal.news.find(({ state }) => state.urn === now.urn)?.state.inputs;
    if (!olds || !news) return true;
    const diff = await registry.compareConfigs(now.urn, olds, news);
    return interpret(diff, olds, news).kind === "replace";
  }

  async #import(
    goal: Goal,
    entry: Entry,
    old: Entry | undefined,
    instance: Instance | undefined,
    refuse: Refuse,
  ): Promise<Plan> {
    const { steps } = this.#context;
    await this.#check(instance, entry, undefined, goal.properties, refuse);
    const goalState = entry.state;
    const imported = new Entry(goalState);
    return {
      entry,
      steps: [steps.import(imported, goal.importId ?? "", old)],
      deletes: [],
      follow: async () => {
        const difference = await this.#diff(goal, imported, entry, instance);
        if (difference.kind === "none") return [steps.same(imported, entry)];
        if (difference.kind === "update") return [steps.update(imported, entry, difference)];
        throw refuse(goalState.urn, "the imported resource differs from the program in a way that needs a replacement");
      },
    };
  }

  /** The old resources that cannot stay while this one is deleted and made again, in their order. */
  async #dependentsToReplace(root: Entry, refuse: Refuse): Promise<Entry[]> {
    const { journal, targets } = this.#context;
    const gone = new Set([root.state.urn]);
    const dependents: Entry[] = [];
    for (const entry of journal.base.slice(journal.base.indexOf(root) + 1)) {
      const { state } = entry;
      // What the program has registered already does not depend on the resource any more.
      if (journal.isSettled(entry) || this.#claimed.has(entry) || state.delete || this.#deleted.has(entry)) continue;
      if (!(await this.#mustGoWith(state, gone))) continue;
      if (state.protect) {
        throw refuse(
          state.urn,
          `unable to replace resource "${state.urn}" as part of replacing "${root.state.urn}" as it is currently marked for ` +
            "protection. To unprotect the resource, remove the `protect` flag from the resource in your Pulumi program " +
            `and run \`pulumi up\`, or use the command:\n\`pulumi state unprotect '${state.urn}'\``,
        );
      }
      if (!targets.includes(state)) {
        const why = targets.named ? "it is not among the targets" : "it is excluded";
        throw refuse(
          state.urn,
          `unable to replace resource "${state.urn}" as part of replacing "${root.state.urn}", since ${why}`,
        );
      }
      gone.add(state.urn);
      dependents.push(entry);
      this.#replaced.add(state.urn);
    }
    return dependents;
  }

  async #mustGoWith(state: ResourceState, gone: ReadonlySet<string>): Promise<boolean> {
    if (!state.custom || state.external || ![...needs(state)].some((urn) => gone.has(urn))) return false;
    if (state.provider && gone.has(splitReference(state.provider).urn)) return true;
    if (state.deletedWith && gone.has(state.deletedWith)) return true;
    const touched = Object.entries(state.propertyDependencies ?? {})
      .filter(([, urns]) => urns.some((urn) => gone.has(urn)))
      .map(([key]) => key);
    if (touched.length === 0) return false;
    const inputs = { ...state.inputs };
    for (const key of touched) if (key in inputs) inputs[key] = Unknown.value;
    const instance = await this.#context.registry.instanceFor(state);
    const answer = await instance.diff(state, inputs, state.ignoreChanges ?? []);
    const difference = interpret(answer, state.inputs, inputs);
    return replaceOnChanges(difference, state.replaceOnChanges ?? [], state.inputs, inputs).kind === "replace";
  }
}

function wasImported(state: ResourceState, id: string): boolean {
  return (state.importID ?? state.id) === id;
}

function refusalMessage(state: ResourceState, property: string, inputs: PropertyMap, reason: string): string {
  const name = state.urn.slice(state.urn.lastIndexOf("::") + 2);
  const resource = `${state.type} resource '${name}'`;
  if (!property) return `${resource} has a problem: ${reason}`;
  const value = inputs[property];
  const shown = containsSecrets(value ?? null) ? "[secret]" : typeof value === "object" ? JSON.stringify(value) : value;
  return `${resource}: property ${property} value {${shown}} has a problem: ${reason}`;
}
