import { equalMaps } from "../values/equality.ts";
import { messageOf, Reported, Stopped } from "./errors.ts";
import type { Entry } from "./journal.ts";
import { PartialFailure, type Step } from "./step.ts";
import type { DeploymentEvent, StepMetadata, StepOp } from "./types.ts";
import { isDefaultProvider } from "./urn.ts";

interface ExecutorOptions {
  /** How many steps run at once; 0 or less: as many as there are. */
  readonly parallel: number;
  readonly continueOnError: boolean;
  /** Whether refreshes are what the deployment is about: told by what came of them, and counted. */
  readonly countsRefreshes: boolean;
  readonly event: (event: DeploymentEvent) => void;
}

/** Runs chains of steps, each in order and many beside one another, and tells what happens. */
export class Executor {
  readonly changes: Partial<Record<StepOp, number>> = {};
  readonly #options: ExecutorOptions;
  readonly #waiting: (() => void)[] = [];
  readonly #stopListeners = new Set<() => void>();
  /** Components that have not registered their outputs. */
  readonly #components = new Map<Entry, Step>();
  #free: number;
  #running = 0;
  #idle: (() => void)[] = [];
  #done = 0;
  #stopped = false;
  /** Whether a step failed. */
  failed = false;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#free = options.parallel > 0 ? options.parallel : Number.POSITIVE_INFINITY;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** From now on no step is begun; those that run are left to finish. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const wake of this.#waiting.splice(0)) wake();
    for (const listener of this.#stopListeners) listener();
  }

  /** Calls the listener when the executor stops, or at once when it has. */
  onStop(listener: () => void): void {
    if (this.#stopped) listener();
    else this.#stopListeners.add(listener);
  }

  /** Resolves when no step runs. */
  async drained(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Runs the steps one after another. Throws Reported when one fails, Stopped when it came to no end. */
  async run(steps: readonly Step[]): Promise<void> {
    if (steps.length === 0) return;
    await this.#acquire();
    await this.during(async () => {
      for (const step of steps) {
        if (this.#stopped) throw new Stopped();
        await this.#apply(step);
      }
    }).finally(() => this.#release());
  }

  /** Runs what belongs to a step that has ended: whoever waits for steps waits for it too. */
  async during(work: () => Promise<void>): Promise<void> {
    this.#running++;
    try {
      await work();
    } finally {
      this.#running--;
      if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** Notes a failure that no step stands for, such as refused inputs. `goOn`: there is more to be shown. */
  fail(message: string, urn?: string, goOn = this.#options.continueOnError): Reported {
    this.failed = true;
    this.#options.event({ kind: "diagnostic", urn, severity: "error", message });
    if (!goOn) this.stop();
    return new Reported(message);
  }

  warn(message: string, urn: string): void {
    this.#options.event({ kind: "diagnostic", urn, severity: "warning", message });
  }

  /** Tells of a resource that the deployment is not about: it stays as it is, or is not made. */
  keep(entry: Entry): void {
    const step: Step = {
      op: "same",
      urn: entry.state.urn,
      logical: true,
      old: entry,
      entry,
      apply: async () => "same",
    };
    const metadata = metadataOf(step);
    this.#options.event({ kind: "resource-pre", metadata });
    this.#count(step, metadata);
    if (entry.state.custom) this.#options.event({ kind: "resource-outputs", metadata });
  }

  /** Tells that a component has registered its outputs. */
  completed(component: Entry): void {
    const step = this.#components.get(component);
    if (step) this.#options.event({ kind: "resource-outputs", metadata: metadataOf(step) });
    this.#components.delete(component);
  }

  /** Tells the same of the components that never did. */
  completeAll(): void {
    for (const component of [...this.#components.keys()]) this.completed(component);
  }

  async #apply(step: Step): Promise<void> {
    const { event } = this.#options;
    event({ kind: "resource-pre", metadata: metadataOf(step) });
    this.#done++;
    try {
      const outcome = await step.apply();
      const op = (this.#options.countsRefreshes ? outcome : undefined) ?? step.op;
      const metadata = { ...metadataOf(step), op };
      this.#count(step, metadata);
      // A component is finished when it registers its outputs; what it was replaced by says when that is done.
      if (step.entry && hasOutputsLater(step)) this.#components.set(step.entry, step);
      else if (!isReplacedComponent(step)) event({ kind: "resource-outputs", metadata });
    } catch (error) {
      if (error instanceof Stopped) throw error;
      const failure = this.fail(messageOf(error), step.urn);
      const status = error instanceof PartialFailure ? 1 : 0;
      event({ kind: "resource-failed", metadata: metadataOf(step), status, steps: this.#done });
      throw failure;
    }
  }

  #count(step: Step, metadata: StepMetadata): void {
    const refreshed = step.op === "refresh" && this.#options.countsRefreshes;
    const counted = refreshed || (step.logical && !(step.op === "read" && !readChanged(step)));
    if (!counted || metadata.internal) return;
    this.changes[metadata.op] = (this.changes[metadata.op] ?? 0) + 1;
  }

  async #acquire(): Promise<void> {
    if (this.#stopped) throw new Stopped();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#stopped) throw new Stopped();
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}

function metadataOf(step: Step): StepMetadata {
  const state = step.entry?.state ?? step.old?.state;
  return {
    op: step.op,
    urn: step.urn,
    type: state?.type ?? "",
    old: step.old?.state,
    new: step.entry?.state,
    keys: step.difference?.keys,
    diffs: step.difference?.diffs,
    detailedDiff: step.difference?.detailedDiff,
    logical: step.logical,
    provider: state?.provider ?? "",
    internal: isDefaultProvider(step.urn) || undefined,
  };
}

function hasOutputsLater({ op, entry }: Step): boolean {
  return entry?.state.custom === false && op !== "refresh";
}

function isReplacedComponent({ op, old }: Step): boolean {
  return old?.state.custom === false && op === "delete-replaced";
}

/** A read that found what the state knew already is nothing that happened. */
function readChanged({ old, entry }: Step): boolean {
  return Boolean(old && entry && !equalMaps(old.state.outputs, entry.state.outputs));
}
