import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { git } from "../../../sources/git/git.ts";

/** Paths to contents; null removes the file. */
export type Files = Readonly<Record<string, string | Uint8Array | null>>;

export interface CommitOptions {
  readonly message?: string;
  /** The commit that it follows; null: none. @default the branch's head */
  readonly parent?: string | null;
}

export interface BareRepository {
  readonly path: string;
  /** Commits on top of a branch's head, or of another commit, and moves the branch. Gives the commit's id. */
  commit(branch: string, files: Files, options?: CommitOptions): Promise<string>;
  /** Of a branch; undefined: there is no such branch. */
  head(branch: string): Promise<string | undefined>;
  /** Every branch with its head, by name. */
  branches(): Promise<ReadonlyMap<string, string>>;
  /** @param target undefined: the branch goes */
  move(branch: string, target: string | undefined): Promise<void>;
  /** Keeps what a pull request is at, which may be a fork's, as `refs/pull/N/head`. */
  keepPull(number: number, from: BareRepository, branch: string): Promise<void>;
  /** The files that differ since two commits parted. */
  changed(base: string, head: string): Promise<readonly string[]>;
  read(commit: string): Promise<CommitDetails | undefined>;
  /** The ids of the commits that `to` has and `from` has not, oldest first. */
  between(from: string, to: string): Promise<readonly string[]>;
  mergeBase(left: string, right: string): Promise<string | undefined>;
  /** A full id of a branch, tag or commit. */
  resolve(ref: string): Promise<string | undefined>;
}

export interface CommitDetails {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly name: string;
  readonly email: string;
  readonly date: string;
  readonly message: string;
}

export const NOTHING = "0".repeat(40);

/** A bare repository in a folder of its own. */
export async function bareRepository(folder: string, name: string, defaultBranch: string): Promise<BareRepository> {
  const path = join(folder, `${name}.git`);
  await mkdir(path, { recursive: true });
  const run = (args: readonly string[], input = "") => git(path, args, (put) => put(input));
  const maybe = async (args: readonly string[]) => {
    const found = await run(args).catch(() => "");
    return found.trim() === "" ? undefined : found.trim();
  };
  await run(["init", "--quiet", "--bare", `--initial-branch=${defaultBranch}`]);
  const resolve = (ref: string) => maybe(["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`]);
  const head = (branch: string) => resolve(`refs/heads/${branch}`);
  let seconds = Math.floor(Date.now() / 1000);

  return {
    path,
    resolve,
    head,
    async commit(branch, files, { message = "Change it", parent } = {}) {
      const from = parent === undefined ? await head(branch) : (parent ?? undefined);
      // A name that nothing else has: a commit of an unborn branch must not follow what fast-import knows of it.
      const ref = `refs/made/${++seconds}`;
      const parts: (string | Uint8Array)[] = [
        `commit ${ref}\n`,
        `committer Octo Cat <octo@example.com> ${seconds} +0000\n`,
        ...data(message),
        from === undefined ? "" : `from ${from}\n`,
        ...Object.entries(files).flatMap(([file, content]) =>
          content === null ? [`D ${file}\n`] : [`M 100644 inline ${file}\n`, ...data(content)],
        ),
      ];
      await git(path, ["fast-import", "--quiet", "--force"], (put) => put(Buffer.concat(parts.map(bytes))));
      const made = (await resolve(ref)) as string;
      await run(["update-ref", "-d", ref]);
      await run(["update-ref", `refs/heads/${branch}`, made]);
      return made;
    },
    async branches() {
      const listing = await run(["for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads"]);
      const lines = listing.split("\n").filter((line) => line !== "");
      return new Map(lines.map((line) => line.split(" ") as [string, string]));
    },
    async move(branch, target) {
      await run([
        "update-ref",
        ...(target === undefined ? ["-d"] : []),
        `refs/heads/${branch}`,
        ...(target ? [target] : []),
      ]);
    },
    async keepPull(number, from, branch) {
      const ref = `refs/pull/${number}/head`;
      const target = await from.head(branch);
      // What is gone stays there.
      if (target === undefined) return;
      if (from.path === path) await run(["update-ref", ref, target]);
      else await run(["fetch", "--quiet", "--no-tags", from.path, `+refs/heads/${branch}:${ref}`]);
    },
    async changed(base, head) {
      const names = await run(["diff", "--name-only", `${base}...${head}`]);
      return names.split("\n").filter((name) => name !== "");
    },
    async read(commit) {
      const text = await run(["show", "--no-patch", "--format=%H%n%T%n%P%n%an%n%ae%n%aI%n%B", commit]).catch(() => "");
      if (text === "") return undefined;
      const [sha = "", tree = "", parents = "", name = "", email = "", date = "", ...message] = text.split("\n");
      const ids = parents.split(" ").filter((id) => id !== "");
      return { sha, tree, parents: ids, name, email, date, message: message.join("\n").trim() };
    },
    async between(from, to) {
      const range = from === NOTHING ? [to] : [`${from}..${to}`];
      return (await run(["rev-list", "--reverse", ...range])).split("\n").filter((id) => id !== "");
    },
    mergeBase: (left, right) => maybe(["merge-base", left, right]),
  };
}

/** As `git fast-import` takes a text. */
function data(content: string | Uint8Array): readonly (string | Uint8Array)[] {
  return [`data ${bytes(content).length}\n`, content, "\n"];
}

function bytes(content: string | Uint8Array): Buffer {
  return typeof content === "string" ? Buffer.from(content) : Buffer.from(content);
}
