import type { PropertyMap } from "../values/values.ts";
import type { StackName } from "./aliases.ts";
import { type Change, type Decision, decide, decideChange, isManaged } from "./decide.ts";
import { dependentsOf } from "./dependents.ts";
import { Differ } from "./differ.ts";
import { applyIgnoreChanges, type Difference } from "./diffing.ts";
import { type Goal, stateOf } from "./goal.ts";
import type { Instance } from "./instance.ts";
import { Entry, type Journal } from "./journal.ts";
import { Olds } from "./olds.ts";
import { dependentMessage, inputMessage, missingMessage, type Refuse, replacementMessage } from "./refusals.ts";
import type { Registry } from "./registry.ts";
import type { Step } from "./step.ts";
import type { Steps } from "./steps.ts";
import type { Targets } from "./targets.ts";
import type { DeploymentKind } from "./types.ts";
import { formatUrn, isProviderType, qualifyType } from "./urn.ts";

/** What is to be done for a goal. */
interface Plan {
  readonly entry: Entry;
  readonly steps: readonly Step[];
  /** The old resource that a replacement elsewhere deletes, whose deletion has to come first. */
  readonly after?: Entry;
  /** Old resources that these steps delete. */
  readonly deletes?: readonly Entry[];
  /** A new resource that is not meant: nothing is done and nothing is known of it. */
  readonly skipped?: boolean;
  /** What else is to be done once these are done: the update of what was imported. */
  readonly follow?: () => Promise<Pick<Plan, "entry" | "steps">>;
}

interface GeneratorContext extends StackName {
  readonly kind: DeploymentKind;
  /** Reads an old resource before it is planned for; undefined: nothing is read. */
  readonly refresh: ((old: Entry, provider: string | undefined) => Promise<void>) | undefined;
  readonly journal: Journal;
  readonly registry: Registry;
  readonly steps: Steps;
  readonly targets: Targets;
  /** URNs to be replaced whatever their differences (`--replace`). */
  readonly replace: (urn: string) => boolean;
  readonly refuse: Refuse;
}

type Of<Kind extends Decision["kind"]> = Extract<Decision, { readonly kind: Kind }>;

/** Plans what has to be done for each resource that a program registers. */
export class Generator {
  readonly #context: GeneratorContext;
  readonly #olds: Olds;
  readonly #differ: Differ;
  readonly #registered = new Set<string>();
  /** Old resources deleted already to be made again. */
  readonly #deleted = new Set<Entry>();
  readonly #replaced = new Set<string>();
  /** Registered resources that there are none of. */
  readonly #skipped = new Set<string>();

  constructor(context: GeneratorContext) {
    this.#context = context;
    this.#olds = new Olds(context);
    this.#differ = new Differ({ ...context, olds: this.#olds, replaced: this.#replaced });
  }

  /** Whether the program registered the old resource, under whatever name. */
  wants(old: Entry): boolean {
    return this.#olds.isClaimed(old);
  }

