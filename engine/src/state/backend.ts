/**
 * Pulumi's "DIY" backend: which records hold states, histories, backups, tags and locks. It knows their keys, and
 * nothing of what the states say.
 */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type { Bucket } from "./bucket.ts";
import { UserError } from "./errors.ts";
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

export class Backend {
  /** As the user gave it, e.g. `file:///var/lib/states`: what Pulumi knows it by. It may hold a password. */
  readonly url: string;
  readonly records: Bucket;

  constructor(url: string, records: Bucket) {
    this.url = url;
    this.records = records;
  }

  /** The URL as people may see it. */
  get shown(): string {
    return this.records.shown;
  }

  /** Makes the place ready for stacks. @throws UserError when it holds stacks in the layout of before 2023 */
  async prepare(): Promise<void> {
    await this.records.prepare();
    const meta = await this.#text("meta.yaml");
    if (meta !== undefined) {
      if (!/^version:\s*1\s*$/m.test(meta))
        throw new UserError(`${this.shown} has a layout that this engine does not know`);
      return;
    }
    const stacks = await this.records.list("stacks");
    if (stacks.some((key) => /^[^/]+\.json$/.test(key))) {
      throw new UserError(
        `${this.shown} holds stacks without projects; run 'pulumi state upgrade' of the real CLI once`,
      );
    }
    await this.records.write("meta.yaml", "version: 1\n");
  }

  async list(): Promise<StackName[]> {
    const found = new Map<string, StackName>();
    for (const key of await this.records.list("stacks")) {
      const [, project, stack] = /^([^/]+)\/([A-Za-z0-9._-]+)\.json(?:\.gz|\.zst)?$/.exec(key) ?? [];
      if (project === undefined || stack === undefined) continue;
      found.set(qualified({ project, stack }), { project, stack });
    }
    return [...found.values()].sort((a, b) => (qualified(a) < qualified(b) ? -1 : 1));
  }

