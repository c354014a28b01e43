import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { messageOf, UserError } from "../../lib/errors.ts";
import type { Say } from "../steps.ts";

const execute = promisify(execFile);

/** Whether packages can be installed: by root, on a Debian or one of its kin. */
export async function canInstall(): Promise<boolean> {
  return process.getuid?.() === 0 && debianLike(await readFile("/etc/os-release", "utf8").catch(() => ""));
}

/** @param release the text of /etc/os-release */
export function debianLike(release: string): boolean {
  const ids = release.match(/^(?:ID|ID_LIKE)=.*$/gm) ?? [];
  return ids.some((line) => /[="' ](debian|ubuntu)\b/.test(line));
}

/** Installs Debian packages on this machine. */
export async function installPackages(packages: readonly string[], say: Say): Promise<void> {
  for (const argv of [
    ["apt-get", "update", "-qq"],
    ["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...packages],
  ]) {
    say(argv.join(" "));
    await quietly(argv);
  }
}

/** Runs a command whose output matters only when it fails: the error then ends with its last lines. */
export async function quietly(argv: readonly string[]): Promise<void> {
  const [command = "", ...args] = argv;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    await execute(command, args, { env, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const output = error instanceof Error && "stderr" in error ? String(error.stderr) : messageOf(error);
    throw new UserError(`\`${argv.join(" ")}\` failed: ${output.trim().split("\n").slice(-3).join(" ")}`);
  }
}
