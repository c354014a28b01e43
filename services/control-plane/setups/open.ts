import type { DatabaseSync } from "node:sqlite";
import { GitError, git } from "../../../sources/git/git.ts";
import { repositoryPath } from "../../../sources/git/repository.ts";
import type { Clock } from "../types.ts";
import { BadAppJson } from "./app-json.ts";
import { Setups, type SetupsOptions } from "./setups.ts";
import { SetupStore } from "./store.ts";

/** Bytes of an app.json. */
const LARGEST = 262_144;

interface OpenSetupsOptions extends Omit<SetupsOptions, "store" | "appJson"> {
  readonly store: DatabaseSync;
  readonly clock: Clock;
  /** The platform's folder. */
  readonly directory: string;
}

export function openSetups({ store, clock, directory, ...options }: OpenSetupsOptions): Setups {
  return new Setups({
    ...options,
    store: new SetupStore(store, clock),
    appJson: ({ id }, commit) => appJsonOf(repositoryPath(directory, id), commit),
  });
}

/** What a commit's app.json says; undefined: it has none. @throws BadAppJson for one that is too large */
export async function appJsonOf(repository: string, commit: string): Promise<string | undefined> {
  const file = `${commit}:app.json`;
  try {
    const size = Number(await git(repository, ["cat-file", "-s", file]));
    if (size > LARGEST) throw new BadAppJson([`has ${size} bytes; ${LARGEST} is the limit`]);
    return await git(repository, ["cat-file", "blob", file]);
  } catch (error) {
    if (error instanceof GitError && !error.noGit) return undefined;
    throw error;
  }
}
