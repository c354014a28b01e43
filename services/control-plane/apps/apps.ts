import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { messageOf, UserError } from "../../../lib/errors.ts";
import type { ReviewSettings } from "../../../model/app/review.ts";
import { type Edited, editStackFile } from "../../../model/stack/editor.ts";
import { pulumiReason } from "../../stacks/reasons.ts";
import type { Runner } from "../runs/runner.ts";
import type { Act, AppLock } from "../types.ts";
import { type ChangeOptions, type ChangeResult, Changes } from "./changes.ts";
import type { StackCommits } from "./commits.ts";
import { courses, isReview, namesIn } from "./courses.ts";
import { type DeclaredApp, declaredApps } from "./declared.ts";
import { type Edit, editedText } from "./edit.ts";
import { type AppFollower, Followers } from "./followers.ts";
import type { Activity, Change, ChangeKind, Journal } from "./journal.ts";
import { takenName } from "./names.ts";
import { NewApps } from "./new-apps.ts";
import { type Plan, Plans } from "./plans.ts";
import { replacedText } from "./replaced.ts";
import type { AppSizes } from "./sizes.ts";

export { ChangeFailed, type ChangeOptions, type ChangeResult, StackLocked } from "./changes.ts";

export interface AppsOptions {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  /** The platform's name. */
  readonly platform: string;
  /** The platform's folder. */
  readonly directory: string;
  readonly domain: string;
  readonly webPort: number;
  readonly journal: Journal;
  readonly runner: Pick<Runner, "up" | "create" | "destroy" | "preview" | "pulumi" | "find" | "follow" | "log">;
  readonly lock: AppLock;
  /** A folder for unfinished copies of stack files, which the runner sees too. */
  readonly scratch: string;
  /** What an app takes, which `sizesOf` reads. */
  readonly sizes: (app: { readonly id: string; readonly image: string | undefined }) => Promise<AppSizes>;
  /** Makes each change a commit; undefined: nobody wants that. */
  readonly commits: Pick<StackCommits, "commit"> | undefined;
  /** Gets what went wrong beside a change that was made. */
  readonly report: (problem: string) => void;
}

interface CreateOptions extends ChangeOptions {
  /** Of a review app, which alone may have its name. */
  readonly review?: ReviewSettings;
}

/**
 * The apps of this project, which are changed in one way only: their stack file is edited and `up` is run. A change
 * that fails is taken back; one that a killed process left is finished by the next.
 */
export class Apps {
  readonly #options: AppsOptions;
  readonly #followers: Followers;
  readonly #changes: Changes;
  readonly #plans: Plans;
  readonly #new: NewApps;
  /** Names that apps are being given. */
  readonly #given = new Set<string>();
  /** So that a new control plane knows that what an earlier one held is free. */
  readonly #editor: string;

  constructor(options: AppsOptions) {
    const { project, platform, journal } = options;
    this.#options = options;
    this.#editor = `control plane of ${platform}`;
    this.#followers = new Followers(options.report);
    this.#changes = new Changes({
      ...options,
      courses: courses({ project, editor: this.#editor, followers: this.#followers, journal }),
      // A review app is nobody's to review: it comes and goes with its pull request.
      made: async (change, act) => (isReview(change) ? undefined : options.commits?.commit(change, act)),
    });
    this.#plans = new Plans(options);
    this.#new = new NewApps({ project, platform, domain: options.domain, list: () => this.list() });
  }

  /** Has somebody told of apps that come, go, and are called otherwise. Before `resume`. */
  follow(follower: AppFollower): void {
    this.#followers.add(follower);
  }

