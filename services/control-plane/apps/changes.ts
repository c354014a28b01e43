import { setTimeout as sleep } from "node:timers/promises";
import { isUnreachable, messageOf, UserError, type UserErrorKind } from "../../../lib/errors.ts";
import type { Outcome } from "../../stacks/engine.ts";
import { RunFailed, type Runner } from "../runs/runner.ts";
import type { Act } from "../types.ts";
import { type Course, NotBegun } from "./courses.ts";
import type { Change, ChangeKind, Journal } from "./journal.ts";

/** Milliseconds between two looks for Docker, and for how long it is looked for. */
const LOOK_EVERY_MS = 500;
const DOCKER_TIMEOUT_MS = 600_000;

/** A change that was not made. */
export class ChangeFailed extends UserError {
  override readonly name: string = "ChangeFailed";
  /** What Pulumi printed. */
  readonly log: string;

  constructor(message: string, log: string, kind: UserErrorKind = "invalid") {
    super(message, { kind });
    this.log = log;
  }
}

/** A change that was refused because somebody else is changing the stack. */
export class StackLocked extends ChangeFailed {
  override readonly name = "StackLocked";

  constructor(message: string, log: string) {
    super(message, log, "conflict");
  }
}

export interface ChangeOptions {
  /** Gets what Pulumi prints, as it comes. */
  readonly display?: (text: string) => void;
  /** Told why it failed, before what it did is taken back; must not throw. */
  readonly failed?: (reason: string) => Promise<void>;
  /** No run is begun before this; one that goes on already is followed at once. */
  readonly calm?: Promise<unknown>;
}

export interface ChangeResult extends Outcome {
  /** Of the activity. */
  readonly activity: number;
}

export interface ChangesOptions {
  readonly journal: Journal;
  readonly runner: Pick<Runner, "up" | "create" | "destroy" | "find" | "follow" | "log">;
  /** Of the kinds of changes that are made here. */
  readonly courses: Readonly<Partial<Record<ChangeKind, Course>>>;
  /** The platform's name and folder. */
  readonly platform: string;
  readonly directory: string;
  /** Told of each change that was made, before it counts as made; must not throw. */
  readonly made: (change: Change, act: Act) => Promise<void>;
}

interface RunWishes {
  readonly prepare?: () => Promise<void>;
  readonly force?: boolean | undefined;
  readonly withoutForge?: boolean | undefined;
}

/**
 * Makes the changes that stand in the journal: whole, or taken back. Each step can be repeated, so that one process
 * ends what another began.
 */
export class Changes {
  readonly #options: ChangesOptions;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** What an earlier process began and did not finish, of the kinds that are made here, the oldest first. */
  unfinished(): Change[] {
    return this.#options.journal.unfinished().filter(({ kind }) => this.#options.courses[kind] !== undefined);
  }

  /** Ends what an earlier process began. How stands in the journal. */
  async resume(change: Change, options: ChangeOptions = {}): Promise<void> {
    const act = this.#options.journal.actOf(change.activity);
    const work = change.state === "reverting" ? this.#revert(change, act, options) : this.make(change, act, options);
    await work.catch((error: unknown) => {
      if (!(error instanceof ChangeFailed || error instanceof NotBegun)) throw error;
    });
  }

  /**
   * Makes a change, or follows whoever does so already.
   *
   * @throws ChangeFailed when it was taken back, NotBegun when there was nothing to take back
   */
  async make(change: Change, act: Act, options: ChangeOptions = {}): Promise<ChangeResult> {
    const { journal, runner, made } = this.#options;
    const { activity, run, kind } = change;
    const course = this.#course(kind);
    try {
      const outcome = await this.#run(change, act, options);
      await course.finish(change);
      await made(change, act);
      journal.end(activity, "succeeded", { log: await runner.log(run) });
      return { ...outcome, activity };
    } catch (error) {
      const message = messageOf(error);
      if (error instanceof NotBegun) {
        journal.end(activity, "failed", { message });
        throw error;
      }
      journal.reverting(activity, message);
      await options.failed?.(message);
      return this.#revert({ ...change, message }, act, options);
    }
  }

