import { readFile, rm } from "node:fs/promises";
import { parse } from "yaml";
import { isMissing, UserError } from "../../../lib/errors.ts";
import { writeFileAtomic } from "../../../lib/files.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import { appNames, appSettingsOf } from "../../../model/stack/declared.ts";
import { editStackFile } from "../../../model/stack/editor.ts";
import { takeFile } from "../../../model/stack/file-turn.ts";
import type { AppNames, Followers } from "./followers.ts";
import type { AppChangeKind, Change, Journal } from "./journal.ts";

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
  /** Whether it is an app that a `destroy` destroys, of which there is more than its stack. */
  readonly ofApp: boolean;
  /** Which of both a forge need not agree to. @default neither */
  readonly withoutForge?: { readonly run: boolean; readonly undo: boolean };
  /** Before the run. @throws NotBegun */
  prepare(change: Change): Promise<void>;
  /** After a run that succeeded. */
  finish(change: Change): Promise<void>;
  /** After a run that failed. @returns why it must be left as it is */
  restore(change: Change): Promise<string | undefined>;
  /** After what the run made was removed. */
  undone(change: Change): Promise<void>;
}

interface StackCoursesOptions {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  /** So that a new control plane knows that what an earlier one held is free. */
  readonly editor: string;
  readonly ofApp: boolean;
  /** Told when a stack is no more and its file is gone. @param text what that said */
  forget(change: Change, text: string): Promise<void>;
}

interface CoursesOptions extends Pick<StackCoursesOptions, "project" | "editor"> {
  readonly followers: Followers;
  readonly journal: Journal;
}

/** The app that a stack file's text declares. */
export function namesIn(text: string, stack: string): AppNames {
  return appNames(settingsIn(text), stack);
}

/** Whether it is of a review app. */
export function isReview({ before, after }: Pick<Change, "before" | "after">): boolean {
  return settingsIn(after || before).review !== undefined;
}

function settingsIn(text: string): ReturnType<typeof appSettingsOf> {
  const config: unknown = parse(text)?.config;
  return appSettingsOf(isRecord(config) ? config : {});
}

/** How the stacks of apps are changed. */
export function courses({ project, editor, followers, journal }: CoursesOptions): Record<AppChangeKind, Course> {
  const own = stackCourses({
    project,
    editor,
    ofApp: true,
    async forget({ stack }, text) {
      journal.forgetStack(stack);
      await followers.gone(namesIn(text, stack));
    },
  });
  return {
    ...own,
    rename: {
      ...own.edit,
      async finish({ app, stack, before, after }) {
        const { name } = namesIn(after, stack);
        journal.rename(app, name);
        await followers.renamed(namesIn(before, stack), name);
      },
    },
  };
}

/** How a stack is made, changed and removed, whatever it declares. */
export function stackCourses(options: StackCoursesOptions): Record<"edit" | "create" | "destroy", Course> {
  const { project, editor, ofApp } = options;
  const nothing = async () => {};
  return {
    edit: {
      run: "up",
      undo: "up",
      ofApp,
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
    },
    create: {
      run: "create",
      undo: "destroy",
      ofApp,
      prepare: begin,
      finish: nothing,
      restore: async () => undefined,
      undone: (change) => forget(change, change.after),
    },
    destroy: {
      run: "destroy",
      undo: "up",
      ofApp,
      prepare: nothing,
      finish: (change) => forget(change, change.before),
      restore: async () => undefined,
      undone: nothing,
    },
  };

  /** Writes the file of a new stack. */
  async function begin({ stack, path, after }: Change): Promise<void> {
    await using _turn = await takeFile(project, stack, editor);
    const present = await readFile(path, "utf8").catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    if (present === after) return;
    if (present !== undefined) throw new NotBegun(`${path} was written by somebody else meanwhile`);
    await writeFileAtomic(path, after, { mode: 0o644 });
  }

  async function forget(change: Change, text: string): Promise<void> {
    await rm(change.path, { force: true });
    await options.forget(change, text);
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
