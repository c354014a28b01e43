import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../../store.ts";
import type { Clock } from "../../types.ts";
import { Minute, outcomeOf } from "./minute.ts";

/** What is kept of an app for a minute in which there was something. */
export interface Sample {
  /** When the minute began, in milliseconds since 1970. */
  readonly at: number;
  readonly requests: number;
  /** Answers of 500 and above. */
  readonly errors: number;
  /** Milliseconds within which half, and 95 of 100, of the answers came. */
  readonly median: number;
  readonly p95: number;
  /** Bytes that the largest of its dynos used; null: nobody looked. */
  readonly memory: number | null;
}

/** Milliseconds. */
const MINUTE_MS = 60_000;
/** Minutes that are kept. */
const KEPT_MINUTES = 24 * 60;

interface AppMetricsOptions {
  readonly db: DatabaseSync;
  readonly clock: Clock;
}

/** Requests, times and memory of each app by the minute, for a day. */
export class AppMetrics {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;
  #minutes = new Map<string, Minute>();
  #memory = new Map<string, number>();
  #current: number;

  constructor({ db, clock }: AppMetricsOptions) {
    this.#db = db;
    this.#clock = clock;
    this.#current = minuteOf(clock());
    migrate(db, "metrics", [
      `CREATE TABLE app_minute (
         app TEXT NOT NULL, minute INTEGER NOT NULL, requests INTEGER NOT NULL, errors INTEGER NOT NULL,
         median INTEGER NOT NULL, p95 INTEGER NOT NULL, memory INTEGER, PRIMARY KEY (app, minute)
       ) STRICT, WITHOUT ROWID;
       CREATE INDEX app_minute_by_age ON app_minute (minute)`,
    ]);
  }

  /** A request was answered. @param record as the router wrote it */
  request(app: string, record: string): void {
    this.#turn();
    let minute = this.#minutes.get(app);
    if (minute === undefined) {
      minute = new Minute();
      this.#minutes.set(app, minute);
    }
    const { status, time } = outcomeOf(record);
    minute.add(status, time);
  }

  /** A dyno of the app uses so many bytes. */
  memory(app: string, bytes: number): void {
    this.#turn();
    this.#memory.set(app, Math.max(bytes, this.#memory.get(app) ?? 0));
  }

  /** Those that begin at `from` or later, the oldest first, with what came of the current minute so far. */
  of(app: string, from: number): Sample[] {
    this.#turn();
    const rows = this.#db
      .prepare("SELECT * FROM app_minute WHERE app = ? AND minute >= ? ORDER BY minute")
      .all(app, minuteOf(from));
    const past = rows.map(({ minute, ...row }) => ({ ...row, at: Number(minute) * MINUTE_MS }) as unknown as Sample);
    const now = this.#sample(app);
    return now === undefined ? past : [...past, now];
  }

  /** Writes down what is over. To be called every few seconds, so that a quiet minute is written too. */
  tick(): void {
    this.#turn();
  }

  /** Writes down the current minute too, before the end of the process; the next one may have the rest of it. */
  stop(): void {
    this.#write();
  }

  /** An app has another name. */
  rename(from: string, to: string): void {
    this.#db.prepare("UPDATE OR REPLACE app_minute SET app = ? WHERE app = ?").run(to, from);
  }

  forget(app: string): void {
    this.#minutes.delete(app);
    this.#memory.delete(app);
    this.#db.prepare("DELETE FROM app_minute WHERE app = ?").run(app);
  }

  #turn(): void {
    const now = minuteOf(this.#clock());
    if (now === this.#current) return;
    this.#write();
    this.#minutes = new Map();
    this.#memory = new Map();
    this.#current = now;
  }

  #write(): void {
    const apps = new Set([...this.#minutes.keys(), ...this.#memory.keys()]);
    this.#db.prepare("DELETE FROM app_minute WHERE minute < ?").run(this.#current - KEPT_MINUTES);
    if (apps.size === 0) return;
    // What an earlier process wrote of this minute is added to; its percentiles, which cannot be, stay where higher.
    const insert = this.#db.prepare(
      `INSERT INTO app_minute VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (app, minute) DO UPDATE SET
         requests = requests + excluded.requests, errors = errors + excluded.errors,
         median = MAX(median, excluded.median), p95 = MAX(p95, excluded.p95),
         memory = MAX(COALESCE(memory, excluded.memory), COALESCE(excluded.memory, memory))`,
    );
    this.#db.exec("BEGIN");
    for (const app of apps) {
      const sample = this.#sample(app);
      if (sample === undefined) continue;
      const { requests, errors, median, p95, memory } = sample;
      insert.run(app, this.#current, requests, errors, median, p95, memory);
    }
    this.#db.exec("COMMIT");
  }

  #sample(app: string): Sample | undefined {
    const minute = this.#minutes.get(app);
    const memory = this.#memory.get(app) ?? null;
    if (minute === undefined && memory === null) return undefined;
    const { requests = 0, errors = 0 } = minute ?? {};
    const [median, p95] = [minute?.within(0.5) ?? 0, minute?.within(0.95) ?? 0];
    return { at: this.#current * MINUTE_MS, requests, errors, median, p95, memory };
  }
}

function minuteOf(time: number): number {
  return Math.floor(time / MINUTE_MS);
}