  async #run(change: Change, act: Act, options: ChangeOptions): Promise<Outcome> {
    const { run, kind } = change;
    const { run: verb, prepare } = this.#course(kind);
    const withoutForge = this.#course(kind).withoutForge?.run;
    const begin = async (id: string) =>
      this.#once(id, verb, change, act, options, { prepare: () => prepare(change), withoutForge });
    try {
      return await begin(run);
    } catch (error) {
      // Half of what was to be removed may be gone: there is no way back to what it was.
      if (verb !== "destroy" || !(error instanceof RunFailed) || error.state !== "abandoned") throw error;
      return begin(`${run}-again`);
    }
  }

  /** Takes back what failed. */
  async #revert(change: Change, act: Act, options: ChangeOptions = {}): Promise<never> {
    const { journal, runner } = this.#options;
    const { activity, run, repair, app, kind } = change;
    const { undo, restore, undone } = this.#course(kind);
    const told = [change.message ?? "it was ended before it was done"];
    // From the run's record: this process may not be the one that followed it.
    const record = (await runner.find(run))?.record;
    const reason = record?.state === "failed" ? record.reason : undefined;
    const locked = reason === "locked";
    try {
      const left = await restore(change);
      if (left !== undefined) told.push(left);
      else {
        // Where nothing was done, nothing can be cleaned up.
        if (!locked && reason !== "exists") {
          const back = { user: act.user, description: `Took back: ${act.description}` };
          // As it was, whatever it answers: it was no better before.
          const withoutForge = this.#course(kind).withoutForge?.undo;
          const how = { force: true, withoutForge };
          const { warnings } = await whenReached(() => this.#once(repair, undo, change, back, options, how));
          if (undo === "destroy") told.push(...warnings);
        }
        await undone(change);
      }
    } catch (error) {
      const state = undo === "up" ? "could not be brought up as it was" : "could not be removed again";
      told.push(`${undo === "up" ? "The file was put back, but " : ""}${app} ${state}: ${messageOf(error)}`);
    }
    const log = `${await runner.log(run)}${await runner.log(repair)}`;
    const message = told.join("\n");
    journal.end(activity, "failed", { message, log });
    throw new (locked ? StackLocked : ChangeFailed)(message, log);
  }

  /** A run that is made once, whoever makes it: found by its id, or begun. */
  async #once(
    id: string,
    verb: Course["run"],
    { app, stack, kind }: Change,
    act: Act,
    { display, calm }: ChangeOptions,
    { prepare = async () => {}, force = false, withoutForge = false }: RunWishes = {},
  ): Promise<Outcome> {
    const { runner, platform, directory } = this.#options;
    if ((await runner.find(id)) !== undefined) return runner.follow(id, display);
    await calm;
    await prepare();
    if (verb !== "destroy") return runner[verb](stack, act, { id, display, force, withoutForge });
    const { ofApp } = this.#course(kind);
    return runner.destroy(stack, act, {
      id,
      display,
      withoutForge,
      ...(ofApp && { leaving: { app, platform, directory } }),
    });
  }

  #course(kind: ChangeKind): Course {
    const course = this.#options.courses[kind];
    if (course === undefined) throw new Error(`a change of the kind ${kind} is not made here`);
    return course;
  }
}

/**
 * What has to be done waits for a Docker that is being started again. This process may be stopped for that meanwhile;
 * then the next one does it.
 */
async function whenReached<T>(work: () => Promise<T>): Promise<T> {
  for (const end = performance.now() + DOCKER_TIMEOUT_MS; ; await sleep(LOOK_EVERY_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!isUnreachable(error) || performance.now() > end) throw error;
    }
  }
}
