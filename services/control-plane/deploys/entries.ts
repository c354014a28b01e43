import type { Header } from "tar-stream";
import { UserError } from "../../../lib/errors.ts";
import type { Limits } from "./limits.ts";

/** An archive that cannot be taken as an app's source; the message says why in one line. */
export class BadArchive extends UserError {
  override readonly name = "BadArchive";

  constructor(why: string) {
    super(`The source archive cannot be taken: ${why}.`);
  }
}

/** What becomes of an entry. */
export type Entry =
  | { readonly kind: "file"; readonly path: string; readonly executable: boolean; readonly size: number }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "copy"; readonly path: string; readonly of: string };

/** Reads an archive's headers, and refuses whatever would lie, or lead, out of its own tree. */
export class Entries {
  readonly #limits: Limits;
  readonly #files = new Set<string>();
  readonly #links = new Map<string, string>();
  #count = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** @returns undefined for what is left out: folders, which follow from files, and a repository */
  read({ name, type, linkname, size, mode }: Header): Entry | undefined {
    if (++this.#count > this.#limits.entries) throw new BadArchive(`it has more than ${this.#limits.entries} entries`);
    const path = this.#path(name);
    if (path === undefined || type === "directory") return undefined;
    switch (type) {
      case "file":
      case "contiguous-file":
        this.#files.add(path);
        return { kind: "file", path, executable: (mode & 0o100) !== 0, size };
      case "symlink": {
        const target = linkname;
        if (target === "" || target.includes("\0") || Buffer.byteLength(target) > this.#limits.path) {
          throw new BadArchive(`the link ${shown(path)} has no target that can be`);
        }
        this.#links.set(path, target);
        return { kind: "link", path, target };
      }
      case "link": {
        const of = this.#path(linkname);
        if (of === undefined || !this.#files.has(of)) {
          throw new BadArchive(`the hard link ${shown(path)} is of no file before it`);
        }
        this.#files.add(path);
        return { kind: "copy", path, of };
      }
      default:
        throw new BadArchive(`${shown(path)} is no file, folder or link (${type})`);
    }
  }

  /**
   * After the last: the folder in which all lies, as archives of GitHub have one; empty: there is none.
   *
   * @throws BadArchive for an empty archive, and for a link that leads out
   */
  root(): string {
    const paths = [...this.#files, ...this.#links.keys()];
    if (paths.length === 0) throw new BadArchive("there is no file in it");
    const [first = ""] = (paths[0] ?? "").split("/");
    const root = paths.every((path) => path.startsWith(`${first}/`)) ? first : "";
    for (const [path, target] of this.#links) this.#check(path, target, root === "" ? 0 : 1);
    return root;
  }

  #path(name: string): string | undefined {
    const { path: longest, depth } = this.#limits;
    if (name.startsWith("/")) throw new BadArchive(`${shown(name)} is an absolute path`);
    if (name.includes("\0") || Buffer.byteLength(name) > longest)
      throw new BadArchive("a path is too long, or no path");
    const parts = name.split("/").filter((part) => part !== "" && part !== ".");
    if (parts.includes("..")) throw new BadArchive(`${shown(name)} leads out of it`);
    if (parts.length > depth) throw new BadArchive(`${shown(name)} lies more than ${depth} folders deep`);
    if (parts.some((part) => Buffer.byteLength(part) > 255)) throw new BadArchive(`${shown(name)} has too long a name`);
    // Git keeps none, under whatever name a file system may find it.
    if (parts.some((part) => /^(\.git|git~\d+)[. ]*$/i.test(part))) return undefined;
    return parts.length === 0 ? undefined : parts.join("/");
  }

  /** @param outside folders of the path that do not count */
  #check(path: string, target: string, outside: number): void {
    const out = new BadArchive(`the link ${shown(path)} leads out of it, to ${shown(target)}`);
    if (target.startsWith("/")) throw out;
    const place = path.split("/").slice(0, -1);
    for (const part of target.split("/")) {
      if (part === "" || part === ".") continue;
      if (part !== "..") place.push(part);
      // Above a link lies another folder than its name says.
      else if (place.length <= outside || this.#links.has(place.join("/"))) throw out;
      else place.pop();
    }
  }
}

function shown(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.length > 100 ? `${quoted.slice(0, 97)}…"` : quoted;
}
