import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../store.ts";

export type SleepReason = "asleep" | "quota";

/** A service that was brought to no replica, and is to be started again when its app wakes. */
interface SleepingService {
  readonly service: string;
  readonly app: string;
  readonly reason: SleepReason;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Which services sleep: without it, a worker that sleeps looks like one that a deployment has left behind. */
export class SleepStore {
  readonly #db: DatabaseSync;
  constructor(db: DatabaseSync) {
    this.#db = db;
    migrate(db, "sleep", [
      `CREATE TABLE sleeping_dyno (
        service TEXT PRIMARY KEY, app TEXT NOT NULL, reason TEXT NOT NULL, since INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX sleeping_app ON sleeping_dyno (app)`,
    ]);
  }

  of(app: string): SleepingService[] {
    return this.#db.prepare("SELECT * FROM sleeping_dyno WHERE app = ?").all(app) as unknown as SleepingService[];
  }

  apps(): string[] {
    return this.#db
      .prepare("SELECT DISTINCT app FROM sleeping_dyno")
      .all()
      .map(({ app }) => String(app));
  }

  add(app: string, services: readonly string[], reason: SleepReason, since: number): void {
    const insert = this.#db.prepare("INSERT OR REPLACE INTO sleeping_dyno VALUES (?, ?, ?, ?)");
    for (const service of services) insert.run(service, app, reason, Math.round(since));
  }

  /** Those that slept for one reason sleep for another. */
  change(app: string, reason: SleepReason): void {
    this.#db.prepare("UPDATE sleeping_dyno SET reason = ? WHERE app = ?").run(reason, app);
  }

  clear(app: string): void {
    this.#db.prepare("DELETE FROM sleeping_dyno WHERE app = ?").run(app);
  }
}
