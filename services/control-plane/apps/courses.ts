import { readFile, rm } from "node:fs/promises";
import { parse } from "yaml";
import { writeFileAtomic } from "../../../engine/src/state/files.ts";
import { isRecord } from "../../../infra/check/readers.ts";
import { isMissing, UserError } from "../../errors.ts";
import { takeFile } from "../../stacks/file-turn.ts";
import { editStackFile } from "../../stacks/stack-file.ts";
import type { AppNames, Followers } from "./followers.ts";
import type { Change, ChangeKind, Journal } from "./journal.ts";

/** A change that was refused before anything was done: there is nothing to take back. */
export class NotBegun extends UserError {
  override readonly name = "NotBegun";
}

/**
 * How a kind of change is made, and taken back when it fails. Whatever a process that was killed has done already may
 * be done again.
 */
export interface Course {
  /** What Pulumi does. */
  readonly run: "up" | "create" | "destroy";
  /** What Pulumi does to take it back. */
  readonly undo: "up" | "destroy";
  /** Before the run. @throws NotBegun */
  prepare(change: Change): Promise<void>;
  /** After a run that succeeded. */
  finish(change: Change): Promise<void>;
  /** After a run that failed. @returns why it must be left as it is */
  restore(change: Change): Promise<string | undefined>;
  /** After what the run made was removed. */
  undone(change: Change): Promise<void>;
}

export interface CoursesOptions {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  /** So that a new control plane knows that what an earlier one held is free. */
  readonly editor: string;
  readonly followers: Followers;
  readonly journal: Journal;
}

/** The app that a stack file's text declares. */
export function namesIn(text: string, stack: string): AppNames {
  const settings: unknown = parse(text)?.config?.["dynoform:app"];
  const { name = stack, id = name } = isRecord(settings) ? settings : {};
  return { name: String(name), id: String(id) };
}

export function courses({ project, editor, followers, journal }: CoursesOptions): Record<ChangeKind, Course> {
  const nothing = async () => {};
  const edit: Course = {
    run: "up",
    undo: "up",
    async prepare(change) {
      if (!(await write(change, change.before, change.after)))
        throw new UserError("the stack file was edited meanwhile");
    },
    finish: nothing,
    async restore(change) {
      const back = await write(change, change.after, change.before);
      return back ? undefined : `The stack file of ${change.app} was edited meanwhile, so it stays as it is.`;
    },
    undone: nothing,
  };
  return {
    edit,
    rename: {
      ...edit,
      async finish({ app, stack, before, after }) {
        const { name } = namesIn(after, stack);
        journal.rename(app, name);
        await followers.renamed(namesIn(before, stack), name);
      },
    },
    create: {
      run: "create",
      undo: "destroy",
      prepare: begin,
      finish: nothing,
      restore: async () => undefined,
      undone: (change) => forget(change, change.after),
    },
    destroy: {
      run: "destroy",
      undo: "up",
      prepare: nothing,
      finish: (change) => forget(change, change.before),
      restore: async () => undefined,
      undone: nothing,
    },
  };

  /** Writes the file of a new app. */
  async function begin({ stack, path, after }: Change): Promise<void> {
    await using _turn = await takeFile(project, stack, editor);
    const present = await readFile(path, "utf8").catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    if (present === after) return;
    if (present !== undefined) throw new NotBegun(`${path} was written by somebody else meanwhile`);
    await writeFileAtomic(path, after, { mode: 0o644 });
  }

  async function forget({ stack, path }: Change, text: string): Promise<void> {
    await rm(path, { force: true });
    journal.forgetStack(stack);
    await followers.gone(namesIn(text, stack));
  }

  /**
   * Makes a stack file say `to`, unless it says so already.
   *
   * @returns false when it says neither that nor `from`, because somebody edited it
   */
  async function write({ stack, path }: Change, from: string, to: string): Promise<boolean> {
    const { after } = await editStackFile({ project, stack, path, editor }, (text) => (text === from ? to : text));
    return after === to;
  }
}
