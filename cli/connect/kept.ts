import { mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { isMissing } from "../../lib/errors.ts";
import { writeFileAtomic } from "../../lib/files.ts";

/** What is kept of a platform elsewhere, in a file that its owner alone can read: the token is in it. */
export interface Kept {
  /** Of 127.0.0.1, for this platform: it stays, since Git's remotes name it. */
  readonly port: number;
  readonly token?: string;
  /** The authority that alone is trusted for the platform's name, PEM. */
  readonly authority?: string;
  readonly platform?: string;
  /** What `dynoform env` tells git and the official command to trust, PEM. */
  readonly certificate?: string;
  readonly commandLine?: string;
}

const folder = () => join(homedir(), ".config", "dynoform", "connections");

/** @param host with the port where that is not 443 */
function fileOf(host: string): string {
  return join(folder(), `${host.replace(":", "_")}.json`);
}

/** @returns undefined: there was none yet */
export async function readKept(host: string): Promise<Kept | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(host), "utf8"));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export async function keep(host: string, kept: Kept): Promise<void> {
  await mkdir(folder(), { recursive: true, mode: 0o700 });
  await writeFileAtomic(fileOf(host), JSON.stringify(kept), { mode: 0o600 });
}
