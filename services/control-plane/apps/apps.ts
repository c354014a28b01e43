import { randomUUID } from "node:crypto";
import { relative, resolve } from "node:path";
import { isRecord } from "../../../infra/check/readers.ts";
import { messageOf, UserError } from "../../errors.ts";
import type { Outcome } from "../../stacks/engine.ts";
import { editStackFile, StackFileEditor } from "../../stacks/stack-file.ts";
import type { Plan } from "../api/ports.ts";
import { RunFailed, type Runner } from "../runner.ts";
import type { Act, AppLock } from "../types.ts";
import { AppFile } from "./app-file.ts";
import { type DeclaredApp, declaredApps } from "./declared.ts";
import type { Activity, Change, Journal } from "./journal.ts";
import { seal } from "./seal.ts";

/** A change that was not made. */
export class ChangeFailed extends UserError {
  override readonly name = "ChangeFailed";
  /** What Pulumi printed. */
  readonly log: string;

  constructor(message: string, log: string) {
    super(message);
    this.log = log;
  }
}

export interface ChangeOptions {
  /** Gets what Pulumi prints, as it comes. */
  readonly display?: (text: string) => void;
}

export interface ChangeResult extends Outcome {
  /** Of the activity. */
  readonly activity: number;
}

export interface AppsOptions {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  /** The platform's name. */
  readonly platform: string;
  readonly domain: string;
  readonly webPort: number;
  readonly journal: Journal;
  readonly runner: Pick<Runner, "up" | "pulumi" | "find" | "follow" | "log">;
  readonly lock: AppLock;
  /** A folder for unfinished copies of stack files, which the runner sees too. */
  readonly scratch: string;
}

/**
 * The apps of this project, which are changed in one way only: their stack file is edited and `up` is run. A change
 * that fails is taken back; one that a killed process left is finished by the next.
 */
export class Apps {
  readonly #options: AppsOptions;
  /** So that a new control plane knows that what an earlier one held is free. */
  readonly #editor: string;

  constructor(options: AppsOptions) {
    this.#options = options;
    this.#editor = `control plane of ${options.platform}`;
  }

