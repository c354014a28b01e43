import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseStatus, Server } from "../../../../services/control-plane/postgres/server.ts";

/** Postgres as transfers see it: what the script in its container writes, without a database. */
export class FakeServer implements Server {
  readonly folder: string;
  /** What it was asked for. */
  readonly calls: string[] = [];
  /** Transfers that go on until they are ended, by id. */
  readonly held = new Set<string>();
  /** Whether those that begin go on. */
  hold = false;
  /** What the next one says when it fails. */
  failure: string | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  async status(database: string): Promise<DatabaseStatus | undefined> {
    if (database === "gone") return undefined;
    return { size: 8_100_000, connections: 2, version: "17.6", collation: "C.UTF-8", outdated: false };
  }

  async disconnect(database: string): Promise<void> {
    this.calls.push(`disconnect ${database}`);
  }

  async dismiss(role: string): Promise<void> {
    this.calls.push(`dismiss ${role}`);
    const id = role.split("_t")[1] ?? "";
    if (this.held.has(id)) await this.end(id, "error: terminated");
  }

  async start(...args: readonly string[]): Promise<string> {
    this.calls.push(args.join(" "));
    const [verb = "", id = "", database] = args;
    await mkdir(join(this.folder, id), { recursive: true });
    await this.#write(id, "log", `${verb} ${database}\n`);
    await this.#write(id, "size", "1000\n");
    if (verb === "capture") await this.#write(id, "dump.new", "half");
    this.held.add(id);
    if (!this.hold) await this.end(id, this.failure);
    return id;
  }

  async isRunning(execution: string): Promise<boolean> {
    return this.held.has(execution);
  }

  async transfer(...args: readonly string[]): Promise<void> {
    this.calls.push(args.join(" "));
    const [verb, id = ""] = args;
    if (verb === "forget") await rm(join(this.folder, id), { recursive: true, force: true });
    if (verb === "mend") await this.end(id, "error: it was ended from outside");
  }

  /** @param failure what it says last; undefined: it is done */
  async end(id: string, failure?: string): Promise<void> {
    this.held.delete(id);
    if (failure === undefined) {
      await this.#write(id, "dump", "the whole dump");
      await this.#write(id, "bytes", "900\n");
    } else await this.#write(id, "log", `some word\n${failure}\n`);
    await this.#write(id, "status", failure === undefined ? "done\n" : "failed\n");
  }

  #write(id: string, file: string, text: string): Promise<void> {
    return writeFile(join(this.folder, id, file), text);
  }
}
