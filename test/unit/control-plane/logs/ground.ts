import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import Docker from "dockerode";
import { Logs, type LogsOptions } from "../../../../services/control-plane/logs/logs.ts";
import { openStore } from "../../../../services/control-plane/store.ts";

/** Logs on a database of their own, which can be closed and opened again. */
interface LogsGround extends AsyncDisposable {
  readonly folder: string;
  readonly logs: Logs;
  readonly db: DatabaseSync;
  /** What the logs said of themselves. */
  readonly said: string[];
  stop(): Promise<void>;
  /** What a killed process leaves is what it has committed: its connection is closed before it can write more. */
  kill(): Promise<void>;
  /** Begins again with the same file. */
  start(): void;
}

export async function logsGround(more: (folder: string) => Partial<LogsOptions> = () => ({})): Promise<LogsGround> {
  const folder = await mkdtemp(join(tmpdir(), "logs-"));
  const said: string[] = [];
  const open = () => {
    const db = openStore(join(folder, "store.sqlite"));
    const logs = new Logs({
      docker: new Docker({ socketPath: join(folder, "no-docker.sock") }),
      db,
      clock: Date.now,
      report: (message) => said.push(message),
      ...more(folder),
    });
    logs.start();
    return { db, logs };
  };
  let current = open();
  const stop = async () => {
    await current.logs.stop();
    if (current.db.isOpen) current.db.close();
  };
  return {
    folder,
    said,
    get logs() {
      return current.logs;
    },
    get db() {
      return current.db;
    },
    stop,
    async kill() {
      current.db.close();
      await current.logs.stop();
    },
    start() {
      current = open();
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
