import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { messageOf } from "../../../lib/errors.ts";
import { editStackFile } from "../../../model/stack/editor.ts";
import type { Act } from "../types.ts";
import { type ChangeResult, Changes, type ChangesOptions } from "./changes.ts";
import { stackCourses } from "./courses.ts";
import type { Change, StackChangeKind } from "./journal.ts";

/** What is declared beside apps: `link` a repository, `pipeline` apps in stages. */
type Declared = "link" | "pipeline";

/** What only takes something away. */
const LOOSENS = new Set(["loosen", "destroy"]);

interface StackChangesOptions extends Pick<ChangesOptions, "journal" | "runner" | "platform" | "directory" | "made"> {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  readonly of: Declared;
}

/** Where a stack is declared. */
interface StackPlace {
  readonly stack: string;
  readonly path: string;
}

/** A stack that is not there yet. */
export interface NewStack extends StackPlace {
  /** Of its stack file, secure values encrypted. */
  readonly text: string;
}

/**
 * Changes stacks that are no apps, as apps are changed: by their stack files and a run, whole or taken back, whoever is
 * killed meanwhile.
 */
export class StackChanges {
  readonly #options: StackChangesOptions;
  readonly #changes: Changes;
  readonly #editor: string;

  constructor(options: StackChangesOptions) {
    const { project, platform, journal, of } = options;
    this.#options = options;
    this.#editor = `control plane of ${platform}`;
    const { edit, create, destroy } = stackCourses({
      project,
      editor: this.#editor,
      ofApp: false,
      forget: async ({ stack }) => journal.forgetStack(stack),
    });
    this.#changes = new Changes({
      ...options,
      courses: Object.fromEntries(
        Object.entries({ edit, loosen: edit, create, destroy }).map(([what, course]) => [
          `${of}-${what}`,
          // A link's runs ask its forge, which may refuse.
          of === "link" ? { ...course, withoutForge: { run: LOOSENS.has(what), undo: true } } : course,
        ]),
      ),
    });
  }

  /** @param app for which it is done; the stack itself where it is for none @throws ChangeFailed */
  async create(app: string, { stack, path, text }: NewStack, act: Act): Promise<ChangeResult> {
    const { journal } = this.#options;
    const change = this.#change("create", journal.begin(app, act), app, { stack, path }, { before: "", after: text });
    journal.applying(change);
    return this.#changes.make(change, act);
  }

  /**
   * @param what `loosen` for what stands whether a forge answers or not
   * @returns `warnings`: what it did not do, a line each
   * @throws ChangeFailed, and what `edit` throws, after which nothing has changed
   */
  async edit(
    app: string,
    place: StackPlace,
    act: Act,
    edit: (text: string) => string | Promise<string>,
    what: "edit" | "loosen" = "edit",
  ): Promise<ChangeResult> {
    const { project, journal } = this.#options;
    const activity = journal.begin(app, act);
    const begun = this.#change(what, activity, app, place, { before: "", after: "" });
    let change: Change;
    try {
      const texts = await editStackFile({ project, ...place, editor: this.#editor }, edit, (edited) =>
        journal.applying({ ...begun, ...edited }),
      );
      change = { ...begun, ...texts };
    } catch (error) {
      journal.end(activity, "failed", { message: messageOf(error) });
      throw error;
    }
    return this.#changes.make(change, act);
  }

  /** @returns what is left at a forge: a line each @throws ChangeFailed when it is there still */
  async destroy(app: string, { stack, path }: StackPlace, act: Act): Promise<readonly string[]> {
    const { journal } = this.#options;
    const activity = journal.begin(app, act);
    const texts = { before: await readFile(path, "utf8"), after: "" };
    const change = this.#change("destroy", activity, app, { stack, path }, texts);
    journal.applying(change);
    return (await this.#changes.make(change, act)).warnings;
  }

  /** What an earlier process began and did not finish. */
  unfinished(): Change[] {
    return this.#changes.unfinished();
  }

  resume(change: Change, calm?: Promise<unknown>): Promise<void> {
    return this.#changes.resume(change, { calm });
  }

  #change(
    what: "edit" | "loosen" | "create" | "destroy",
    activity: number,
    app: string,
    { stack, path }: StackPlace,
    texts: Pick<Change, "before" | "after">,
  ): Change {
    const [run, repair] = [randomUUID(), randomUUID()];
    const kind: StackChangeKind = `${this.#options.of}-${what}`;
    return { kind, activity, app, stack, path, ...texts, run, repair, state: "applying", message: null };
  }
}
