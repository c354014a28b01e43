import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserError } from "../../../lib/errors.ts";

const run = promisify(execFile);

/** A file that a change touches. */
interface ChangedFile {
  /** From the repository's folder. */
  readonly path: string;
  /** Whether it is gone. */
  readonly gone: boolean;
}

/** The change that is looked at: what the files here have that the base has not. */
export interface Change {
  /** The repository's folder. */
  readonly root: string;
  /** The commit that the change begins at. */
  readonly base: string;
  readonly head: string;
  readonly files: readonly ChangedFile[];
}

/**
 * What changed since the history here and the base parted.
 *
 * @param base a commit, branch or tag
 * @throws UserError where git knows no such base
 */
export async function changeSince(directory: string, base: string): Promise<Change> {
  const root = (await git(directory, "rev-parse", "--show-toplevel")).trim();
  const head = (await git(root, "rev-parse", "HEAD")).trim();
  // It must be no option of git's.
  const from = await git(root, "merge-base", "--end-of-options", base, "HEAD").catch(() => {
    throw new UserError(
      `git finds no common history of ${base} and what is checked out. Fetch it (of actions/checkout: \`fetch-depth: 0\`), or name another: --base REF.`,
    );
  });
  const merged = from.trim();
  const names = await git(root, "diff", "--name-status", "-z", "--no-renames", merged);
  const parts = names.split("\0");
  const files: ChangedFile[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) files.push({ path: parts[at + 1] ?? "", gone: parts[at] === "D" });
  return { root, base: merged, head, files };
}

/** The first line of a file that a change made or changed; 1 where all of it is new. */
export async function firstChangedLine({ root, base }: Change, path: string): Promise<number> {
  const diff = await git(root, "diff", "--unified=0", "--no-color", "--no-ext-diff", base, "--", path);
  return Math.max(1, Number(/^@@ -\S+ \+(\d+)/m.exec(diff)?.[1] ?? 1));
}

/** The text of a file at a commit; undefined: it is not there. */
export function textAt(root: string, commit: string, path: string): Promise<string | undefined> {
  return git(root, "show", "--end-of-options", `${commit}:${path}`).catch(() => undefined);
}

async function git(directory: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run("git", ["-c", "core.quotePath=false", ...args], {
      cwd: directory,
      maxBuffer: 64 << 20,
    });
    return stdout;
  } catch (error) {
    const { stderr = "", code } = error as { stderr?: string; code?: string | number };
    if (code === "ENOENT") throw new UserError("there is no git here, which tells what a change touches.");
    throw new UserError(`git ${args[0]} failed: ${stderr.trim().split("\n")[0] ?? ""}`);
  }
}
