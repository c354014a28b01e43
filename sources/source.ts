import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { PythonSource } from "../model/platform/settings.ts";
import { readRequirements } from "./package-managers/index.ts";
import type { Requirements } from "./package-managers/requirements.ts";
import { SourceError, SourceProblems } from "./problems.ts";
import { type Processes, readProcfile } from "./procfile.ts";
import { choosePython, type PythonChoice } from "./python-version.ts";
import { SnapshotId } from "./snapshot.ts";
import { readSubmodules, type Submodule } from "./submodules.ts";
import { listTree, readTree, type SourceTree, TreeDigest } from "./tree.ts";

/** An app's source tree, read and found good. */
export interface Source {
  /** Hex SHA-256; see {@link TreeDigest}. */
  readonly digest: string;
  /** The commit that a snapshot of the tree is or would be, 40 hexadecimal digits. */
  readonly snapshot: string;
  readonly tree: SourceTree;
  readonly processes: Processes;
  readonly python: PythonChoice;
  readonly requirements: Requirements;
  /** What a build has to fetch. */
  readonly submodules: readonly Submodule[];
  /** What each build says of the tree's files, a line each. */
  readonly warnings: readonly string[];
}

/**
 * Reads the source tree of a Python app by Heroku's rules.
 *
 * At once and not with promises: a component's constructor, which cannot wait, names its build by the digest.
 *
 * @param directory absolute, or relative to the process' working directory
 * @param pythons where the platform has its Pythons from
 * @throws SourceError with everything that is wrong
 */
export function readSource(directory: string, pythons: PythonSource = "debian"): Source {
  const root = resolve(directory);
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    throw new SourceError([`${directory}: is no folder; give the folder that holds the app's Procfile`]);
  }
  const problems = new SourceProblems();
  const tree = listTree(root, problems);
  const processes = readProcfile(tree, problems);
  const requirements = readRequirements(tree, problems);
  const python = choosePython(tree, requirements.manager, pythons, problems);
  const submodules = readSubmodules(tree, problems);
  problems.check();
  const digest = new TreeDigest();
  const snapshot = new SnapshotId();
  readTree(tree, digest, snapshot);
  const { warnings } = problems;
  const read = { tree, processes, python, requirements, submodules, warnings };
  return { digest: digest.end(), snapshot: snapshot.end(), ...read };
}
