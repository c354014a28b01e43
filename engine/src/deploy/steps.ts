import { equalMaps } from "../values/equality.ts";
import type { PropertyMap } from "../values/values.ts";
import { unknownMarker } from "../values/wire.ts";
import type { Difference } from "./diffing.ts";
import type { Hooks } from "./hooks.ts";
import { markSecrets, type Outcome } from "./instance.ts";
import { Entry, type Journal } from "./journal.ts";
import type { Registry } from "./registry.ts";
import type { Step } from "./step.ts";
import { failIfPartial, protectedMessage, sameMeaning, times, timestamp, withOutcome } from "./step-states.ts";
import type { PendingOperation, ResourceState, StepOp } from "./types.ts";
import { isProviderType } from "./urn.ts";

/** What steps work with. */
interface StepContext {
  readonly journal: Journal;
  readonly registry: Registry;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  /** Undefined where no program runs that could have any. */
  readonly hooks?: Hooks;
}

/** Makes the steps of a deployment. */
export class Steps {
  readonly #context: StepContext;
  /** Components whose hooks wait until they have their outputs, with what these are told. */
  readonly #unfinished = new Map<Entry, { operation: "Create" | "Update"; old?: ResourceState }>();

  constructor(context: StepContext) {
    this.#context = context;
  }

  get dryRun(): boolean {
    return this.#context.dryRun;
  }

  /** A component has its outputs: it was made or changed only now. */
  async finish(entry: Entry): Promise<void> {
    const done = this.#unfinished.get(entry);
    this.#unfinished.delete(entry);
    if (done) await this.#context.hooks?.after(done.operation, { old: done.old, new: entry.state });
  }

