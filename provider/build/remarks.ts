import { closeSync, existsSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { readGitConfig } from "../../sources/git/git.ts";
import type { SourceTree, TreeEntry } from "../../sources/index.ts";

/** How a file begins that Git LFS has put in another's place, and the bytes that it has at most. */
const LFS = "version https://git-lfs.github.com/spec/";
const LFS_SIZE = 1024;

/** Files that say what to do elsewhere, and what happens to them here. */
const FILES: Readonly<Record<string, string>> = {
  Aptfile: "is not read: an app cannot install Debian packages, and what it names may be missing",
  "heroku.yml": "is not read: the app is built as a Python app, of its Procfile and requirements",
  Dockerfile: "is not used: the app is built as a Python app, of its Procfile and requirements",
  "package.json":
    "is not read: a Python app gets no Node.js, and npm is not run. Commit what npm builds, or make it in bin/post_compile",
};

/** What is said of files of a tree that do here less than somebody may expect: each a line. */
export function remarks(tree: SourceTree): string[] {
  const paths = new Set(tree.entries.map(({ path }) => path));
  return [
    ...Object.entries(FILES).flatMap(([path, remark]) => (paths.has(path) ? [`${path} ${remark}`] : [])),
    ...nodeModules(tree),
    ...environments(tree),
    ...pointers(tree),
    ...missingSubmodules(tree),
  ];
}

/** An archive of GitHub's has no submodules, nor has a folder where nobody has fetched them. */
function missingSubmodules({ root, entries }: SourceTree): string[] {
  if (!entries.some(({ path, kind }) => path === ".gitmodules" && kind === "file")) return [];
  return submodulePaths(root)
    .filter((path) => !entries.some((entry) => `${entry.path}/`.startsWith(`${path}/`)))
    .map(
      (path) =>
        `${path} is named in .gitmodules, but is no submodule of the source and not there; push the repository with git, ` +
        `or fetch it first: git submodule update --init`,
    );
}

function submodulePaths(root: string): string[] {
  try {
    return readGitConfig(join(root, ".gitmodules")).flatMap(([name, path]) => (name.endsWith(".path") ? [path] : []));
  } catch {
    return [];
  }
}

function nodeModules({ entries }: SourceTree): string[] {
  const files = entries.filter(({ path }) => path.startsWith("node_modules/")).length;
  return files === 0
    ? []
    : [`node_modules is taken as it is (${files} files); if the app does without, .slugignore it`];
}

/** A virtual environment is of one machine, so it is no part of a tree. */
function environments({ root }: SourceTree): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, "pyvenv.cfg")))
    .map(
      ({ name }) =>
        `${name}/ is a virtual environment, which works on one machine only, so it is left out; take it out of the ` +
        `repository: git rm -r --cached ${name}, and ${name}/ into .gitignore`,
    );
}

function pointers({ root, entries }: SourceTree): string[] {
  const found = entries.filter((entry) => isPointer(root, entry)).map(({ path }) => path);
  const [first, ...more] = found;
  if (first === undefined) return [];
  const which = more.length === 0 ? `${first} is a pointer` : `${first} and ${more.length} more are pointers`;
  return [
    `${which} of Git LFS, whose contents are not fetched: the app gets the pointers. Commit the files themselves ` +
      "(git lfs migrate export), or fetch them in bin/post_compile",
  ];
}

function isPointer(root: string, { path, kind, size }: TreeEntry): boolean {
  if ((kind !== "file" && kind !== "executable") || size < LFS.length || size > LFS_SIZE) return false;
  const file = openSync(join(root, path), "r");
  try {
    const begin = Buffer.alloc(LFS.length);
    readSync(file, begin);
    return begin.toString("latin1") === LFS;
  } finally {
    closeSync(file);
  }
}
