/**
 * A disk in memory below the state backend: what the engine's own file code does to it may fail or be cut short at any
 * point. It stands where Node's file functions do, for paths below its root only; all others go to the real ones.
 */
import { randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { dirname } from "node:path";

/** How the disk goes wrong from its `at`th change on. */
export interface DiskFault {
  /**
   * `cut`: the process is gone before that change, or in the middle of a write. `full`: nothing can be written, what is
   * there can be renamed and removed. `readOnly`: nothing can be changed.
   */
  readonly kind: "cut" | "full" | "readOnly";
  readonly at: number;
}

/** The process that used the disk is gone; nothing that it still does has any effect. */
export class Cut extends Error {
  constructor() {
    super("the process is gone");
  }
}

type Change = "create" | "write" | "sync" | "link" | "rename" | "remove";

const disks = new Map<string, Disk>();

export class Disk {
  readonly root = `/disk-of-${randomUUID()}`;
  /** Texts by path. */
  #files = new Map<string, string>();
  #process = 0;
  #alive = false;
  #fault: DiskFault | undefined;
  #changes = 0;
  /** Called when the process is cut. */
  #cut: () => void = () => {};
  #states = 0;
  /** A fault put in by hand: of so many states that are written one's rename is told to be done, and is not. 0: none. */
  losesRename = 0;

  constructor() {
    disks.set(this.root, this);
  }

  /** A process begins. @returns the folder through which it, and no other process, sees the disk */
  begin(fault: DiskFault | undefined, cut: () => void): string {
    this.#process++;
    this.#alive = true;
    this.#fault = fault;
    this.#changes = 0;
    this.#cut = cut;
    return `${this.root}/${this.#process}`;
  }

  /** The process is gone. */
  end(): void {
    this.#alive = false;
  }

  /** How many changes the process made. */
  get changes(): number {
    return this.#changes;
  }

  clear(): void {
    this.#files = new Map();
  }

  /** Everything that is there. */
  get files(): ReadonlyMap<string, string> {
    return this.#files;
  }

  async open(path: string, flags: string | number = "r") {
    const name = this.#name(path);
    if (flags === "r") return { sync: async () => this.#change("sync", path), close: async () => {} };
    this.#change("create", path);
    if (this.#files.has(name)) throw failure("EEXIST", path);
    this.#files.set(name, "");
    return {
      writeFile: async (text: string) => {
        this.#change("write", path, () => this.#files.set(name, text.slice(0, text.length / 2)));
        this.#files.set(name, text);
      },
      sync: async () => this.#change("sync", path),
      close: async () => {},
    };
  }

  async readFile(path: string) {
    const text = this.#files.get(this.#name(path));
    if (text === undefined) throw failure("ENOENT", path);
    return text;
  }

  async stat(path: string) {
    if (!this.#files.has(this.#name(path))) throw failure("ENOENT", path);
    return { mtimeMs: 0, mtime: new Date(0) };
  }

  async readdir(path: string) {
    const below = `${this.#name(path)}/`;
    const names = [...this.#files.keys()].filter((name) => name.startsWith(below)).map((n) => n.slice(below.length));
    if (names.length === 0) throw failure("ENOENT", path);
    return [...new Set(names.map((name) => name.split("/")[0] ?? ""))];
  }

  async mkdir(path: string) {
    this.#name(path);
  }

  async link(from: string, to: string) {
    this.#change("link", to);
    this.#files.set(this.#name(to), await this.readFile(from));
  }

  async rename(from: string, to: string) {
    this.#change("rename", to);
    const text = await this.readFile(from);
    this.#files.delete(this.#name(from));
    if (to.endsWith(".json") && this.losesRename > 0 && ++this.#states % this.losesRename === 0) return;
    this.#files.set(this.#name(to), text);
  }

  async rm(path: string) {
    if (this.#files.has(this.#name(path))) this.#change("remove", path);
    this.#files.delete(this.#name(path));
  }

  /** The path without disk and process. */
  #name(path: string): string {
    const [, , process, ...rest] = path.split("/");
    if (Number(process) !== this.#process || !this.#alive) throw new Cut();
    return rest.join("/");
  }

  #change(change: Change, path: string, half: () => void = () => {}): void {
    this.#name(path);
    const { kind, at } = this.#fault ?? { kind: "cut", at: Number.POSITIVE_INFINITY };
    if (this.#changes++ < at) return;
    if (kind === "readOnly" && change !== "sync") throw failure("EROFS", path);
    if (kind === "full" && (change === "create" || change === "write" || change === "link")) {
      half();
      throw failure("ENOSPC", path);
    }
    if (kind !== "cut") return;
    half();
    this.end();
    this.#cut();
    throw new Cut();
  }
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${dirname(path)}`), { code });
}

const real = { ...fs };
for (const name of ["open", "readFile", "stat", "readdir", "mkdir", "link", "rename", "rm"] as const) {
  const original = real[name] as (...args: unknown[]) => Promise<unknown>;
  Object.assign(fs, {
    [name]: async (...args: unknown[]) => {
      const disk = typeof args[0] === "string" && disks.get(/^\/[^/]*/.exec(args[0])?.[0] ?? "");
      if (!disk) return original(...args);
      return (disk[name] as (...args: unknown[]) => Promise<unknown>).apply(disk, args);
    },
  });
}
// Those who imported the functions by name get these too.
syncBuiltinESMExports();
