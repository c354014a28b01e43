import { statSync } from "node:fs";
import { join, normalize } from "node:path";
import type { Problems } from "../../lib/validation/problems.ts";
import type { SourceSettings } from "../../model/app/settings.ts";
import type { PythonSource } from "../../model/platform/settings.ts";
import { checkOut } from "../../sources/git/checkout.ts";
import { GitError } from "../../sources/git/git.ts";
import { repositoryPath } from "../../sources/git/repository.ts";
import { readSource as readTree, type Source, SourceError } from "../../sources/index.ts";
import type { PlatformConnection } from "../platform/connection.ts";

/** A source tree that can be built, and where it lies. */
export interface AppSource extends Source {
  /** Relative to the program's folder, or absolute; always spelt the same way. */
  readonly directory: string;
  /** The commit of the app's repository that it is, or, of a folder, that it will be. */
  readonly commit: string;
  /** Docker's id of the image that another app has made of it. */
  readonly image?: string;
}

/**
 * Reads an app's source; adds what is wrong with it to `problems`, each with the file it stands in. A commit's files
 * are put into the platform's folder first.
 *
 * @param id what names the app's repository
 */
export function readSource(
  { path, commit, image }: SourceSettings,
  { platform, id }: { readonly platform: PlatformConnection; readonly id: string },
  at: string,
  problems: Problems,
): AppSource | undefined {
  if (path !== undefined) {
    const directory = normalize(path).replace(/(?<=.)\/$/, "");
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
      problems.add(`${at}.path`, `${JSON.stringify(path)} is no folder; give the one that holds the app's Procfile`);
      return undefined;
    }
    const source = read(directory, directory, platform.pythons, problems);
    return source && { ...source, directory, commit: source.snapshot };
  }
  if (commit === undefined) return undefined;
  try {
    const directory = checkOut(platform.directory, id, repositoryPath(platform.directory, id), commit);
    const source = read(directory, "", platform.pythons, problems);
    return source && { ...source, directory, commit, ...(image !== undefined && { image }) };
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    problems.add(`${at}.commit`, error.message);
    return undefined;
  }
}

/** @param called the folder that a message says before the file; of a commit, which has none, empty */
function read(
  directory: string,
  called: string,
  pythons: PythonSource | undefined,
  problems: Problems,
): Source | undefined {
  try {
    return readTree(directory, pythons);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    // Each line begins with the file's name.
    for (const problem of error.problems) problems.addLine(join(called, problem));
    return undefined;
  }
}
