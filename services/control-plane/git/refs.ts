import { GitError, git } from "../../../sources/git/git.ts";

/** Where a commit waits until it is deployed: `refs/pushes/main` for `refs/heads/main`. */
const PUSHES = "refs/pushes/";
const BRANCHES = "refs/heads/";

/** The refs of an app's bare repository that a push changes. */
export class PushedRefs {
  readonly #repository: string;

  constructor(repository: string) {
    this.#repository = repository;
  }

  /** What a ref names; undefined: it is not there. */
  async get(ref: string): Promise<string | undefined> {
    const line = await git(this.#repository, ["for-each-ref", "--format=%(objectname)", ref]);
    return line.trim().split("\n")[0] || undefined;
  }

  /** Whether an object is a commit, and not a tag of one. */
  async isCommit(id: string): Promise<boolean> {
    try {
      return (await git(this.#repository, ["cat-file", "-t", id])).trim() === "commit";
    } catch (error) {
      if (error instanceof GitError) return false;
      throw error;
    }
  }

  /** Holds a commit while it is deployed, so that a control plane which comes after this one finds it. */
  async hold(branch: string, commit: string): Promise<void> {
    await this.#update(`update ${PUSHES}${branch} ${commit}\n`);
  }

  /** The commits that are held, by their branches. */
  async held(): Promise<Map<string, string>> {
    const lines = await git(this.#repository, ["for-each-ref", "--format=%(objectname) %(refname)", PUSHES]);
    const entries = lines.split("\n").filter((line) => line !== "");
    return new Map(entries.map((line) => [line.slice(41 + PUSHES.length), line.slice(0, 40)] as const));
  }

  /** Moves the branch to the commit that is held. What is cloned from now on is that branch. */
  async take(branch: string, commit: string): Promise<void> {
    await this.#update(`update ${BRANCHES}${branch} ${commit}\ndelete ${PUSHES}${branch} ${commit}\n`);
    await git(this.#repository, ["symbolic-ref", "HEAD", `${BRANCHES}${branch}`]);
  }

  /** Lets go of the commit that is held, and leaves the branch. */
  async drop(branch: string, commit: string): Promise<void> {
    await this.#update(`delete ${PUSHES}${branch} ${commit}\n`);
  }

  async #update(commands: string): Promise<void> {
    await git(this.#repository, ["update-ref", "--stdin"], (put) => put(commands));
  }
}
