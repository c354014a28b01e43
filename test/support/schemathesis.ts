import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { installPackages, quietly } from "../../cli/setup/apt.ts";
import { type Finished, finish } from "./process.ts";

const REQUIREMENTS = join(import.meta.dirname, "schemathesis-requirements.txt");

/**
 * Runs schemathesis, which makes requests of a description of an API and looks at the answers. It is installed once,
 * in the user's cache, in the version that its requirements say.
 */
export async function schemathesis(args: readonly string[], folder: string): Promise<Finished> {
  return finish([join(await installed(), "bin", "python"), "-m", "schemathesis.cli", ...args], folder);
}

async function installed(): Promise<string> {
  const version = /^schemathesis==(\S+)$/m.exec(await readFile(REQUIREMENTS, "utf8"))?.[1];
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "dynoform");
  const place = join(cache, `schemathesis-${version}`);
  if (existsSync(place)) return place;
  await mkdir(cache, { recursive: true });
  const { exitCode } = await finish(["python3", "-c", "import ensurepip, venv"], cache);
  if (exitCode !== 0) await installPackages(["python3-venv"], () => {});
  const unfinished = await mkdtemp(join(cache, "unfinished-"));
  try {
    await quietly(["python3", "-m", "venv", unfinished]);
    await quietly([join(unfinished, "bin", "python"), "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS]);
    // Only its scripts know the folder that they were made in.
    await rename(unfinished, place);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return place;
}