  /** Every name that the program registered or the stack had. */
  get urns(): string[] {
    return [...this.#registered, ...this.#context.journal.base.map(({ state }) => state.urn)];
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

  /** @throws Error with what is wrong with the goal */
  async plan(goal: Goal): Promise<Plan> {
    const { targets, kind: deployment, journal } = this.#context;
    const urn = this.#register(goal);
    const entry = new Entry(stateOf(goal, urn, goal.properties));
    const { state } = entry;
    const included = targets.includes(state);
    const found = this.#olds.claim(goal, urn);
    if (found && included && deployment === "update" && isManaged(goal)) await this.#refresh(found, goal);
    const old = found && !journal.isSettled(found) ? found : undefined;
    const deleted = old !== undefined && (this.#deleted.has(old) || old.state.pendingReplacement === true);
    const decision = decide({ deployment, goal, state, old, deleted, included, skipped: this.#skipped });
    switch (decision.kind) {
      case "skip":
        this.#skipped.add(urn);
        return { entry, steps: [], skipped: true };
      case "refuse":
        throw this.#context.refuse(urn, missingMessage(urn, decision.missing, targets.named));
      case "keep":
        return this.#keep(entry, decision);
      case "leave":
        return this.#leave(entry, decision);
      case "mark":
        return this.#mark(entry, decision);
      case "read":
        return this.#read(entry, decision);
      case "import":
        return this.#import(goal, entry, decision);
      case "create":
        await this.#check(goal, entry);
        return { entry, steps: [this.#context.steps.create(entry)] };
      case "remake":
        return this.#remake(goal, entry, decision);
      case "compare":
        return this.#compare(goal, entry, decision);
    }
  }

  #register(goal: Goal): string {
    const { refuse } = this.#context;
    const urn = this.urnOf(goal);
    if (goal.parent && !this.#registered.has(goal.parent)) {
      throw refuse(urn, `could not find parent resource ${goal.parent}`);
    }
    if (this.#registered.has(urn)) throw refuse(urn, `Duplicate resource URN '${urn}'; try giving it a unique name`);
    this.#registered.add(urn);
    return urn;
  }

  async #refresh(old: Entry, goal: Goal): Promise<void> {
    const { refresh } = this.#context;
    if (refresh) await refresh(old, await this.#differ.whoKnows(old.state, goal.provider));
  }

  #keep(entry: Entry, { old }: Of<"keep">): Plan {
    const { urn, parent } = entry.state;
    entry.state = { ...old.state, urn, parent };
    return { entry, steps: [this.#context.steps.same(old, entry)] };
  }

  async #leave({ state: { urn, provider } }: Entry, { old, reads }: Of<"leave">): Promise<Plan> {
    const asked = await this.#differ.whoKnows(old.state, provider);
    old.state = { ...old.state, urn };
    return { entry: old, steps: reads ? [this.#context.steps.refresh(old, asked)] : [] };
  }

  async #mark(entry: Entry, { old }: Of<"mark">): Promise<Plan> {
    const { urn, parent, protect, retainOnDelete, resourceHooks } = entry.state;
    const provider = await this.#differ.whoKnows(old.state, entry.state.provider);
    entry.state = { ...old.state, urn, parent, provider, protect, retainOnDelete, resourceHooks };
    return { entry, steps: [this.#context.steps.same(old, entry)] };
  }

  #read(entry: Entry, { id, old }: Of<"read">): Plan {
    const { steps } = this.#context;
    const replaced = old && !old.state.external ? [steps.replace(old, entry, { kind: "replace" })] : [];
    return { entry, steps: [steps.read(entry, id, old), ...replaced] };
  }

  async #import(goal: Goal, entry: Entry, { id, old, deleted }: Of<"import">): Promise<Plan> {
    const { steps } = this.#context;
    const { urn } = entry.state;
    const replaces = old !== undefined && !deleted;
    if (replaces && old.state.protect && goal.protect) this.#refuseReplacement(urn, "protected");
    const instance = await this.#check(goal, entry);
    const imported = new Entry(entry.state);
    return {
      entry: imported,
      steps: [
        steps.import(imported, id, old && { old, deleted }),
        ...(replaces ? [steps.replace(old, imported, { kind: "replace" })] : []),
      ],
      after: deleted ? old : undefined,
      follow: async () => {
        const inputs = applyIgnoreChanges(goal.properties, imported.state.inputs, goal.ignoreChanges);
        await this.#check(goal, entry, { olds: imported.state.inputs, news: inputs });
        const difference = await this.#differ.difference(goal, imported.state, entry.state, instance);
        const change = decideChange(difference, imported.state, goal);
        // What was imported as the program has it is done.
        if (change.kind === "same") return { entry: imported, steps: [] };
        if (change.kind === "replace") this.#refuseReplacement(urn, change.refused ?? "imported");
        return { entry, steps: [steps.update(imported, entry, difference)] };
      },
    };
  }

  async #remake(goal: Goal, entry: Entry, { old, deleted }: Of<"remake">): Promise<Plan> {
    const { steps } = this.#context;
    await this.#check(goal, entry);
    this.#replaced.add(entry.state.urn);
    const difference: Difference = { kind: "replace" };
    const create = steps.create(entry, difference, { old, deleted });
    const marker = steps.replace(old, entry, difference);
    return { entry, steps: deleted ? [marker, create] : [create, marker], after: old };
  }

  async #compare(goal: Goal, entry: Entry, { old }: Of<"compare">): Promise<Plan> {
    const { steps, replace } = this.#context;
    const forced = replace(entry.state.urn);
    const olds = old.state.inputs;
    const news = applyIgnoreChanges(goal.properties, olds, goal.ignoreChanges);
    const instance = await this.#check(goal, entry, forced ? undefined : { olds, news });
    const difference = await this.#differ.difference(goal, old.state, entry.state, instance);
    const change = decideChange(difference, old.state, goal);
    if (change.kind === "same") return { entry, steps: [steps.same(old, entry)] };
    if (change.kind === "update") return { entry, steps: [steps.update(old, entry, difference)] };
    if (change.refused) this.#refuseReplacement(entry.state.urn, change.refused);
    this.#replaced.add(entry.state.urn);
    if (!forced) await this.#check(goal, entry);
    return this.#replace(entry, old, difference, change);
  }

  async #replace(
    entry: Entry,
    old: Entry,
    difference: Difference,
    { deleteFirst }: Extract<Change, { kind: "replace" }>,
  ): Promise<Plan> {
    const { steps } = this.#context;
    const marker = steps.replace(old, entry, difference);
    const create = steps.create(entry, difference, { old, deleted: deleteFirst });
    if (!deleteFirst) return { entry, steps: [create, marker] };
    const dependents = isProviderType(entry.state.type) ? [] : await this.#dependents(old);
    const deletes = [...dependents.reverse(), old];
    for (const gone of deletes) this.#deleted.add(gone);
    return {
      entry,
      steps: [...deletes.map((gone) => steps.delete(gone, { replacing: true })), marker, create],
      deletes,
    };
  }

  /** What is deleted with a resource that is made again. @throws Error where that may not be */
  async #dependents(root: Entry): Promise<Entry[]> {
    const { journal, targets, refuse } = this.#context;
    const isOut = (entry: Entry) =>
      // What the program has registered already does not depend on the resource any more.
      journal.isSettled(entry) || this.wants(entry) || entry.state.delete === true || this.#deleted.has(entry);
    const dependents = await dependentsOf(root, journal, this.#differ, isOut);
    for (const { state } of dependents) {
      const unmeant = targets.named ? "no target" : "excluded";
      const why = state.protect ? "protected" : targets.includes(state) ? undefined : unmeant;
      if (why) throw refuse(state.urn, dependentMessage(state, root.state, why));
      this.#replaced.add(state.urn);
    }
    return dependents;
  }

  /** A preview shows all the same what it is about. @throws Error otherwise */
  #refuseReplacement(urn: string, why: "protected" | "imported"): void {
    const { refuse, steps } = this.#context;
    const refusal = refuse(urn, replacementMessage(urn, why), steps.dryRun);
    if (!steps.dryRun) throw refusal;
  }

  /**
   * Puts the checked inputs into the entry's state. Every refused input is told.
   *
   * @param inputs the old ones and what the program wants now; by default it is made anew
   * @returns who checked them; undefined for a component
   */
  async #check(
    goal: Goal,
    entry: Entry,
    { olds, news }: { olds?: PropertyMap; news: PropertyMap } = { news: goal.properties },
  ): Promise<Instance | undefined> {
    const { registry, refuse } = this.#context;
    if (!goal.custom) return undefined;
    const instance = await registry.instanceFor(entry.state);
    const { inputs, failures } = await instance.check(entry.state, olds, news);
    const refused = (failures ?? []).map(({ property, reason }) =>
      refuse(entry.state.urn, inputMessage(entry.state, property, news, reason)),
    );
    if (refused.length > 0) throw refused[0];
    entry.state = { ...entry.state, inputs };
    return instance;
  }
}