  list(): Promise<DeclaredApp[]> {
    const { journal } = this.#options;
    return declaredApps({ ...this.#options, firstSeen: (stack) => journal.firstSeen(stack) });
  }

  async get(name: string): Promise<DeclaredApp | undefined> {
    return (await this.list()).find((app) => app.name === name);
  }

  /** What was done to an app, the newest first. */
  activity(app: string, limit?: number): Activity[] {
    return this.#options.journal.activity(app, limit);
  }

  /** Notes an act that changes nothing declared, such as a restart, with its result. */
  async record<T>(app: string, act: Act, work: () => Promise<T>): Promise<T> {
    const { journal } = this.#options;
    const id = journal.begin(app, act);
    try {
      const result = await work();
      journal.end(id, "succeeded");
      return result;
    } catch (error) {
      journal.end(id, "failed", { message: messageOf(error) });
      throw error;
    }
  }

  /** A stack's outputs, secrets in plain; undefined when it was never brought up. */
  async outputs(stack: string): Promise<Record<string, unknown> | undefined> {
    const args = ["stack", "output", "--json", "--show-secrets", "--stack", stack];
    try {
      const outputs: Record<string, unknown> = JSON.parse(await this.#options.runner.pulumi(args));
      return Object.keys(outputs).length > 0 ? outputs : undefined;
    } catch (error) {
      if (error instanceof UserError && /no stack named/.test(error.message)) return undefined;
      throw error;
    }
  }

  /**
   * Waits for the app's turn, edits its file and runs `up`; puts the file back and brings up what it says when that
   * fails.
   *
   * @throws ChangeFailed, AppBusy, and what `edit` throws, after which nothing has changed
   */
  async change(
    name: string,
    act: Act,
    edit: (file: AppFile) => void | Promise<void>,
    options: ChangeOptions = {},
  ): Promise<ChangeResult> {
    const { journal, lock } = this.#options;
    return lock.run(name, "a change", async () => {
      const app = await this.get(name);
      if (app === undefined) throw new UserError(`there is no app ${name} on this platform`);
      const activity = journal.begin(name, act);
      let change: Change;
      try {
        change = await this.#edit(app, activity, edit);
      } catch (error) {
        journal.end(activity, "failed", { message: messageOf(error) });
        throw error;
      }
      return this.#apply(change, act, options);
    });
  }

  /** What `change` would do. */
  async plan(_name: string, _act: Act, _edit: (file: AppFile) => void | Promise<void>): Promise<Plan> {
    throw new UserError("previews are not there yet");
  }

  /** Finishes what an earlier process began. Each app has its turn at once, so that nobody changes it before. */
  async resume(): Promise<void> {
    const { journal, lock } = this.#options;
    journal.forgetUnbegun("the control plane was ended before anything was changed");
    const changes = journal.unfinished();
    await Promise.all(
      changes.map((change) =>
        lock.run(change.app, "a change", async () => {
          const act = journal.actOf(change.activity);
          // How it ends stands in the journal; nobody waits for it.
          const work = change.state === "reverting" ? this.#revert(change, act) : this.#apply(change, act);
          await work.catch((error: unknown) => {
            if (!(error instanceof ChangeFailed)) throw error;
          });
        }),
      ),
    );
  }

  async #edit(app: DeclaredApp, activity: number, edit: (file: AppFile) => void | Promise<void>): Promise<Change> {
    const { journal, runner, scratch, project } = this.#options;
    const { stack, path } = app;
    const ids = { activity, app: app.name, stack, path, run: randomUUID(), repair: randomUUID() };
    const { before, after } = await editStackFile(
      { project, stack, path, editor: this.#editor },
      async (text) => {
        const editor = new StackFileEditor(text, path);
        const file = new AppFile(editor);
        await edit(file);
        checkSource(project, app.name, file.settings);
        const values = [...file.values];
        const given = values.filter((entry): entry is [string, string] => entry[1] !== undefined);
        const sealed = await seal(runner, scratch, { stack, path }, new Map(given));
        for (const [name] of values) editor.setConfig(name, sealed.get(name));
        return editor.text;
      },
      (edited) => journal.applying({ ...ids, ...edited }),
    );
    return { ...ids, before, after, state: "applying", message: null };
  }

  /** Brings up what the file says, or follows whoever does so already. */
  async #apply(change: Change, act: Act, options: ChangeOptions = {}): Promise<ChangeResult> {
    const { journal, runner } = this.#options;
    const { activity, run, stack } = change;
    try {
      const outcome = await this.#once(run, stack, act, options, () =>
        this.#write(change, change.before, change.after),
      );
      journal.end(activity, "succeeded", { log: await runner.log(run) });
      return { ...outcome, activity };
    } catch (error) {
      journal.reverting(activity, messageOf(error));
      // Somebody else has the stack: nothing was done, and nothing can be cleaned up.
      const clean = error instanceof RunFailed && error.locked;
      return this.#revert({ ...change, message: messageOf(error) }, act, { ...options, clean });
    }
  }

  /** Puts the file back and removes what the failed run made. */
  async #revert(change: Change, act: Act, options: ChangeOptions & { clean?: boolean } = {}): Promise<never> {
    const { journal, runner } = this.#options;
    const { activity, run, repair, stack, app } = change;
    const told = [change.message ?? "it was ended before it was done"];
    try {
      const back = await this.#write(change, change.after, change.before);
      if (!back) {
        told.push(`The stack file of ${app} was edited meanwhile, so it stays as it is.`);
      } else if (options.clean !== true) {
        const undo = { user: act.user, description: `Took back: ${act.description}` };
        await this.#once(repair, stack, undo, options, async () => true);
      }
    } catch (error) {
      told.push(`The file was put back, but ${app} could not be brought up as it was: ${messageOf(error)}`);
    }
    const log = `${await runner.log(run)}${await runner.log(repair)}`;
    const message = told.join("\n");
    journal.end(activity, "failed", { message, log });
    throw new ChangeFailed(message, log);
  }

  /**
   * A run that is made once, whoever makes it: found by its id, or begun.
   *
   * @param prepare what must be so before it begins; false: it is not, and there is nothing to run
   */
  async #once(
    id: string,
    stack: string,
    act: Act,
    { display }: ChangeOptions,
    prepare: () => Promise<boolean>,
  ): Promise<Outcome> {
    const { runner } = this.#options;
    if ((await runner.find(id)) !== undefined) return runner.follow(id, display);
    if (!(await prepare())) throw new UserError("the stack file was edited meanwhile");
    return runner.up(stack, act, { id, display });
  }

  /**
   * Makes a stack file say `to`, unless it says so already.
   *
   * @returns false when it says neither that nor `from`, because somebody edited it
   */
  async #write({ stack, path }: Change, from: string, to: string): Promise<boolean> {
    const { project } = this.#options;
    const { after } = await editStackFile({ project, stack, path, editor: this.#editor }, (text) =>
      text === from ? to : text,
    );
    return after === to;
  }
}

/** The runner has the project and nothing beside it. */
function checkSource(project: string, app: string, { source }: Readonly<Record<string, unknown>>): void {
  const path = isRecord(source) ? source.path : undefined;
  if (typeof path !== "string" || !relative(project, resolve(project, path)).startsWith("..")) return;
  throw new UserError(
    `the source of ${app}, ${path}, lies outside of the project, where the platform cannot build it. Move it below ${project}, push it with git, or change the app on the host with \`pulumi up\`.`,
  );
}