  list(): Promise<DeclaredApp[]> {
    const { journal } = this.#options;
    return declaredApps({ ...this.#options, firstSeen: (stack) => journal.firstSeen(stack) });
  }

  async get(name: string): Promise<DeclaredApp | undefined> {
    return (await this.list()).find((app) => app.name === name);
  }

  /** A name for a new app: what is wanted, or a random one. @throws NameRefused */
  newName(wanted: string | undefined): Promise<string> {
    return this.#new.name(wanted);
  }

  /** What an app takes. @param image the id of what runs */
  sizes({ id }: Pick<DeclaredApp, "id">, image: string | undefined): Promise<AppSizes> {
    return this.#options.sizes({ id, image });
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
      if (pulumiReason(error) === "unknown-stack") return undefined;
      throw error;
    }
  }

  /**
   * Makes an app: its stack file, its stack, and what it is without a source, a welcome page. All of it is undone when
   * that fails.
   *
   * @param owner the id of an account
   * @throws NameRefused, ChangeFailed
   */
  async create(
    name: string,
    act: Act,
    owner?: string,
    options: CreateOptions = {},
  ): Promise<ChangeResult & { readonly app: DeclaredApp }> {
    return this.#make(name, act, owner, options, () => this.#new.describe(name, { review: options.review }));
  }

  /**
   * Makes an app that a stack file declares which comes from elsewhere.
   *
   * @throws NameRefused, ChangeFailed, and UserError for a file that is not one of a new app of this platform
   */
  async add(stack: string, text: string, act: Act, options: ChangeOptions = {}): Promise<ChangeResult> {
    const { name } = namesIn(text, stack);
    return this.#make(name, act, undefined, options, () => this.#new.declared(stack, text));
  }

  async #make(
    name: string,
    act: Act,
    owner: string | undefined,
    options: CreateOptions,
    describe: () => ReturnType<NewApps["describe"]>,
  ): Promise<ChangeResult & { readonly app: DeclaredApp }> {
    const { journal, lock } = this.#options;
    const { review } = options;
    const work = () =>
      lock.run(name, "its creation", async () => {
        const { stack, path, id, text } = await describe();
        journal.forgetApp(name);
        const activity = journal.begin(name, act);
        this.#followers.making({ name, id }, owner);
        const change = this.#change("create", activity, { name, stack, path }, { before: "", after: text });
        journal.applying(change);
        const made = await this.#changes.make(change, act, options);
        return { ...made, app: await this.#known(name) };
      });
    return this.#give(name, work, review !== undefined);
  }

  /**
   * Destroys an app with its databases, and forgets it.
   *
   * @throws ChangeFailed when it is there still
   */
  async destroy(name: string, act: Act, options: ChangeOptions = {}): Promise<ChangeResult> {
    const { journal } = this.#options;
    return this.#inTurn(name, "its destruction", act, options, async (app, activity) => {
      // The file goes last, when there is nothing left that it declares.
      const texts = { before: await readFile(app.path, "utf8"), after: "" };
      const change = this.#change("destroy", activity, app, texts);
      journal.applying(change);
      return change;
    });
  }

  /** Gives an app another name. Its stack, databases and repository keep theirs. @throws as `create` and `change` */
  async rename(name: string, to: string, act: Act, options: ChangeOptions = {}): Promise<ChangeResult> {
    return this.#give(to, () =>
      this.#options.lock.run(to, "the renaming of another app", () =>
        this.#inTurn(name, "its renaming", act, options, async (app, activity) => {
          await this.#new.checkFree(to);
          if (app.hosts.length > 0) {
            // The router gives a host to one app at a time, and takes it from none before the other is there.
            throw new UserError(
              `${name} is also served at ${app.hosts.join(", ")}. Remove its domains, rename it, and add them again.`,
            );
          }
          return this.#edit("rename", app, activity, renaming(app, to));
        }),
      ),
    );
  }

  /** Gives a name to one at a time: the others are refused at once, and not after their turn has come. */
  async #give<T>(name: string, work: () => Promise<T>, review = false): Promise<T> {
    if (this.#given.has(name)) throw takenName(name);
    this.#given.add(name);
    try {
      await this.#new.name(name, review);
      return await work();
    } finally {
      this.#given.delete(name);
    }
  }

  /**
   * Waits for the app's turn, edits its file and runs `up`; puts the file back and brings up what it says when that
   * fails.
   *
   * @throws ChangeFailed, AppBusy, and what `edit` throws, after which nothing has changed
   */
  async change(name: string, act: Act, edit: Edit, options: ChangeOptions = {}): Promise<ChangeResult> {
    return this.#inTurn(name, "a change", act, options, (app, activity) => this.#edit("edit", app, activity, edit));
  }

  /**
   * The same with a whole file that comes from elsewhere, in the place of the one that its writer knew.
   *
   * @throws UserError when the file here is neither, and when the app would have another name, after which nothing has changed
   */
  async replace(name: string, act: Act, { before, after }: Edited, options: ChangeOptions = {}): Promise<ChangeResult> {
    return this.#inTurn(name, "a change", act, options, (app, activity) => {
      const { name: called, id } = namesIn(after, app.stack);
      if (called !== name || id !== app.id) {
        throw new UserError(`${name} would have another name or id. Rename it by \`heroku apps:rename\`.`);
      }
      return this.#write("edit", app, activity, (text) => replacedText(name, text, { before, after }));
    });
  }

  /** What `change` would do: a preview, after which nothing has changed. */
  async plan(name: string, act: Act, edit: Edit): Promise<Plan> {
    return this.#options.lock.run(name, "a preview", async () =>
      this.#plans.change(await this.#known(name), act, edit),
    );
  }

  /** What `create` would do. */
  async planCreate(name: string, act: Act): Promise<Plan> {
    await this.#new.name(name);
    return this.#options.lock.run(name, "a preview", async () => {
      const { stack, text } = await this.#new.describe(name, { keyed: true });
      return this.#plans.create(stack, act, text);
    });
  }

  /** What `destroy` would do. */
  async planDestroy(name: string, act: Act): Promise<Plan> {
    return this.#options.lock.run(name, "a preview", async () => this.#plans.destroy(await this.#known(name), act));
  }

  /** What `rename` would do. */
  async planRename(name: string, to: string, act: Act): Promise<Plan> {
    await this.#new.name(to);
    const app = await this.#known(name);
    return this.plan(name, act, renaming(app, to));
  }

  /**
   * Finishes what an earlier process began. Each app has its turn at once, so that nobody changes it before.
   *
   * @param calm no run is begun before this
   */
  async resume(calm?: Promise<unknown>): Promise<void> {
    const { journal, lock } = this.#options;
    journal.forgetUnbegun("the control plane was ended before anything was changed");
    await Promise.all(
      this.#changes
        .unfinished()
        .map((change) => lock.run(change.app, "a change", () => this.#changes.resume(change, { calm }))),
    );
  }

  async #known(name: string): Promise<DeclaredApp> {
    const app = await this.get(name);
    if (app === undefined) throw new UserError(`there is no app ${name} on this platform`);
    return app;
  }

  /** @param begin writes down what is to be done; what it throws ends the act before it began */
  async #inTurn(
    name: string,
    what: string,
    act: Act,
    options: ChangeOptions,
    begin: (app: DeclaredApp, activity: number) => Promise<Change>,
  ): Promise<ChangeResult> {
    const { journal, lock } = this.#options;
    return lock.run(name, what, async () => {
      const app = await this.#known(name);
      const activity = journal.begin(name, act);
      let change: Change;
      try {
        change = await begin(app, activity);
      } catch (error) {
        journal.end(activity, "failed", { message: messageOf(error) });
        throw error;
      }
      return this.#changes.make(change, act, options);
    });
  }

  /** Writes down a change, and then the file. */
  async #edit(kind: "edit" | "rename", app: DeclaredApp, activity: number, edit: Edit): Promise<Change> {
    return this.#write(kind, app, activity, (text) => editedText(this.#options, app, text, edit));
  }

  async #write(
    kind: "edit" | "rename",
    app: DeclaredApp,
    activity: number,
    write: (text: string) => string | Promise<string>,
  ): Promise<Change> {
    const { project, journal } = this.#options;
    const { stack, path } = app;
    const begun = this.#change(kind, activity, app, { before: "", after: "" });
    const texts = await editStackFile({ project, stack, path, editor: this.#editor }, write, (edited) =>
      journal.applying({ ...begun, ...edited }),
    );
    return { ...begun, ...texts };
  }

  #change(
    kind: ChangeKind,
    activity: number,
    { name, stack, path }: Pick<DeclaredApp, "name" | "stack" | "path">,
    texts: Pick<Change, "before" | "after">,
  ): Change {
    const [run, repair] = [randomUUID(), randomUUID()];
    return { kind, activity, app: name, stack, path, ...texts, run, repair, state: "applying", message: null };
  }
}

/** The id, which names databases and repository, is the name where the file gives none. */
function renaming({ id }: DeclaredApp, to: string): Edit {
  return (file) => {
    file.set(["id"], id);
    file.set(["name"], to);
  };
}
