import { spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { UserError } from "../../../../lib/errors.ts";
import { gitEnvironment } from "../../../../sources/git/git.ts";
import { Repository } from "../../../../sources/git/repository.ts";
import { PushedRefs } from "../../git/refs.ts";
import { forgeName } from "../forge/addresses.ts";
import type { GitLogin } from "../forge/forge.ts";

/** Milliseconds for which a fetch may take, and seconds for which next to nothing may arrive. */
const FETCH_TIMEOUT_MS = 900_000;
const SILENCE_SECONDS = 60;

/** As of pushes: the memory is the control plane's. Nothing is taken from anywhere but by HTTP. */
const SETTINGS: Readonly<Record<string, string>> = {
  "protocol.allow": "never",
  "protocol.https.allow": "always",
  "protocol.http.allow": "always",
  "http.followRedirects": "initial",
  "http.lowSpeedLimit": "1000",
  "http.lowSpeedTime": String(SILENCE_SECONDS),
  "fetch.unpackLimit": "1",
  "fetch.fsckObjects": "false",
  "fetch.recurseSubmodules": "no",
  "core.bigFileThreshold": "8m",
  "core.deltaBaseCacheLimit": "16m",
  "core.hooksPath": "/dev/null",
  "pack.windowMemory": "32m",
  "pack.threads": "1",
  "gc.auto": "0",
  "maintenance.auto": "false",
  "credential.helper": "",
};

/** Gives what stands in a pipe that only Git's own processes have: no argument, variable or file has the password. */
const HELPER = '!f() { if test "$1" = get; then cat <&3; fi; }; f';

interface FetchArgs {
  /** The app's bare repository. */
  readonly repository: string;
  /** E.g. `https://github.com/me/flask.git`. */
  readonly url: string;
  readonly branch: string;
  /** Of a pull request, whose commits are there even where its branch is another repository's. */
  readonly pull?: number;
  /** `owner/name`, for messages. */
  readonly name: string;
  readonly login: GitLogin;
  readonly signal?: AbortSignal;
}

/** Code that did not come: one line. */
export class FetchFailed extends UserError {
  override readonly name = "FetchFailed";
}

/** Where a branch's head is kept, so that Git keeps what it needs. One name is never a folder of another. */
export function fetchedRef(branch: string): string {
  return `refs/github/${encodeURIComponent(branch)}`;
}

/** Where it stands there, and where it is kept. */
function refsOf({ branch, pull }: Pick<FetchArgs, "branch" | "pull">): { readonly from: string; readonly to: string } {
  if (pull === undefined) return { from: `refs/heads/${branch}`, to: fetchedRef(branch) };
  return { from: `refs/pull/${pull}/head`, to: `refs/github-pulls/${pull}` };
}

/**
 * Fetches a branch, or a pull request, from a forge into an app's repository, with its history.
 *
 * @returns the commit that it is at
 * @throws FetchFailed
 */
export async function fetchBranch(args: FetchArgs): Promise<string> {
  const { repository, branch, name } = args;
  await new Repository(repository).ensure();
  await runFetch(args);
  const commit = await new PushedRefs(repository).get(refsOf(args).to);
  if (commit === undefined) throw new FetchFailed(`${branch} of ${name} could not be fetched`);
  return commit;
}

async function runFetch({ repository, url, branch, pull, name, login, signal }: FetchArgs): Promise<void> {
  const { origin } = new URL(url);
  const settings = [...Object.entries(SETTINGS), [`credential.${origin}.helper`, HELPER] as const];
  const { from, to } = refsOf({ branch, ...(pull !== undefined && { pull }) });
  const child = spawn(
    "git",
    [
      ...settings.flatMap(([setting, value]) => ["-c", `${setting}=${value}`]),
      ...[
        "--git-dir",
        repository,
        "fetch",
        "--no-tags",
        "--no-write-fetch-head",
        "--quiet",
        "--",
        url,
        `+${from}:${to}`,
      ],
    ],
    {
      env: gitEnvironment(),
      stdio: ["ignore", "ignore", "pipe", "pipe"],
      timeout: FETCH_TIMEOUT_MS,
      signal,
    },
  );
  const secrets = child.stdio[3] as Writable;
  // Git may need none of it.
  secrets.on("error", () => {});
  secrets.end(`username=${login.username}\npassword=${login.password}\n`);
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-2000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new FetchFailed(explain(said, { branch, name, forge: forgeName(origin) }));
}

function explain(said: string, { branch, name, forge }: { branch: string; name: string; forge: string }): string {
  if (/couldn't find remote ref/.test(said)) return `${name} has no branch ${branch}`;
  if (/Authentication failed|could not read (Username|Password)|returned error: 40[13]/.test(said)) {
    return `${forge} does not let the code of ${name} be read: the credential may have been revoked, or may not read contents`;
  }
  if (/not found/i.test(said)) return `${name} is not there, or its code may not be read`;
  const line =
    said
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^(fatal|error): /, "") ?? "";
  return `${branch} of ${name} could not be fetched from ${forge}: ${line === "" ? "it took too long" : line}`;
}
