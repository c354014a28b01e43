import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../store.ts";

/** What is remembered of a dyno that crashed; times in milliseconds since 1970. */
export interface CrashRecord {
  readonly service: string;
  readonly app: string;
  readonly dyno: string;
  readonly type: string;
  /** In a row. Below 0: that many are forgiven. */
  readonly crashes: number;
  /** The last crash or start of ours. */
  readonly last: number;
  /** When it is started again; null: it is not parked. */
  readonly until: number | null;
}

/** Crashes, by service. */
export class CrashRecords {
  readonly #db: DatabaseSync;
  constructor(db: DatabaseSync) {
    this.#db = db;
    migrate(db, "back-off", [
      `CREATE TABLE crashed_dyno (
        service TEXT PRIMARY KEY, app TEXT NOT NULL, dyno TEXT NOT NULL, type TEXT NOT NULL,
        crashes INTEGER NOT NULL, last INTEGER NOT NULL, until INTEGER
      ) STRICT`,
    ]);
  }

  get(service: string): CrashRecord | undefined {
    return this.#db.prepare("SELECT * FROM crashed_dyno WHERE service = ?").get(service) as CrashRecord | undefined;
  }

  all(): CrashRecord[] {
    return this.#db.prepare("SELECT * FROM crashed_dyno ORDER BY until").all() as unknown as CrashRecord[];
  }

  set({ service, app, dyno, type, crashes, last, until }: CrashRecord): void {
    this.#db
      .prepare("INSERT OR REPLACE INTO crashed_dyno VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(service, app, dyno, type, crashes, Math.round(last), until === null ? null : Math.round(until));
  }

  remove(service: string): void {
    this.#db.prepare("DELETE FROM crashed_dyno WHERE service = ?").run(service);
  }
}
