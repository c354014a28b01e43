import { createHash, type Hash } from "node:crypto";
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, type Stats } from "node:fs";
import { join, posix } from "node:path";
import type { SourceProblems } from "./problems.ts";
import { readSlugignore } from "./slugignore.ts";

/** A file, link or submodule of a source tree. Empty folders are not part of one, as in git. */
export interface TreeEntry {
  /** Relative to the tree's root, with slashes. */
  readonly path: string;
  readonly kind: "file" | "executable" | "link" | "submodule";
  /** Bytes. */
  readonly size: number;
  /** Where a link points to, as it is written; of a submodule its commit. */
  readonly target?: string;
}

/** The files an app is built of. */
export interface SourceTree {
  readonly root: string;
  /** Sorted by path. */
  readonly entries: readonly TreeEntry[];
}

/** Bytes of all files together; Heroku's limit for a slug is 500 MB, most of which is installed packages. */
const TREE_LIMIT = 300 * 2 ** 20;

/** How many folders deep files may lie. */
const DEEPEST = 50;

/**
 * Lists the files of an app. Left out are `.git`, what Python itself leaves behind (`__pycache__`, virtual
 * environments) and what `.slugignore` names.
 *
 * Problems: links that leave the tree, files of other kinds or very deep, more than {@link TREE_LIMIT} bytes.
 *
 * @throws Error when `root` is no readable folder
 */
export function listTree(root: string, problems: SourceProblems): SourceTree {
  const ignored = readSlugignore(root, problems);
  const entries: TreeEntry[] = [];

  function visit(folder: string): void {
    const found = readdirSync(join(root, folder), { withFileTypes: true });
    if (folder !== "" && found.some((entry) => entry.name === "pyvenv.cfg")) return;
    const commit = found.some((entry) => entry.name === ".git" && entry.isFile()) ? submoduleAt(folder) : undefined;
    if (commit !== undefined) {
      entries.push({ path: folder, kind: "submodule", size: 0, target: commit });
      return;
    }
    for (const { name } of found) {
      if (name === ".git" || name === "__pycache__") continue;
      const path = posix.join(folder, name);
      const stats = lstatSync(join(root, path));
      if (ignored(stats.isDirectory() ? `${path}/` : path)) continue;
      if (!stats.isDirectory()) addEntry(path, stats);
      else if (path.split("/").length <= DEEPEST) visit(path);
      else problems.add(path.slice(0, 100), `…: files lie ${DEEPEST} folders deep at most`);
    }
  }

  /** The commit that a checkout of ours has noted; what others clone has a `.git` as well, and files beside it. */
  function submoduleAt(folder: string): string | undefined {
    return folder === "" ? undefined : SUBMODULE_FILE.exec(readFileSync(join(root, folder, ".git"), "latin1"))?.[1];
  }

  function addEntry(path: string, stats: Stats): void {
    if (stats.isSymbolicLink()) {
      const target = readlinkSync(join(root, path));
      if (leaves(path, target)) {
        problems.add(
          path,
          `is a link out of the source tree, to ${target}; put a copy in its place or name it in .slugignore`,
        );
      }
      entries.push({ path, kind: "link", size: 0, target });
    } else if (stats.isFile()) {
      // Only the owner's execute bit counts: the others depend on the umask of whoever checked the tree out.
      entries.push({ path, kind: stats.mode & 0o100 ? "executable" : "file", size: stats.size });
    } else {
      problems.add(path, "is neither a file nor a folder nor a link; remove it or name it in .slugignore");
    }
  }

  visit("");
  entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  checkSize(entries, problems);
  return { root, entries };
}

/** Whether a link's target lies outside the tree it is in. */
function leaves(path: string, target: string): boolean {
  if (target.startsWith("/")) return true;
  const resolved = posix.join(posix.dirname(path), target);
  return resolved === ".." || resolved.startsWith("../");
}

function checkSize(entries: readonly TreeEntry[], problems: SourceProblems): void {
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (total <= TREE_LIMIT) return;
  const largest = entries.reduce((a, b) => (b.size > a.size ? b : a));
  problems.add(
    largest.path,
    `is the largest file (${mebibytes(largest.size)}) of a source tree of ${mebibytes(total)}, and ` +
      `${mebibytes(TREE_LIMIT)} is the limit; name what the app does not need in .slugignore`,
  );
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

/** What a tree's files are read to: told of its entries in order, each followed by its content. */
interface TreeReader {
  begin(entry: TreeEntry): void;
  content(bytes: Uint8Array): void;
}

/** Reads all files of a tree, once for all readers. */
export function readTree(tree: SourceTree, ...readers: readonly TreeReader[]): void {
  const chunk = Buffer.allocUnsafe(1 << 16);
  for (const entry of tree.entries) {
    for (const reader of readers) reader.begin(entry);
    if (entry.kind === "link" || entry.kind === "submodule") continue;
    const file = openSync(join(tree.root, entry.path), "r");
    try {
      for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
        for (const reader of readers) reader.content(chunk.subarray(0, length));
      }
    } finally {
      closeSync(file);
    }
  }
}

/**
 * The digest of a tree: hex SHA-256 over paths, kinds and contents, whatever the files' dates, owners and umask.
 * {@link TreeDigest} is the same, fed by whoever reads the files anyway.
 */
export function digestTree(tree: SourceTree): string {
  const digest = new TreeDigest();
  readTree(tree, digest);
  return digest.end();
}

/** Computes a tree's digest from its entries, in order, each followed by its content. */
export class TreeDigest implements TreeReader {
  readonly #whole: Hash = createHash("sha256");
  #file: Hash | undefined;

  begin(entry: TreeEntry): void {
    this.#endFile();
    // Neither paths nor targets can hold a NUL, and contents are hashed apart, so no two trees read the same.
    this.#whole.update(`${entry.kind}\0${entry.path}\0${entry.target ?? ""}\0`);
    this.#file = createHash("sha256");
  }

  content(bytes: Uint8Array): void {
    this.#file?.update(bytes);
  }

  end(): string {
    this.#endFile();
    return this.#whole.digest("hex");
  }

  #endFile(): void {
    if (this.#file) this.#whole.update(this.#file.digest());
    this.#file = undefined;
  }
}

/** What a checkout has in a submodule's place: a file `.git` that says which commit belongs there. */
const SUBMODULE_FILE = /^commit ([0-9a-f]{40})\n$/;
