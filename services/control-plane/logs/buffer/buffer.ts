import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type LogFilter, matches, type StoredLine } from "../line.ts";
import { decode, type Entry, encode } from "./entry.ts";

/** Lines of an app that are kept, as on Heroku. */
export const KEPT = 1500;

/** The newest lines of every app, in SQLite: lines that came together are one row. */
export class LogBuffer {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #oldest: StatementSync;
  readonly #delete: StatementSync;
  readonly #select: StatementSync;
  /** Lines in the rows of an app. */
  readonly #counts = new Map<string, number>();
  #last: number;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#insert = db.prepare("INSERT INTO log_chunk (app, first, lines, records) VALUES (?, ?, ?, ?)");
    this.#oldest = db.prepare("SELECT id, lines FROM log_chunk WHERE app = ? ORDER BY first LIMIT 1");
    this.#delete = db.prepare("DELETE FROM log_chunk WHERE id = ?");
    this.#select = db.prepare(
      "SELECT first, records FROM log_chunk WHERE app = ? AND first + lines - 1 > ? ORDER BY first",
    );
    this.#last = Number(db.prepare("SELECT max(first + lines - 1) AS last FROM log_chunk").get()?.last ?? 0);
  }

  /** The id of the newest line of all. */
  get last(): number {
    return this.#last;
  }

  /**
   * The ids of lines to come. They grow with the time too, so that none is given twice if the last ones were lost.
   *
   * @param now microseconds since 1970
   * @returns the first of them
   */
  allot(count: number, now: number): number {
    const first = Math.max(this.#last + 1, Math.floor(now));
    this.#last = first + count - 1;
    return first;
  }

  /** Adds lines whose ids begin with `first`, and lets go of those beyond the newest. Runs in its caller's transaction. */
  append(app: string, entries: readonly Entry[], first: number): void {
    const spare = Math.max(0, entries.length - KEPT);
    const kept = spare === 0 ? entries : entries.slice(spare);
    let count = this.#count(app) + kept.length;
    this.#insert.run(app, first + spare, kept.length, encode(kept));
    while (count > KEPT) {
      const row = this.#oldest.get(app);
      if (row === undefined || count - Number(row.lines) < KEPT) break;
      this.#delete.run(row.id as number);
      count -= Number(row.lines);
    }
    this.#counts.set(app, count);
  }

  /** Forgets what it counted, after a transaction that was undone. */
  reset(): void {
    this.#counts.clear();
  }

  /**
   * The newest lines that a filter wants, in the order of their time.
   *
   * @param lines at most so many
   * @param after only lines that came later than the one with this id
   */
  read(app: string, filter: LogFilter, lines: number, after = 0): StoredLine[] {
    const found: StoredLine[] = [];
    for (const { first, records } of this.#select.all(app, after)) {
      for (const line of decode(records as Uint8Array, Number(first), (head) => matches(filter, head))) {
        if (line.id > after) found.push(line);
      }
    }
    // Lines of two dynos may have come in another order than they were written in.
    found.sort((a, b) => a.time - b.time || a.id - b.id);
    return lines <= 0 ? [] : found.slice(-Math.min(lines, KEPT));
  }

  /** Gives an app's lines to another name. */
  rename(app: string, to: string): void {
    this.#db.prepare("UPDATE log_chunk SET app = ? WHERE app = ?").run(to, app);
    this.#counts.delete(app);
    this.#counts.delete(to);
  }

  /** Forgets an app's lines. */
  remove(app: string): void {
    this.#db.prepare("DELETE FROM log_chunk WHERE app = ?").run(app);
    this.#counts.delete(app);
  }

  #count(app: string): number {
    const known = this.#counts.get(app);
    if (known !== undefined) return known;
    return Number(this.#db.prepare("SELECT sum(lines) AS lines FROM log_chunk WHERE app = ?").get(app)?.lines ?? 0);
  }
}
