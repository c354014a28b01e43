import type { DatabaseSync } from "node:sqlite";
import { setTimeout as after } from "node:timers/promises";
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
const FRESH_MS = 30_000;
/** How many are read at a time: each takes a `pulumi` command. */
const PARALLEL = 2;
/** Milliseconds for which who asks waits for one of which nothing is known. */
const WAIT_MS = 3000;

/**
 * The last release of each app, remembered: reading it takes half a second, which a list of many apps cannot wait for.
 * Who asks gets what is known, and has what is old read again for the next time. Only what is not known at all is waited
 * for, and not for long.
 */
export class LastReleases {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, () => Promise<LastRelease | undefined>>();
  /** Those that wait or are being read. */
  readonly #pending = new Map<string, PromiseWithResolvers<void>>();
  /** When each was read, or noted, in milliseconds since 1970. */
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

  /**
   * @param read gives it as it is now
   * @returns undefined: there is none, or it takes too long to read
   */
  async of(app: string, read: () => Promise<LastRelease | undefined>): Promise<LastRelease | undefined> {
    const age = this.#clock() - (this.#asked.get(app) ?? Number.NEGATIVE_INFINITY);
    if (age > FRESH_MS && !this.#pending.has(app)) {
      this.#pending.set(app, Promise.withResolvers());
      this.#waiting.set(app, read);
      this.#next();
    }
    const known = this.#known(app);
    const pending = this.#pending.get(app);
    if (known !== undefined || pending === undefined) return known;
    await Promise.race([pending.promise, after(WAIT_MS, undefined, { ref: false })]);
    return this.#known(app);
  }

  #known(app: string): LastRelease | undefined {
    const row = this.#db
      .prepare("SELECT version, description, user, createdAt FROM last_release WHERE app = ?")
      .get(app);
    return row === undefined ? undefined : ({ ...row } as unknown as LastRelease);
  }

  /** Of an app that is made, gone or called something else nothing is known. */
  forget(app: string): void {
    this.note(app, undefined);
    this.#asked.delete(app);
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
    this.#reading++;
    read()
      .then((release) => this.note(app, release))
      // It is shown as it was, and read again when somebody asks after a while.
      .catch(() => void this.#asked.set(app, this.#clock()))
      .finally(() => {
        this.#reading--;
        this.#pending.get(app)?.resolve();
        this.#pending.delete(app);
        this.#next();
      });
    this.#next();
  }
}
