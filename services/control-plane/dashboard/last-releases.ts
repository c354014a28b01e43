import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../store.ts";
import type { Clock } from "../types.ts";

/** Of an app's last release what lists show. */
export interface LastRelease {
  readonly version: number;
  readonly description: string;
  readonly user: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** Milliseconds for which what was read is taken for true: one made on the host is seen after that. */
const FRESH = 30_000;
/** How many are read at a time: each takes a `pulumi` command. */
const PARALLEL = 2;

/**
 * The last release of each app, remembered: reading it takes half a second, which a list of many apps cannot wait for.
 * Who asks gets what is known, and has what is old read again for the next time.
 */
export class LastReleases {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, () => Promise<LastRelease | undefined>>();
  readonly #asked = new Map<string, number>();
  #reading = 0;

  constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    migrate(db, "dashboard-releases", [
      `CREATE TABLE last_release (
         app TEXT PRIMARY KEY, version INTEGER NOT NULL, description TEXT NOT NULL, user TEXT NOT NULL, createdAt TEXT NOT NULL
       ) STRICT`,
    ]);
  }

  /** @param read gives it as it is now */
  of(app: string, read: () => Promise<LastRelease | undefined>): LastRelease | undefined {
    const age = this.#clock() - (this.#asked.get(app) ?? Number.NEGATIVE_INFINITY);
    if (age > FRESH) {
      this.#waiting.set(app, read);
      this.#next();
    }
    const row = this.#db
      .prepare("SELECT version, description, user, createdAt FROM last_release WHERE app = ?")
      .get(app);
    return row === undefined ? undefined : ({ ...row } as unknown as LastRelease);
  }

  /** What somebody has read anyway. @param release undefined: there is none */
  note(app: string, release: LastRelease | undefined): void {
    this.#asked.set(app, this.#clock());
    if (release === undefined) {
      this.#db.prepare("DELETE FROM last_release WHERE app = ?").run(app);
      return;
    }
    const { version, description, user, createdAt } = release;
    this.#db
      .prepare("INSERT OR REPLACE INTO last_release VALUES (?, ?, ?, ?, ?)")
      .run(app, version, description, user, createdAt);
  }

  #next(): void {
    const [entry] = this.#waiting;
    if (entry === undefined || this.#reading >= PARALLEL) return;
    const [app, read] = entry;
    this.#waiting.delete(app);
    this.#asked.set(app, this.#clock());
    this.#reading++;
    read()
      .then((release) => this.note(app, release))
      // It is shown as it was, and read again when somebody asks after a while.
      .catch(() => {})
      .finally(() => {
        this.#reading--;
        this.#next();
      });
    this.#next();
  }
}
