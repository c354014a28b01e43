import { randomUUID } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isMissing, messageOf } from "../../../lib/errors.ts";
import type { Clock } from "../types.ts";
import type { Server } from "./server.ts";
import type { NewTransfer, Transfer, TransferStore } from "./transfer-store.ts";

interface TransfersOptions {
  readonly store: TransferStore;
  readonly server: Server;
  /** Where the server's transfers write, as this process sees it. */
  readonly folder: string;
  /** How many backups of a database are kept. */
  readonly keep: number;
  readonly clock: Clock;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
}

/** At a time: each keeps a processor busy, and apps want some of them too. */
const AT_ONCE = 2;

/** Of how many transfers of an app that left no backup it is remembered how they went. */
const REMEMBERED = 20;

/** Milliseconds. */
const LOOK_FOR_STATUS_MS = 250;
const LOOK_FOR_PROCESS_MS = 3000;

/**
 * Copies of whole databases. Each is a process in Postgres' container that writes down how it went, so one that is
 * under way when the control plane is killed goes on, and the next one learns of its end.
 */
export class Transfers implements AsyncDisposable {
  readonly #options: TransfersOptions;
  readonly #stopping = new AbortController();
  /** Those that are under way, by id. */
  readonly #running = new Map<number, Promise<void>>();
  readonly #waiting = new Map<number, PromiseWithResolvers<Transfer>>();

  constructor(options: TransfersOptions) {
    this.#options = options;
  }

