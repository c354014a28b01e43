import { posix } from "node:path";
import { isHashed, lockedPackages, parsePipfile, pipfileRequirements } from "./pipfile.ts";
import type { SourceProblems } from "./problems.ts";
import { readText, type SourceTree } from "./tree.ts";

/** What pip is to install. */
export interface Requirements {
  /** `requirements.txt` and what it includes: files of the tree. */
  readonly files: readonly string[];
  /** The Pipfile's packages, as the text of a requirements file; undefined without a Pipfile. */
  readonly pipfile?: string;
  /** Whether packages are installed from the tree itself, so that any change of the code changes them. */
  readonly local: boolean;
}

/**
 * Reads what an app needs: `requirements.txt`, the Pipfile's packages, or both together. A `Pipfile.lock` pins the
 * Pipfile's packages, if it was made of that Pipfile.
 */
export function readRequirements(tree: SourceTree, problems: SourceProblems): Requirements {
  const has = (path: string) => tree.entries.some((entry) => entry.path === path);
  const files = has("requirements.txt") ? collectIncludes(tree, problems) : { files: [], local: false };
  const pipfile = has("Pipfile") ? readPipfile(tree, has("requirements.txt"), problems) : undefined;
  if (!has("requirements.txt") && !has("Pipfile")) {
    const misspelt = tree.entries.find(({ path }) => /^(requirements?\.(txt|in)|pipfile)$/i.test(path));
    problems.add(
      misspelt?.path ?? "requirements.txt",
      misspelt
        ? "is not read; its name must be requirements.txt or Pipfile"
        : "is missing, and so is a Pipfile; add one of them with the packages the app needs, a package a line",
    );
  }
  const local = files.local || (pipfile?.split("\n").some(isLocal) ?? false);
  return { files: files.files, local, ...(pipfile === undefined ? {} : { pipfile }) };
}

function readPipfile(tree: SourceTree, beside: boolean, problems: SourceProblems): string | undefined {
  const text = readText(tree, "Pipfile", problems);
  const pipfile = text === undefined ? undefined : parsePipfile(text, problems);
  if (pipfile === undefined) return undefined;
  const lockText = readText(tree, "Pipfile.lock", problems);
  const locked = lockText === undefined ? undefined : lockedPackages(lockText, pipfile, problems);
  const lines = locked
    ? pipfileRequirements(pipfile, problems, {
        packages: locked,
        where: "Pipfile.lock",
        withHashes: !beside && isHashed(locked),
      })
    : pipfileRequirements(pipfile, problems);
  return lines.map((line) => `${line}\n`).join("");
}

/** Follows `-r` and `-c` from requirements.txt; pip itself judges everything else. */
function collectIncludes(tree: SourceTree, problems: SourceProblems): { files: string[]; local: boolean } {
  const files: string[] = [];
  let local = false;
  function visit(path: string): void {
    if (files.includes(path)) return;
    const text = readText(tree, path, problems);
    if (text === undefined) return;
    files.push(path);
    for (const [number, line] of logicalLines(text)) {
      local ||= isLocal(line) || isInside(tree, line);
      const [, included = ""] = /^(?:-r|-c|--requirement|--constraint)(?:\s+|=|(?=[^\s=-]))(\S+)/.exec(line) ?? [];
      if (included === "" || /^[a-z]+:\/\//.test(included)) continue;
      const target = posix.join(posix.dirname(path), included);
      if (tree.entries.some((entry) => entry.path === target)) visit(target);
      // Otherwise bin/pre_compile may make it.
      else if (!tree.entries.some((entry) => entry.path === "bin/pre_compile"))
        problems.add(`${path}:${number}`, `includes ${included}, which is not there; add the file or remove the line`);
    }
  }
  visit("requirements.txt");
  return { files, local };
}

/** Lines without comments, continued ones as one, with the number of their first. */
function logicalLines(text: string): [number: number, line: string][] {
  const lines: [number, string][] = [];
  let open: [number, string] | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/(^|\s)#.*$/, "");
    const [number, begun]: [number, string] = open ?? [index + 1, ""];
    open = undefined;
    if (line.endsWith("\\")) open = [number, begun + line.slice(0, -1)];
    else lines.push([number, (begun + line).trim()]);
  }
  if (open) lines.push([open[0], open[1].trim()]);
  return lines.filter(([, line]) => line !== "");
}

/** Whether a requirement is a path in the tree; without a slash, pip takes it for a name. */
function isInside(tree: SourceTree, line: string): boolean {
  const [path = ""] = line.split(/[\s;[]/);
  if (!path.includes("/")) return false;
  const folder = posix.normalize(`${path}/`);
  return tree.entries.some((entry) => `${entry.path}/`.startsWith(folder));
}

/** Whether a requirement means files of the tree, going by its look. */
function isLocal(line: string): boolean {
  const target = line.replace(/^(-e|--editable)[\s=]+/, "");
  if (target !== line) return !/^(git|hg|svn|bzr)\+/.test(target);
  return /^(\.|file:)/.test(line) || /@\s*(file:|\.)/.test(line);
}
