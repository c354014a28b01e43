import { posix } from "node:path";
import type { Tool } from "../../images/pythons.ts";
import type { SourceTree, TreeEntry } from "../tree.ts";

/** What installs an app's packages. */
export type PackageManager = "pip" | Tool;

/** What is to be installed. */
export interface Requirements {
  readonly manager: PackageManager;
  /** Files of the tree that are there while packages are installed, and by whose content the packages are named. */
  readonly files: readonly string[];
  /** Whether all of the tree is: packages are installed from it, so that any change of the code changes them. */
  readonly local: boolean;
  /** The packages of a Pipfile without a lock, as the text of a requirements file; undefined without such a one. */
  readonly pipfile?: string;
  /** Runs in the folder with these files. */
  readonly command: readonly string[];
}

/** Which files of its tree an app's packages come from. */
export class LocalFiles {
  readonly #tree: SourceTree;
  readonly #files = new Set<string>();
  #whole = false;

  constructor(tree: SourceTree) {
    this.#tree = tree;
  }

  /** Files that are no packages themselves, such as a lock. */
  add(...paths: string[]): void {
    for (const path of paths) this.#files.add(path);
  }

  /**
   * Adds what a path or `file:` address means: a file is that alone; a folder is built, which may read whatever lies
   * beside it.
   */
  addPackage(target: string): void {
    const path = inTree(target);
    if (path === undefined) return;
    const entry = this.#tree.entries.find((entry) => entry.path === path);
    if (entry?.kind === "file" || entry?.kind === "executable") this.add(path);
    else this.#whole ||= entry !== undefined || this.#below(path).length > 0 || this.isMade(path);
  }

  /** Adds a folder's files, which are looked for packages. */
  addFolder(target: string): void {
    const path = inTree(target);
    const entries = path === undefined ? [] : this.#below(path);
    if (entries.some(({ kind }) => kind === "link" || kind === "submodule") || (path && this.isMade(path)))
      this.addAll();
    else this.add(...entries.map(({ path }) => path));
  }

  addAll(): void {
    this.#whole = true;
  }

  /** Whether a path leads to a file or folder of the tree. */
  has(target: string): boolean {
    const path = inTree(target);
    return (
      path !== undefined && (this.#tree.entries.some((entry) => entry.path === path) || this.#below(path).length > 0)
    );
  }

  /** Whether a build may have made the file: it fetches submodules, and bin/pre_compile makes whatever it likes. */
  isMade(path: string): boolean {
    return this.#tree.entries.some(
      (entry) =>
        entry.path === "bin/pre_compile" || (entry.kind === "submodule" && `${path}/`.startsWith(`${entry.path}/`)),
    );
  }

  /** Whether a path leads out of the tree, to where nothing of the app's can be. */
  isElsewhere(target: string): boolean {
    return inTree(target) === undefined && !this.isMade(target);
  }

  get found(): { readonly files: readonly string[]; readonly local: boolean } {
    return { files: [...this.#files], local: this.#whole };
  }

  #below(folder: string): TreeEntry[] {
    const start = folder === "." ? "" : `${folder}/`;
    return this.#tree.entries.filter(({ path }) => path.startsWith(start));
  }
}

/** Where dynos and builds have an app's tree. */
export const ROOT = "/app";

/** A path, or the path of a `file:` address, relative to the tree's root; undefined: it leads elsewhere. */
function inTree(target: string): string | undefined {
  let path = target;
  if (/^file:/i.test(path)) path = decode(path.replace(/^file:(\/\/(localhost)?(?=\/))?/i, "").replace(/[#?].*$/, ""));
  else if (/^[a-z][a-z0-9+.-]*:/i.test(path)) return undefined;
  const relative = posix.relative(ROOT, posix.resolve(ROOT, path)) || ".";
  return relative === ".." || relative.startsWith("../") ? undefined : relative;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
