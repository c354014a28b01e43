import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { messageOf } from "../../../lib/errors.ts";
import { editStackFile } from "../../../model/stack/editor.ts";
import { Changes, type ChangesOptions } from "../apps/changes.ts";
import { stackCourses } from "../apps/courses.ts";
import type { Change, LinkChangeKind } from "../apps/journal.ts";
import type { Act } from "../types.ts";
import type { NewLink } from "./link-file.ts";

interface LinkChangesOptions extends Pick<ChangesOptions, "journal" | "runner" | "platform" | "directory" | "made"> {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
}

/** Where a link is declared. */
interface Place {
  readonly stack: string;
  readonly path: string;
}

/** Changes links as apps are changed: by their stack files and a run, whole or taken back, whoever is killed meanwhile. */
export class LinkChanges {
  readonly #options: LinkChangesOptions;
  readonly #changes: Changes;
  readonly #editor: string;

  constructor(options: LinkChangesOptions) {
    const { project, platform, journal } = options;
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
      courses: {
        "link-edit": { ...edit, withoutForge: { run: false, undo: true } },
        "link-loosen": { ...edit, withoutForge: { run: true, undo: true } },
        "link-create": { ...create, withoutForge: { run: false, undo: true } },
        "link-destroy": { ...destroy, withoutForge: { run: true, undo: true } },
      },
    });
  }

  /** @param app for which it is done @throws ChangeFailed */
  async create(app: string, { stack, path, text }: NewLink, act: Act): Promise<void> {
    const { journal } = this.#options;
    const change = this.#change(
      "link-create",
      journal.begin(app, act),
      app,
      { stack, path },
      { before: "", after: text },
    );
    journal.applying(change);
    await this.#changes.make(change, act);
  }

  /**
   * @param kind `link-loosen` for what stands whether the forge answers or not
   * @returns what it did not do: a line each
   * @throws ChangeFailed, and what `edit` throws, after which nothing has changed
   */
  async edit(
    app: string,
    place: Place,
    act: Act,
    edit: (text: string) => string | Promise<string>,
    kind: "link-edit" | "link-loosen" = "link-edit",
  ): Promise<readonly string[]> {
    const { project, journal } = this.#options;
    const activity = journal.begin(app, act);
    const begun = this.#change(kind, activity, app, place, { before: "", after: "" });
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
    return (await this.#changes.make(change, act)).warnings;
  }

  /** @returns what is left at the forge: a line each @throws ChangeFailed when the link is there still */
  async destroy(app: string, { stack, path }: Place, act: Act): Promise<readonly string[]> {
    const { journal } = this.#options;
    const activity = journal.begin(app, act);
    const texts = { before: await readFile(path, "utf8"), after: "" };
    const change = this.#change("link-destroy", activity, app, { stack, path }, texts);
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
    kind: LinkChangeKind,
    activity: number,
    app: string,
    { stack, path }: Place,
    texts: Pick<Change, "before" | "after">,
  ): Change {
    const [run, repair] = [randomUUID(), randomUUID()];
    return { kind, activity, app, stack, path, ...texts, run, repair, state: "applying", message: null };
  }
}
