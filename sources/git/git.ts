import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { dirname } from "node:path";

/** Git cannot do what it was asked to; the message says why in one line. */
export class GitError extends Error {
  /** Whether there is no Git on this machine. */
  readonly noGit: boolean;

  constructor(message: string, options: { readonly noGit?: boolean } = {}) {
    super(message);
    this.noGit = options.noGit === true;
  }
}

/** Nothing of the user's own settings reaches the repositories of apps. */
export function gitEnvironment() {
  return {
    PATH: process.env.PATH,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_DEFAULT_HASH: "sha1",
  };
}

/** Who a process or file for a platform's folder must belong to: as root, whoever owns the nearest folder there is. */
export function ownerFor(path: string): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (let folder = path; ; folder = dirname(folder)) {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats !== undefined || folder === dirname(folder)) {
      return stats && stats.uid !== 0 ? { uid: stats.uid, gid: stats.gid } : undefined;
    }
  }
}

/** No hook of a repository runs: pushes have one of ours, elsewhere. */
const PLAIN = ["-c", "core.hooksPath=/dev/null", "--git-dir"];

/** Runs Git on a repository at once; for programs, which cannot wait. */
export function gitSync(repository: string, args: readonly string[], input = "", limit = 1 << 24): Buffer {
  const { error, status, stdout, stderr } = spawnSync("git", [...PLAIN, repository, ...args], {
    env: gitEnvironment(),
    input,
    maxBuffer: limit,
    ...ownerFor(repository),
  });
  if (error) throw failed(args, error);
  if (status !== 0) throw failed(args, stderr.toString("utf8"));
  return stdout;
}

/**
 * The settings in a file that is written like Git's own, e.g. `.gitmodules`; nothing that it includes.
 *
 * @throws GitError
 */
export function readGitConfig(file: string): (readonly [name: string, value: string])[] {
  const listing = gitSync("/dev/null", ["config", "--file", file, "--no-includes", "--list", "-z"]).toString("utf8");
  return listing
    .split("\0")
    .filter((entry) => entry !== "")
    .map((entry) => {
      const [name = "", ...value] = entry.split("\n");
      return [name, value.join("\n")];
    });
}

/** Runs Git on a repository; `write` gives it its input. */
export async function git(
  repository: string,
  args: readonly string[],
  write: (put: (data: string | Uint8Array) => Promise<void>) => Promise<void> = async () => {},
): Promise<string> {
  const child: ChildProcess = spawn("git", [...PLAIN, repository, ...args], {
    env: gitEnvironment(),
    stdio: ["pipe", "pipe", "pipe"],
    ...ownerFor(repository),
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on("error", (error) => reject(failed(args, error)));
    child.on("close", resolve);
  });
  closed.catch(() => {});
  const { stdin } = child;
  // When Git ends early its exit status says why.
  stdin?.on("error", () => {});
  const gone = closed.then(
    () => {},
    () => {},
  );
  try {
    await write(async (data) => {
      if (stdin?.write(data) === false) await Promise.race([once(stdin, "drain").catch(() => {}), gone]);
    });
    stdin?.end();
  } catch (error) {
    child.kill();
    await gone;
    throw error;
  }
  if ((await closed) !== 0) throw failed(args, output.stderr);
  return output.stdout;
}

function failed([command = ""]: readonly string[], reason: Error | string): GitError {
  if (typeof reason !== "string") {
    const missing = "code" in reason && reason.code === "ENOENT";
    return missing
      ? new GitError("git is not on this machine", { noGit: true })
      : new GitError(`git ${command}: ${reason.message}`);
  }
  const [line = "it failed"] = reason.trim().split("\n").slice(-1);
  return new GitError(`git ${command}: ${line}`);
}
