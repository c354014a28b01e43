import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../store.ts";

/** How it stands with a name. */
export interface NameState {
  /**
   * `waiting`: nothing was found out yet. `failing`: it cannot be had, as the reason says, and is tried again. `ordering`:
   * the own check has passed. `issued`: there is a certificate; with a reason it cannot be renewed.
   */
  readonly state: "waiting" | "failing" | "ordering" | "issued";
  readonly reason: string | null;
  /** Since when it is so, in milliseconds since 1970. */
  readonly since: number;
  /** When orders of it failed, oldest first: one that never ended is among them. */
  readonly failed: readonly number[];
  /** What DNS said of it when it was last ordered. */
  readonly seen: string | null;
  /** Not before this time is it looked at again, in milliseconds since 1970. */
  readonly next: number;
}

const STEPS = [
  `CREATE TABLE certificate (
     host TEXT PRIMARY KEY, state TEXT NOT NULL, reason TEXT, since INTEGER NOT NULL, failed TEXT NOT NULL, seen TEXT,
     next INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE certificate_warning (host TEXT PRIMARY KEY, day TEXT NOT NULL) STRICT`,
];

/** What is known of names, beyond a restart. */
export class NameStore {
  readonly #db: DatabaseSync;
  readonly #states = new Map<string, NameState>();

  constructor(db: DatabaseSync) {
    this.#db = db;
    migrate(db, "certificates", STEPS);
    for (const row of db.prepare("SELECT * FROM certificate").all()) {
      const { host, failed, ...rest } = row as unknown as { host: string; failed: string } & Omit<NameState, "failed">;
      this.#states.set(host, { ...rest, failed: JSON.parse(failed) });
    }
  }

  get hosts(): string[] {
    return [...this.#states.keys()];
  }

  get(host: string): NameState | undefined {
    return this.#states.get(host);
  }

  set(host: string, state: NameState): void {
    this.#db
      .prepare(
        `INSERT INTO certificate (host, state, reason, since, failed, seen, next) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (host) DO UPDATE SET state = excluded.state, reason = excluded.reason, since = excluded.since,
           failed = excluded.failed, seen = excluded.seen, next = excluded.next`,
      )
      .run(host, state.state, state.reason, state.since, JSON.stringify(state.failed), state.seen, state.next);
    this.#states.set(host, state);
  }

  forget(host: string): void {
    this.#states.delete(host);
    this.#db.prepare("DELETE FROM certificate WHERE host = ?").run(host);
  }

  /** Whether a warning of a host is the first of a day, which it then is not any more. @param day `2026-01-31` */
  warnOnce(host: string, day: string): boolean {
    const known = this.#db.prepare("SELECT day FROM certificate_warning WHERE host = ?").get(host);
    if (known?.day === day) return false;
    this.#db
      .prepare("INSERT INTO certificate_warning VALUES (?, ?) ON CONFLICT (host) DO UPDATE SET day = excluded.day")
      .run(host, day);
    return true;
  }
}
