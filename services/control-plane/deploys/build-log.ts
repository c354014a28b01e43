import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { FileTail } from "../../../lib/file-tail.ts";
import { type BuildRecord, readRecord } from "../../../provider/build/record.ts";
import type { Say } from "./deploy-commit.ts";

const LOOK_EVERY_MS = 100;

interface Followed {
  readonly id: string;
  readonly folder: string;
  readonly tail: FileTail;
  rest: string;
  ended: boolean;
}

interface BuildLogOptions {
  /** The folders of records, e.g. `builds` of the platform's folder. */
  readonly folders: readonly string[];
  readonly app: string;
  readonly say: Say;
  /** Told once, when a record is closed and its log has been shown. */
  ended?(record: BuildRecord): void;
}

/**
 * Shows what the builds and release commands of an app write, from now on and as they write it: from their records and not from
 * Pulumi's output, which has each line behind a resource's name and is wrapped differently by the real engine.
 */
export class BuildLog implements AsyncDisposable {
  readonly #options: BuildLogOptions;
  readonly #since: string;
  readonly #followed = new Map<string, Followed>();
  readonly #foreign = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: BuildLogOptions) {
    this.#options = options;
    // The ids of records begin with their time.
    this.#since = new Date().toISOString().replace(/[-:.]/g, "");
    this.#running = this.#run();
  }

  /** Stops when all that is there has been shown. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let last = false; ; ) {
      await this.#look().catch(() => {});
      if (last) return;
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
      last = signal.aborted;
    }
  }

  async #look(): Promise<void> {
    for (const folder of this.#options.folders) {
      const ids = await readdir(folder).catch(() => []);
      for (const id of ids.sort()) {
        if (id < this.#since || this.#followed.has(id) || this.#foreign.has(id)) continue;
        const record = await readRecord(folder, id);
        if (record === undefined) continue;
        if (record.app !== this.#options.app) this.#foreign.add(id);
        else
          this.#followed.set(id, { id, folder, tail: new FileTail(join(folder, id, "log")), rest: "", ended: false });
      }
    }
    for (const followed of this.#followed.values()) if (!followed.ended) await this.#show(followed);
  }

  async #show(followed: Followed): Promise<void> {
    // Asked before the log is read, which is whole when the record is closed.
    const record = await readRecord(followed.folder, followed.id);
    const lines = `${followed.rest}${await followed.tail.read()}`.split("\n");
    followed.rest = lines.pop() ?? "";
    for (const line of lines) this.#options.say(stripVTControlCharacters(line));
    if (record?.end === undefined) return;
    followed.ended = true;
    this.#options.ended?.(record);
  }
}
