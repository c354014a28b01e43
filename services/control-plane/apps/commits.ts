import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { gitEnvironment } from "../../../sources/git/git.ts";
import type { Act } from "../types.ts";
import type { Change } from "./journal.ts";

const run = promisify(execFile);

/** How often, and after how many milliseconds, it is tried again when somebody else has Git's index. */
const TRIES = 10;
const RETRY_MS = 300;

interface CommitsOptions {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  /** Gets what could not be committed. */
  readonly report: (problem: string) => void;
}

/**
 * Makes each change a commit of its stack file alone, in the repository that the project lies in: what else is staged,
 * or lies in the working tree, stays as it is. A change whose file says what the last commit says makes none.
 */
export class StackCommits {
  readonly #options: CommitsOptions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: CommitsOptions) {
    this.#options = options;
  }

  /** The change is made already, so what is wrong with Git is only told. */
  async commit(change: Change, act: Act): Promise<void> {
    const turn = this.#last.then(() => this.#commit(change, act));
    this.#last = turn.catch((error: { readonly stderr?: string; readonly message: string }) => {
      const reason = (error.stderr || error.message).trim().split("\n", 1)[0];
      this.#options.report(`the change of ${change.app} was made, and could not be committed: ${reason}`);
    });
    await this.#last;
  }

  async #commit({ app, path, kind }: Change, { user, description }: Act): Promise<void> {
    const state = await this.#git(["status", "--porcelain", "--untracked-files=all", "--", path]);
    if (state === "") return;
    // A file that Git does not know yet cannot be named to `commit`.
    if (state.startsWith("??")) await this.#git(["add", "--intent-to-add", "--", path]);
    const what = kind === "create" ? "Create the app" : description;
    const author = { GIT_AUTHOR_NAME: user, GIT_AUTHOR_EMAIL: user };
    await this.#git(["commit", "--only", "--no-verify", "--quiet", "--message", `${app}: ${what}`, "--", path], author);
  }

  async #git(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { project } = this.#options;
    // No hook or helper of the repository's runs here, and its owner may be somebody else.
    const settings = ["safe.directory=*", "core.hooksPath=/dev/null", "core.fsmonitor=false", "commit.gpgSign=false"];
    const argv = ["--literal-pathspecs", ...settings.flatMap((setting) => ["-c", setting]), ...args];
    const committer = { GIT_COMMITTER_NAME: "Dynoform", GIT_COMMITTER_EMAIL: "dynoform@localhost" };
    for (let tries = 1; ; tries++) {
      try {
        const options = { cwd: project, env: { ...gitEnvironment(), ...committer, ...env } };
        return (await run("git", argv, options)).stdout;
      } catch (error) {
        const locked = String((error as { stderr?: string }).stderr).includes("index.lock");
        if (!locked || tries === TRIES) throw error;
        await sleep(RETRY_MS);
      }
    }
  }
}
