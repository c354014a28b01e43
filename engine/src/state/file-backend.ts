/**
 * Pulumi's "DIY" backend on a local folder (`file://`): where states, histories, backups, tags and locks lie.
 * It knows files and names, and nothing of what the states say.
 */
import { copyFile, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { UserError } from "./errors.ts";
import { isMissing, readFileIfAny, writeFileAtomic } from "./files.ts";
import { qualified, type StackName } from "./stack-name.ts";

/** An entry of a stack's history, as its file has it; times are seconds since 1970. */
export interface HistoryEntry {
  kind: string;
  startTime: number;
  message: string;
  environment: Record<string, string>;
  config: Record<string, unknown>;
  version: number;
  result: string;
  endTime: number;
  resourceChanges?: Record<string, number>;
}

const COMPRESSIONS = ["", ".gz", ".zst"] as const;

export class FileBackend {
  /** As the user gave it, e.g. `file:///var/lib/states`. */
  readonly url: string;
  readonly root: string;

  constructor(url: string, workingDirectory: string) {
    this.url = url;
    this.root = join(folderOf(url, workingDirectory), ".pulumi");
  }

  /** Makes the folder ready for stacks. @throws UserError when it holds stacks in the layout of before 2023 */
  async prepare(): Promise<void> {
    const meta = await readFileIfAny(join(this.root, "meta.yaml"));
    if (meta !== undefined) {
      if (!/^version:\s*1\s*$/m.test(meta))
        throw new UserError(`${this.url} has a layout that this engine does not know`);
      return;
    }
    const stacks = await listFolder(join(this.root, "stacks"));
    if (stacks.some((file) => file.endsWith(".json"))) {
      throw new UserError(`${this.url} holds stacks without projects; run 'pulumi state upgrade' of the real CLI once`);
    }
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    await writeFileAtomic(join(this.root, "meta.yaml"), "version: 1\n");
  }

  async list(): Promise<StackName[]> {
    const found: StackName[] = [];
    for (const project of await listFolder(join(this.root, "stacks"))) {
      const files = await listFolder(join(this.root, "stacks", project));
      const stacks = files.map((file) => /^([A-Za-z0-9._-]+)\.json(\.gz|\.zst)?$/.exec(file)?.[1]);
      for (const stack of new Set(stacks)) if (stack !== undefined) found.push({ project, stack });
    }
    return found.sort((a, b) => (qualified(a) < qualified(b) ? -1 : 1));
  }

  /** The checkpoint's text; undefined when there is no such stack. */
  async read(name: StackName): Promise<string | undefined> {
    const path = await this.#newest(name);
    if (path === undefined) return undefined;
    if (!path.endsWith(".gz") && !path.endsWith(".zst")) return readFileIfAny(path);
    const bytes = await readFile(path);
    return (path.endsWith(".gz") ? gunzipSync(bytes) : zstdDecompressSync(bytes)).toString("utf8");
  }

  async exists(name: StackName): Promise<boolean> {
    return (await this.#newest(name)) !== undefined;
  }

  /** When the stack's state was last written; undefined when there is no such stack. */
  async lastWritten(name: StackName): Promise<Date | undefined> {
    const path = await this.#newest(name);
    return path === undefined ? undefined : (await stat(path)).mtime;
  }

  /** Replaces the checkpoint, keeping the one before it as `.bak`. */
  async write(name: StackName, checkpoint: string): Promise<void> {
    const path = this.#path("stacks", name, ".json");
    await writeFileAtomic(path, checkpoint, { backup: true });
    // What another writer left compressed is older now, but file times are coarse.
    await Promise.all([rm(`${path}.gz`, { force: true }), rm(`${path}.zst`, { force: true })]);
  }

  /** Removes a stack's state, tags and history; the `.bak` file stays. */
  async remove(name: StackName): Promise<void> {
    const path = this.#path("stacks", name, ".json");
    for (const extension of COMPRESSIONS) await renameIfAny(path + extension, `${path + extension}.bak`);
    await rm(this.#path("stacks", name, ".pulumi-tags"), { force: true });
    await rm(join(this.root, "history", name.project, name.stack), { recursive: true, force: true });
  }

  /** Gives a stack's history and tags another name; its state is written by the caller. */
  async moveRecords(from: StackName, to: StackName): Promise<void> {
    const [oldFolder, newFolder] = [from, to].map((name) => join(this.root, "history", name.project, name.stack)) as [
      string,
      string,
    ];
    const files = await listFolder(oldFolder);
    if (files.length > 0) await mkdir(newFolder, { recursive: true, mode: 0o700 });
    for (const file of files) {
      if (!file.startsWith(`${from.stack}-`)) continue;
      await rename(join(oldFolder, file), join(newFolder, to.stack + file.slice(from.stack.length)));
    }
    await renameIfAny(this.#path("stacks", from, ".pulumi-tags"), this.#path("stacks", to, ".pulumi-tags"));
  }

  /** Notes what was done, with a copy of the state it led to, there and among the backups. */
  async addHistory(name: StackName, entry: HistoryEntry): Promise<void> {
    const time = unixNanoseconds();
    const prefix = join(this.root, "history", name.project, name.stack, `${name.stack}-${time}`);
    await writeFileAtomic(`${prefix}.history.json`, JSON.stringify(entry));
    await copyFile(this.#path("stacks", name, ".json"), `${prefix}.checkpoint.json`);
    await this.backUp(name, time);
  }

  /** Copies the state to the backups. @returns the copy's path */
  async backUp(name: StackName, time = unixNanoseconds()): Promise<string> {
    const folder = join(this.root, "backups", name.project, name.stack);
    const path = join(folder, `${name.stack}.${time}.json`);
    await writeFileAtomic(path, (await this.read(name)) ?? "");
    return path;
  }

  /** Copies of earlier states, newest first. */
  async backups(name: StackName): Promise<string[]> {
    const folder = join(this.root, "backups", name.project, name.stack);
    const files = (await listFolder(folder)).filter((file) => /\.\d+\.json$/.test(file));
    return files
      .sort()
      .reverse()
      .map((file) => join(folder, file));
  }

  /** Newest first. @param pageSize 0: all @param page from 1 */
  async history(name: StackName, pageSize = 0, page = 1): Promise<HistoryEntry[]> {
    const folder = join(this.root, "history", name.project, name.stack);
    const files = (await listFolder(folder)).filter((file) => file.endsWith(".history.json")).sort();
    const newestFirst = files.reverse();
    const start = pageSize === 0 ? 0 : (Math.max(page, 1) - 1) * pageSize;
    const wanted = pageSize === 0 ? newestFirst : newestFirst.slice(start, start + pageSize);
    return Promise.all(
      wanted.map(async (file) => JSON.parse(await readFile(join(folder, file), "utf8")) as HistoryEntry),
    );
  }

  async tags(name: StackName): Promise<Record<string, string>> {
    const text = await readFileIfAny(this.#path("stacks", name, ".pulumi-tags"));
    return text === undefined ? {} : ((JSON.parse(text) as { tags?: Record<string, string> }).tags ?? {});
  }

  async setTags(name: StackName, tags: Record<string, string>): Promise<void> {
    const path = this.#path("stacks", name, ".pulumi-tags");
    if (Object.keys(tags).length === 0) await rm(path, { force: true });
    else await writeFileAtomic(path, JSON.stringify({ version: 1, tags }));
  }

  #path(kind: string, name: StackName, extension: string): string {
    return join(this.root, kind, name.project, name.stack + extension);
  }

  async #newest(name: StackName): Promise<string | undefined> {
    const path = this.#path("stacks", name, ".json");
    const found = await Promise.all(COMPRESSIONS.map(async (extension) => fileAge(path + extension)));
    const newest = found.filter((file) => file !== undefined).sort((a, b) => b.modified - a.modified)[0];
    return newest?.path;
  }
}

/** The folder of a `file://` URL: absolute, below the home folder (`file://~`), or relative (`file://./x`). */
function folderOf(url: string, workingDirectory: string): string {
  if (!url.startsWith("file://")) {
    throw new UserError(
      `the embedded engine keeps states in local folders only: '${url}' is no file:// URL; ` +
        "set PULUMI_BACKEND_URL=file://… or install the real CLI for other backends",
    );
  }
  const path = decodeURI(url.slice("file://".length).replace(/\?.*$/, ""));
  if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
  return resolve(workingDirectory, path);
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function renameIfAny(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

async function fileAge(path: string): Promise<{ path: string; modified: number } | undefined> {
  try {
    return { path, modified: (await stat(path)).mtimeMs };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Pulumi orders records by the nanoseconds in their names; the process clock tells two of one millisecond apart. */
function unixNanoseconds(): string {
  const microseconds = Math.round((performance.timeOrigin + performance.now()) * 1000);
  return `${microseconds}000`;
}