  /** Takes over what an earlier control plane began. */
  recover(): void {
    for (const transfer of this.#options.store.unfinished()) if (transfer.state === "running") this.#follow(transfer);
    this.#startNext();
  }

  /** @returns at once; it may have to wait for others */
  begin(transfer: Omit<NewTransfer, "uuid">): Transfer {
    const begun = this.#options.store.add({ ...transfer, uuid: randomUUID() });
    this.#waiting.set(begun.id, Promise.withResolvers());
    this.#startNext();
    return begun;
  }

  /** How one that was begun by this process went. */
  async end(id: number): Promise<Transfer> {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) throw new Error(`transfer ${id} was not begun here`);
    return waiting.promise.finally(() => this.#waiting.delete(id));
  }

  /** The oldest first. @param app its id */
  list(app: string): readonly Transfer[] {
    return this.#options.store.list(app);
  }

  /** @param which a number, or a UUID */
  find(app: string, which: string): Transfer | undefined {
    return this.list(app).find(({ uuid, number }) => uuid === which || String(number) === which);
  }

  byUuid(uuid: string): Transfer | undefined {
    return this.#options.store.find(uuid);
  }

  /** Bytes that were written so far. */
  async progress({ id, kind, state, bytes }: Transfer): Promise<number> {
    if (state !== "running") return bytes;
    const file = kind === "backup" ? "dump.new" : "bytes";
    if (kind !== "backup") return Number((await this.#read(id, file)).trim()) || 0;
    return this.#size(id, file);
  }

  /** What it said, a line each. */
  async log(id: number): Promise<string[]> {
    return (await this.#read(id, "log")).split("\n").filter((line) => line.trim() !== "");
  }

  /** The file of a backup. */
  file(id: number): string {
    return join(this.#options.folder, String(id), "dump");
  }

  async cancel(transfer: Transfer): Promise<void> {
    const { store, server, clock } = this.#options;
    const present = store.get(transfer.id);
    if (present === undefined || (present.state !== "pending" && present.state !== "running")) return;
    store.set(transfer.id, { canceledAt: clock() });
    if (present.state === "pending") this.#settle(transfer.id, { state: "failed", message: "it was canceled" });
    else await server.dismiss(`${transfer.database}_t${transfer.id}`);
  }

  /** Removes it with what it left. */
  async remove({ id }: Transfer): Promise<void> {
    await this.#options.server.transfer("forget", String(id));
    this.#options.store.remove(id);
  }

  /** Removes all of an app that is no more. @param app its id */
  async forget(app: string): Promise<void> {
    for (const transfer of this.list(app)) {
      await this.cancel(transfer);
      await this.remove(transfer);
    }
  }

  /** Lets go of what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running.values());
  }

  #startNext(): void {
    if (this.#stopping.signal.aborted) return;
    const unfinished = this.#options.store.unfinished();
    const busy = new Set(unfinished.filter(({ id }) => this.#running.has(id)).flatMap(databasesOf));
    for (const transfer of unfinished) {
      if (this.#running.size >= AT_ONCE) return;
      if (transfer.state !== "pending" || this.#running.has(transfer.id)) continue;
      if (databasesOf(transfer).some((database) => busy.has(database))) continue;
      for (const database of databasesOf(transfer)) busy.add(database);
      this.#follow(transfer);
    }
  }

  #follow(transfer: Transfer): void {
    const work = this.#carryOut(transfer).catch((error: unknown) => {
      if (this.#stopping.signal.aborted) return;
      this.#settle(transfer.id, { state: "failed", message: messageOf(error) });
    });
    this.#running.set(transfer.id, work);
    void work.finally(() => {
      this.#running.delete(transfer.id);
      this.#startNext();
    });
  }

  async #carryOut(transfer: Transfer): Promise<void> {
    const { store, server, clock } = this.#options;
    const { id } = transfer;
    let { execution } = transfer;
    if (transfer.state === "pending") {
      execution = await server.start(...argumentsOf(transfer));
      store.set(id, { state: "running", startedAt: clock(), execution });
    }
    const status = await this.#status(transfer, execution ?? "");
    const dump = transfer.kind === "backup" ? await this.#size(id, "dump") : Number(await this.#read(id, "bytes")) || 0;
    const sourceBytes = Number(await this.#read(id, "size")) || 0;
    const failed = status === "done" ? {} : { message: await this.#reason(id) };
    this.#settle(id, { state: status === "done" ? "succeeded" : "failed", bytes: dump, sourceBytes, ...failed });
    await this.#prune(transfer).catch((error: unknown) =>
      this.#options.report(`old backups could not be removed: ${messageOf(error)}`),
    );
  }

  /** Waits for its end; one that was killed is cleared up. */
  async #status({ id, database, source, kind }: Transfer, execution: string): Promise<string> {
    const { server } = this.#options;
    const { signal } = this.#stopping;
    for (let looked = 0; ; looked += LOOK_FOR_STATUS_MS) {
      const status = (await this.#read(id, "status")).trim();
      if (status !== "") return status;
      if (looked >= LOOK_FOR_PROCESS_MS) {
        looked = 0;
        if (!(await server.isRunning(execution)) && (await this.#read(id, "status")) === "") {
          const other = kind === "copy" && source !== null ? [source] : [];
          // It fails as long as Postgres does not run, and again with the next look. What it found is in the status.
          await server.transfer("mend", String(id), database, ...other).catch(() => {});
        }
      }
      await sleep(LOOK_FOR_STATUS_MS, undefined, { signal });
    }
  }

  #settle(id: number, change: Partial<Transfer>): void {
    const { store, clock } = this.#options;
    store.set(id, { ...change, finishedAt: clock() });
    const settled = store.get(id);
    if (settled !== undefined) this.#waiting.get(id)?.resolve(settled);
  }

  async #prune({ app, addon }: Transfer): Promise<void> {
    const ended = this.list(app).filter(({ finishedAt }) => finishedAt !== null);
    const isBackup = ({ kind, state }: Transfer) => kind === "backup" && state === "succeeded";
    const backups = ended.filter((each) => isBackup(each) && each.addon === addon);
    const others = ended.filter((each) => !isBackup(each));
    for (const old of backups.slice(0, -this.#options.keep)) await this.remove(old);
    for (const old of others.slice(0, -REMEMBERED)) await this.remove(old);
  }

  /** The last line that sounds like it. */
  async #reason(id: number): Promise<string> {
    const lines = await this.log(id);
    const told = lines.findLast((line) => /\b(error|fatal)\b/i.test(line)) ?? lines.at(-1);
    return told ?? "it ended without a word";
  }

  async #size(id: number, file: string): Promise<number> {
    return stat(this.#path(id, file)).then(
      ({ size }) => size,
      () => 0,
    );
  }

  async #read(id: number, file: string): Promise<string> {
    try {
      return await readFile(this.#path(id, file), "utf8");
    } catch (error) {
      if (isMissing(error)) return "";
      throw error;
    }
  }

  #path(id: number, file: string): string {
    return join(this.#options.folder, String(id), file);
  }
}

/** Those that one transfer at a time has. */
function databasesOf({ kind, database, source }: Transfer): string[] {
  return kind === "copy" && source !== null ? [database, source] : [database];
}

function argumentsOf({ id, kind, database, source, extensions }: Transfer): string[] {
  const verb = kind === "backup" ? "capture" : kind;
  return [verb, String(id), database, ...(source === null ? [] : [source]), ...extensions.split(" ").filter(Boolean)];
}
