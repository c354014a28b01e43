import { statSync } from "node:fs";
import { join, normalize } from "node:path";
import { readSource as readTree, type Source, SourceError } from "../../provider/build/source/index.ts";
import type { Problems } from "../check/problems.ts";

/** A source tree that can be built, and where it lies. */
export interface AppSource extends Source {
  /** Relative to the program's folder, or absolute; always spelt the same way. */
  readonly directory: string;
}

/** Reads an app's source; adds what is wrong with it to `problems`, each with the file it stands in. */
export function readSource(path: string, at: string, problems: Problems): AppSource | undefined {
  const directory = normalize(path).replace(/(?<=.)\/$/, "");
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    problems.add(at, `${JSON.stringify(path)} is no folder; give the one that holds the app's Procfile`);
    return undefined;
  }
  try {
    return { ...readTree(directory), directory };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    // Each line begins with the file's name.
    for (const problem of error.problems) problems.addLine(join(directory, problem));
    return undefined;
  }
}
