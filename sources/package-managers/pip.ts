import { posix } from "node:path";
import { quote, type SourceProblems } from "../problems.ts";
import { hasFile, readBytes } from "../text.ts";
import type { SourceTree } from "../tree.ts";
import { decodeRequirements } from "./encoding.ts";
import { pipfileRequirements, readPipfile } from "./pipfile.ts";
import { LocalFiles, type Requirements, ROOT } from "./requirements.ts";

/** Where a build puts the packages of a Pipfile without a lock; images/python makes the folder. */
export const PIPFILE_REQUIREMENTS = "/opt/requirements/pipfile.txt";

/** What pip installs: `requirements.txt`, the packages of a Pipfile without a lock, or both together. */
export function readPip(tree: SourceTree, problems: SourceProblems): Requirements {
  const found = new LocalFiles(tree);
  const texts = hasFile(tree, "requirements.txt");
  if (texts) followIncludes(tree, found, problems);
  const pipfile = hasFile(tree, "Pipfile") ? unlocked(tree, found, problems) : undefined;
  const files = [...(texts ? ["requirements.txt"] : []), ...(pipfile === undefined ? [] : [PIPFILE_REQUIREMENTS])];
  return {
    manager: "pip",
    ...found.found,
    ...(pipfile === undefined ? {} : { pipfile }),
    command: ["pip", "install", ...files.flatMap((file) => ["--requirement", file])],
  };
}

function unlocked(tree: SourceTree, found: LocalFiles, problems: SourceProblems): string | undefined {
  problems.warn(
    "Pipfile",
    "has no Pipfile.lock, so another build may get other versions, and Heroku refuses it; run pipenv lock and commit it",
  );
  const pipfile = readPipfile(tree, problems);
  if (pipfile === undefined) return undefined;
  const lines = pipfileRequirements(pipfile, problems);
  for (const line of lines) addPaths(line, "", found);
  return lines.map((line) => `${line}\n`).join("");
}

/** Follows `-r` and `-c` from requirements.txt, and finds what lies in the tree; pip itself judges everything else. */
function followIncludes(tree: SourceTree, found: LocalFiles, problems: SourceProblems): void {
  const visited = new Set<string>();
  const elsewhere = new Elsewhere();
  function visit(path: string): void {
    if (visited.has(path)) return;
    visited.add(path);
    const bytes = readBytes(tree, path, problems);
    if (bytes === undefined) return;
    found.add(path);
    for (const [number, line] of logicalLines(decodeRequirements(bytes))) {
      elsewhere.read(line, `${path}:${number}`, found);
      for (const included of addPaths(line, posix.dirname(path), found)) {
        const target = posix.relative(ROOT, posix.resolve(ROOT, posix.dirname(path), included));
        if (hasFile(tree, target)) visit(target);
        else if (found.isMade(target)) found.addAll();
        else
          problems.add(
            `${path}:${number}`,
            `includes ${included}, which is not there; add the file or remove the line`,
          );
      }
    }
  }
  visit("requirements.txt");
  elsewhere.check(problems);
}

/** Requirements that name a file out of the tree, as `pip freeze` writes what conda or Poetry have installed. */
class Elsewhere {
  readonly #names: string[] = [];
  #first: [where: string, address: string] | undefined;

  read(line: string, where: string, found: LocalFiles): void {
    const [, name, address = ""] = /^([A-Za-z0-9][A-Za-z0-9._-]*)[^@]*@\s*(file:\/\/\/[^;\s]+)$/.exec(line) ?? [];
    if (name === undefined || !found.isElsewhere(address)) return;
    this.#first ??= [where, address];
    this.#names.push(name);
  }

  /** Problem: there are some. */
  check(problems: SourceProblems): void {
    const [first, ...more] = this.#names;
    if (this.#first === undefined) return;
    const [where, address] = this.#first;
    const which = more.length === 0 ? `${first} is a file` : `${first} and ${more.length} more are files`;
    problems.add(
      where,
      `${which} of another computer (${quote(address)}); write versions: pip list --format=freeze > requirements.txt`,
    );
  }
}

/** Options of a requirements file that name files, in pip's words. */
const INCLUDES = ["-r", "--requirement", "-c", "--constraint"];
const EDITABLES = ["-e", "--editable"];
const FOLDERS = ["-f", "--find-links"];
const INDEXES = ["-i", "--index-url", "--extra-index-url"];
const NAMING = [...INCLUDES, ...EDITABLES, ...FOLDERS, ...INDEXES];

/**
 * Adds the files that a line means.
 *
 * @param folder of the file with the line: includes and folders are looked for there, packages in the tree's root
 * @returns the files of the same kind that it includes
 */
function addPaths(line: string, folder: string, found: LocalFiles): string[] {
  if (!line.startsWith("-")) {
    addRequirement(line, found);
    return [];
  }
  const includes: string[] = [];
  for (const [option, value] of optionsOf(line)) {
    if (INCLUDES.includes(option)) {
      if (!/^[a-z][a-z0-9+.-]*:/i.test(value)) includes.push(value);
    } else if (EDITABLES.includes(option)) {
      found.addPackage(withoutExtras(value));
    } else if (FOLDERS.includes(option)) {
      const beside = posix.join(folder, value);
      found.addFolder(found.has(beside) ? beside : value);
    } else if (/^(file:|[./])/.test(value)) {
      found.addFolder(value);
    }
  }
  return includes;
}

/** The options of a line that name files, each with what it names: `-r a`, `-ra`, `--requirement a` or `--requirement=a`. */
function optionsOf(line: string): [option: string, value: string][] {
  const words = (line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []).map((word) => word.replace(/["']/g, ""));
  const options: [string, string][] = [];
  while (words.length > 0) {
    const [, option = "", joined] = /^(--[a-z-]+(?==|$)|-[a-z])=?(.+)?$/.exec(words.shift() ?? "") ?? [];
    if (NAMING.includes(option)) options.push([option, joined ?? words.shift() ?? ""]);
  }
  return options;
}

/** A folder needs a slash or a leading dot, a file an archive's ending: by anything else pip looks for a name. */
function addRequirement(line: string, found: LocalFiles): void {
  const [, address] = /^[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*@\s*(\S+)/.exec(line) ?? [];
  const [written = ""] = address === undefined ? line.split(/\s*;|\s/) : [address];
  const path = withoutExtras(written);
  if (/^file:|^\.|\/|\.(whl|zip|tar|tar\.(gz|bz2|xz|lzma)|tgz|tbz|txz|tlz)$/i.test(path)) found.addPackage(path);
}

function withoutExtras(path: string): string {
  return path.replace(/\[[^\]]*\]$/, "");
}

/** Lines without comments, continued ones as one, with the number of their first. */
function logicalLines(text: string): [number: number, line: string][] {
  const lines: [number, string][] = [];
  let open: [number, string] | undefined;
  for (const [index, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const line = raw.replace(/(^|\s)#.*$/, "");
    const [number, begun]: [number, string] = open ?? [index + 1, ""];
    open = undefined;
    if (line.endsWith("\\")) open = [number, begun + line.slice(0, -1)];
    else lines.push([number, (begun + line).trim()]);
  }
  if (open) lines.push([open[0], open[1].trim()]);
  return lines.filter(([, line]) => line !== "");
}