  /** The checkpoint's text; undefined when there is no such stack. */
  async read(name: StackName): Promise<string | undefined> {
    const key = (await this.#newest(name))?.key;
    const bytes = key === undefined ? undefined : await this.records.read(key);
    if (key === undefined || bytes === undefined) return undefined;
    if (key.endsWith(".gz")) return gunzipSync(bytes).toString("utf8");
    return (key.endsWith(".zst") ? zstdDecompressSync(bytes) : bytes).toString("utf8");
  }

  async exists(name: StackName): Promise<boolean> {
    return (await this.#newest(name)) !== undefined;
  }

  /** When the stack's state was last written; undefined when there is no such stack. */
  async lastWritten(name: StackName): Promise<Date | undefined> {
    return (await this.#newest(name))?.modified;
  }

  /** Replaces the checkpoint, keeping the one before it as `.bak`. */
  async write(name: StackName, checkpoint: string): Promise<void> {
    const key = stateKey(name);
    // What another writer left compressed is older now, but times of files are coarse.
    await this.records.replace(key, checkpoint, [`${key}.gz`, `${key}.zst`]);
  }

  /** Removes a stack's state, tags and history; the `.bak` record stays. */
  async remove(name: StackName): Promise<void> {
    const key = stateKey(name);
    for (const extension of COMPRESSIONS) await this.records.rename(key + extension, `${key + extension}.bak`);
    await this.records.remove(tagsKey(name));
    await this.records.removeAll(historyFolder(name));
  }

  /** Gives a stack's history and tags another name; its state is written by the caller. */
  async moveRecords(from: StackName, to: StackName): Promise<void> {
    for (const record of await this.records.list(historyFolder(from))) {
      if (!record.startsWith(`${from.stack}-`)) continue;
      const renamed = to.stack + record.slice(from.stack.length);
      await this.records.rename(`${historyFolder(from)}/${record}`, `${historyFolder(to)}/${renamed}`);
    }
    await this.records.rename(tagsKey(from), tagsKey(to));
  }

  /** Notes what was done, with a copy of the state it led to, there and among the backups. */
  async addHistory(name: StackName, entry: HistoryEntry): Promise<void> {
    const time = unixNanoseconds();
    const prefix = `${historyFolder(name)}/${name.stack}-${time}`;
    await this.records.write(`${prefix}.history.json`, JSON.stringify(entry));
    await this.records.copy(stateKey(name), `${prefix}.checkpoint.json`);
    await this.backUp(name, time);
  }

  /** Copies the state to the backups. @returns the copy, as `stack import --file` takes it */
  async backUp(name: StackName, time = unixNanoseconds()): Promise<string> {
    const key = `${backupsFolder(name)}/${name.stack}.${time}.json`;
    await this.records.write(key, (await this.read(name)) ?? "");
    return this.records.place(key);
  }

  /** Copies of earlier states, newest first, as `stack import --file` takes them. */
  async backups(name: StackName): Promise<string[]> {
    const copies = (await this.records.list(backupsFolder(name))).filter((key) => /\.\d+\.json$/.test(key));
    return copies.reverse().map((key) => this.records.place(`${backupsFolder(name)}/${key}`));
  }

  /** A copy among the backups; undefined when there is none at such a place. */
  async backup(place: string): Promise<string | undefined> {
    const [, key] = /(?:^|\/)\.pulumi\/(backups\/.+\.json)$/.exec(place) ?? [];
    return key === undefined || this.records.place(key) !== place ? undefined : this.#text(key);
  }

  /** Newest first. @param pageSize 0: all @param page from 1 */
  async history(name: StackName, pageSize = 0, page = 1): Promise<HistoryEntry[]> {
    const folder = historyFolder(name);
    const newestFirst = (await this.records.list(folder)).filter((key) => key.endsWith(".history.json")).reverse();
    const start = pageSize === 0 ? 0 : (Math.max(page, 1) - 1) * pageSize;
    const wanted = pageSize === 0 ? newestFirst : newestFirst.slice(start, start + pageSize);
    const texts = await Promise.all(wanted.map((key) => this.#text(`${folder}/${key}`)));
    return texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as HistoryEntry]));
  }

  async tags(name: StackName): Promise<Record<string, string>> {
    const text = await this.#text(tagsKey(name));
    return text === undefined ? {} : ((JSON.parse(text) as { tags?: Record<string, string> }).tags ?? {});
  }

  async setTags(name: StackName, tags: Record<string, string>): Promise<void> {
    if (Object.keys(tags).length === 0) await this.records.remove(tagsKey(name));
    else await this.records.write(tagsKey(name), JSON.stringify({ version: 1, tags }));
  }

  async #text(key: string): Promise<string | undefined> {
    return (await this.records.read(key))?.toString("utf8");
  }

  async #newest(name: StackName): Promise<{ key: string; modified: Date } | undefined> {
    const keys = COMPRESSIONS.map((extension) => stateKey(name) + extension);
    const times = await this.records.modified(keys);
    const found = keys.flatMap((key, at) => {
      const modified = times[at];
      return modified === undefined ? [] : [{ key, modified }];
    });
    return found.sort((a, b) => b.modified.getTime() - a.modified.getTime())[0];
  }
}

/** The record of a stack's state. */
function stateKey({ project, stack }: StackName): string {
  return `stacks/${project}/${stack}.json`;
}

function tagsKey({ project, stack }: StackName): string {
  return `stacks/${project}/${stack}.pulumi-tags`;
}

function historyFolder({ project, stack }: StackName): string {
  return `history/${project}/${stack}`;
}

function backupsFolder({ project, stack }: StackName): string {
  return `backups/${project}/${stack}`;
}

/** Pulumi orders records by the nanoseconds in their names; the process clock tells two of one millisecond apart. */
function unixNanoseconds(): string {
  const microseconds = Math.round((performance.timeOrigin + performance.now()) * 1000);
  return `${microseconds}000`;
}
