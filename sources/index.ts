/** What a program and the provider need to know of a source tree before anything is built. */
export { PIPFILE_REQUIREMENTS } from "./package-managers/pip.ts";
export type { PackageManager, Requirements } from "./package-managers/requirements.ts";
export { SourceError } from "./problems.ts";
export { type Processes, parseProcfile } from "./procfile.ts";
export { DEFAULT_PYTHON, type PythonChoice } from "./python-version.ts";
export { GIT_MODES, SNAPSHOT_AUTHOR, SNAPSHOT_MESSAGE } from "./snapshot.ts";
export { readSource, type Source } from "./source.ts";
export type { Submodule } from "./submodules.ts";
export { digestTree, type SourceTree, TreeDigest, type TreeEntry } from "./tree.ts";