  same(old: Entry, entry: Entry): Step {
    return this.#step("same", { old, entry }, async () => {
      const { journal, registry } = this.#context;
      const before = old.state;
      if (isProviderType(before.type)) await registry.keep({ ...before, urn: entry.state.urn });
      // What the program calls a secret only now is one from now on.
      const outputs = markSecrets(before.outputs, entry.state);
      entry.state = { ...entry.state, id: before.id, outputs, ...times(before) };
      this.#replaceEntry(old, entry);
      if (!sameMeaning(before, entry.state)) await journal.commit();
    });
  }

  create(entry: Entry, difference?: Difference, replaced?: { old: Entry; deleted: boolean }): Step {
    const old = replaced?.old;
    return this.#step(
      replaced ? "create-replacement" : "create",
      { entry, old, difference, logical: !replaced },
      async () => {
        const { journal, registry, hooks } = this.#context;
        await hooks?.before("Create", { new: entry.state });
        const outcome = await this.#operate("creating", entry, async (state) => {
          const instance = await registry.instanceFor(state);
          const call = () => instance.create(state);
          return hooks ? hooks.attempt("Create", { new: state }, call) : call();
        });
        if (outcome && !outcome.id && !this.#context.dryRun) throw new Error("the provider returned no id");
        const now = timestamp();
        entry.state = { ...withOutcome(entry.state, outcome), created: now, modified: now };
        this.#takePlace(entry, replaced);
        await journal.commit();
        failIfPartial(outcome);
        await this.#done("Create", entry);
      },
    );
  }

  update(old: Entry, entry: Entry, difference: Difference): Step {
    return this.#step("update", { old, entry, difference }, async () => {
      const { registry, hooks } = this.#context;
      const before = old.state;
      entry.state = { ...entry.state, id: before.id };
      const subject = { old: before, new: entry.state };
      await hooks?.before("Update", subject);
      const outcome = await this.#operate("updating", entry, async (state) => {
        const instance = await registry.instanceFor(state);
        const call = () => instance.update(before, state);
        return hooks ? hooks.attempt("Update", subject, call) : call();
      });
      const updated = { ...withOutcome(entry.state, outcome), created: before.created, modified: timestamp() };
      // After a partial failure the old inputs stay, so that the next deployment tries again.
      entry.state = {
        ...updated,
        id: before.id,
        inputs: outcome?.errors ? (outcome.inputs ?? before.inputs) : updated.inputs,
      };
      this.#replaceEntry(old, entry);
      await this.#context.journal.commit();
      failIfPartial(outcome);
      await this.#done("Update", entry, before);
    });
  }

  /** Says that the two steps beside it are one replacement. */
  replace(old: Entry, entry: Entry, difference: Difference): Step {
    return this.#step("replace", { old, entry, difference }, async () => {});
  }

  /**
   * `skip`: the provider has nothing to delete, since something else takes the resource along. `leave`: what is taken
   * out of the state then, where that is not the resource alone.
   */
  delete(old: Entry, options: { replacing?: boolean; skip?: boolean; leave?: (journal: Journal) => void } = {}): Step {
    const replaced = options.replacing || old.state.delete;
    const op = old.state.external
      ? replaced
        ? "discard-replaced"
        : "discard"
      : replaced
        ? "delete-replaced"
        : "delete";
    return this.#step(op, { old, logical: !replaced }, async () => {
      const { journal, registry, dryRun, hooks } = this.#context;
      if (old.state.protect && !replaced) throw new Error(protectedMessage(old.state));
      const { state } = old;
      await hooks?.before("Delete", { old: state });
      const external = !state.custom || state.external || state.retainOnDelete || options.skip;
      if (!dryRun && !external) {
        await this.#operate("deleting", old, async () => {
          const instance = await registry.instanceFor(state);
          const call = async () => {
            await instance.delete(state);
            return undefined;
          };
          return hooks ? hooks.attempt("Delete", { old: state }, call) : call();
        });
      }
      // What is to be made again stays in the state until it is, with the place it had.
      if (options.replacing) old.state = { ...state, pendingReplacement: true };
      else if (options.leave) options.leave(journal);
      else journal.settle(old);
      await journal.commit();
      await hooks?.after("Delete", { old: state });
    });
  }

  /** Forgets a resource that was deleted to be replaced and is not wanted any more; `leave` as for a delete. */
  removePendingReplace(old: Entry, leave: (journal: Journal) => void): Step {
    return this.#step("remove-pending-replace", { old, logical: false }, async () => {
      leave(this.#context.journal);
      await this.#context.journal.commit();
    });
  }

  /** Reads a resource that is not managed; `old` is what the state knew under its name. */
  read(entry: Entry, id: string, old?: Entry): Step {
    const managed = old && !old.state.external;
    return this.#step(managed ? "read-replacement" : "read", { entry, old, logical: !managed }, async () => {
      const { journal } = this.#context;
      // A preview does not know yet what to look for.
      const outcome = id === unknownMarker ? undefined : await this.#find("reading", entry, id);
      const now = timestamp();
      const read = { ...withOutcome(entry.state, outcome), created: old?.state.created ?? now, modified: now };
      const unchanged = old && equalMaps(old.state.outputs, read.outputs) && equalMaps(old.state.inputs, read.inputs);
      entry.state = unchanged ? { ...read, modified: old.state.modified } : read;
      journal.add(entry);
      if (managed) old.state = { ...old.state, delete: true };
      else journal.settle(old);
      if (!unchanged) await journal.commit();
      failIfPartial(outcome);
    });
  }

  /**
   * Takes a resource that exists into the state; a difference to its goal is the next step's matter. What had its name
   * goes at the end, unless it is gone already.
   */
  import(entry: Entry, id: string, replaced?: { old: Entry; deleted: boolean }): Step {
    const replaces = replaced !== undefined && !replaced.deleted;
    return this.#step(replaces ? "import-replacement" : "import", { entry, logical: !replaces }, async () => {
      const outcome = await this.#find("reading", entry, id, {});
      const now = timestamp();
      entry.state = { ...withOutcome(entry.state, outcome), importID: id, created: now, modified: now };
      this.#takePlace(entry, replaced);
      await this.#context.journal.commit();
      failIfPartial(outcome);
    });
  }

  /**
   * Brings the state of a resource up to what is really there; the entry keeps its place. `provider` is asked, where it
   * is given, instead of the one that the state names.
   */
  refresh(entry: Entry, provider?: string): Step {
    const { state } = entry;
    return this.#step("refresh", { old: new Entry(state), entry, logical: false }, async () => {
      const { journal, registry } = this.#context;
      if (!state.custom || isProviderType(state.type)) return "same";
      const instance = await registry.instanceFor(provider ? { ...state, provider } : state);
      const outcome = await instance.read(state, state.id ?? "");
      if (!outcome) {
        journal.vanish(entry);
        await journal.commit();
        return "delete";
      }
      const inputs = state.external ? state.inputs : (outcome.inputs ?? state.inputs);
      const read = withOutcome(state, { ...outcome, inputs });
      const same =
        equalMaps(state.outputs, read.outputs) && equalMaps(state.inputs, read.inputs) && state.id === read.id;
      if (same && !state.initErrors?.length === !read.initErrors?.length) return "same";
      entry.state = { ...read, modified: timestamp() };
      await journal.commit();
      return same ? "same" : "update";
    });
  }

  #step(
    op: StepOp,
    parts: { old?: Entry; entry?: Entry; difference?: Difference; logical?: boolean },
    apply: () => Promise<StepOp | undefined>,
  ): Step {
    const urn = (parts.entry ?? parts.old)?.state.urn ?? "";
    return {
      op,
      urn,
      logical: parts.logical ?? true,
      old: parts.old,
      entry: parts.entry,
      difference: parts.difference,
      apply: async () => (await apply()) ?? undefined,
    };
  }

  async #done(operation: "Create" | "Update", entry: Entry, old?: ResourceState): Promise<void> {
    if (entry.state.custom) await this.#context.hooks?.after(operation, { old, new: entry.state });
    else this.#unfinished.set(entry, { operation, old });
  }

  /** The entry is there; the old one is still to be deleted, or has been. */
  #takePlace(entry: Entry, replaced: { old: Entry; deleted: boolean } | undefined): void {
    this.#context.journal.add(entry);
    if (replaced?.deleted) this.#context.journal.settle(replaced.old);
    else if (replaced) replaced.old.state = { ...replaced.old.state, delete: true };
  }

  #replaceEntry(old: Entry, entry: Entry): void {
    this.#context.journal.settle(old);
    this.#context.journal.add(entry);
  }

  /** Runs a provider's call on a custom resource, with the operation on record while it lasts. */
  async #operate(
    type: PendingOperation["type"],
    entry: Entry,
    call: (state: ResourceState) => Promise<Outcome | undefined>,
  ): Promise<Outcome | undefined> {
    const { state } = entry;
    if (!state.custom) return undefined;
    const { journal, signal } = this.#context;
    if (isProviderType(state.type)) return call(state);
    const operation: PendingOperation = { type, resource: state };
    await journal.begin(operation);
    try {
      const outcome = await call(state);
      journal.end(operation);
      return outcome;
    } catch (error) {
      // What an aborted call left behind is looked at by the next deployment.
      if (!signal.aborted) journal.end(operation);
      await journal.commit();
      throw error;
    }
  }

  async #find(type: "reading", entry: Entry, id: string, inputs?: PropertyMap): Promise<Outcome> {
    const outcome = await this.#operate(type, entry, async (state) => {
      const instance = await this.#context.registry.instanceFor(state);
      return instance.read(state, id, inputs);
    });
    if (!outcome) throw new Error(`resource '${id}' does not exist`);
    return outcome;
  }
}
