import type { SourceProblems } from "../problems.ts";
import { hasFile, readText } from "../text.ts";
import type { SourceTree } from "../tree.ts";
import { pipfileHash, readPipfile } from "./pipfile.ts";
import { LocalFiles, type Requirements } from "./requirements.ts";
import { isRecord } from "./toml.ts";

const AGAIN = "make it again with: pipenv lock";

/** What Pipenv installs: a `Pipfile.lock`. Problems: it is no JSON, or was made of another Pipfile. */
export function readPipenv(tree: SourceTree, problems: SourceProblems): Requirements {
  const found = new LocalFiles(tree);
  found.add("Pipfile", "Pipfile.lock");
  const lock = readLock(tree, problems);
  for (const entry of Object.values(isRecord(lock?.default) ? lock.default : {})) {
    const { path, file } = isRecord(entry) ? entry : {};
    for (const target of [path, file]) if (typeof target === "string") found.addPackage(target);
  }
  if (lock !== undefined) checkAgreement(tree, lock, problems);
  // Not `install --deploy`, which is the same after the check above, but refuses every other patch than a Pipfile's.
  return { manager: "pipenv", ...found.found, command: ["pipenv", "sync"] };
}

/** The version that a `Pipfile.lock` was made for. */
export function lockedPython(tree: SourceTree, problems: SourceProblems): string | undefined {
  const { _meta: meta } = readLock(tree, problems) ?? {};
  return versionOf(isRecord(meta) ? meta.requires : undefined);
}

/** The version in a Pipfile's `[requires]`. */
export function requiredPython(tree: SourceTree, problems: SourceProblems): string | undefined {
  return versionOf(readPipfile(tree, problems)?.requires);
}

function versionOf(requires: unknown): string | undefined {
  const asked = isRecord(requires) ? (requires.python_full_version ?? requires.python_version) : undefined;
  return asked === undefined || asked === "*" ? undefined : String(asked);
}

function readLock(tree: SourceTree, problems: SourceProblems): Record<string, unknown> | undefined {
  const text = readText(tree, "Pipfile.lock", problems);
  if (text === undefined) return undefined;
  try {
    const lock: unknown = JSON.parse(text);
    if (isRecord(lock)) return lock;
  } catch {
    // said below
  }
  problems.add("Pipfile.lock", `is no JSON; ${AGAIN}`);
  return undefined;
}

function checkAgreement(tree: SourceTree, lock: Record<string, unknown>, problems: SourceProblems): void {
  if (!hasFile(tree, "Pipfile")) problems.add("Pipfile.lock", "has no Pipfile beside it; commit that too");
  const pipfile = readPipfile(tree, problems);
  const { _meta: meta } = lock;
  const hash = isRecord(meta) && isRecord(meta.hash) ? meta.hash.sha256 : undefined;
  if (pipfile !== undefined && hash !== pipfileHash(pipfile)) {
    problems.add("Pipfile.lock", `does not agree with the Pipfile; ${AGAIN}`);
  }
}
