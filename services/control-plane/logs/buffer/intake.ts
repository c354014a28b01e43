import type { DatabaseSync, StatementSync } from "node:sqlite";
import { messageOf } from "../../../../lib/errors.ts";
import type { Clock } from "../../types.ts";
import type { LogBuffer } from "./buffer.ts";
import type { Entry } from "./entry.ts";

/** Milliseconds that lines wait for others, to be written together and in the order of their time. */
const GATHER_MS = 25;

/** What may wait before it is written at once: lines, and characters of them. */
const LINES = 2000;
const CHARACTERS = 1_000_000;

/** Lines of one app that were written together; the ids grow by one from `first`. */
type Written = (app: string, entries: readonly Entry[], first: number) => void;

interface IntakeOptions {
  readonly db: DatabaseSync;
  readonly buffer: LogBuffer;
  readonly clock: Clock;
  /** Called for what was written, after it was. */
  readonly written: Written;
  /** What keeps lines from being written: said once, until it works again. */
  readonly report: (message: string) => void;
}

/**
 * Gathers lines of all origins for a moment and writes them in one transaction, together with how far the origins were
 * read. Readers see lines after that only: so one that is killed neither loses nor repeats what it has shown.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #place: StatementSync;
  #lines = new Map<string, Entry[]>();
  #count = 0;
  #characters = 0;
  readonly #positions = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #failing = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#place = options.db.prepare(
      "INSERT INTO log_position VALUES (?, ?) ON CONFLICT (origin) DO UPDATE SET position = excluded.position",
    );
  }

  /** Takes a line; its text has no line break. */
  add(app: string, entry: Entry): void {
    const waiting = this.#lines.get(app);
    if (waiting === undefined) this.#lines.set(app, [entry]);
    else waiting.push(entry);
    this.#characters += entry.text.length;
    if (++this.#count >= LINES || this.#characters >= CHARACTERS) this.flush();
    else this.#soon();
  }

  /** How far an origin was read when all it gave was added. */
  mark(origin: string, position: unknown): void {
    this.#positions.set(origin, JSON.stringify(position));
    this.#soon();
  }

  /** Where an origin was marked last; undefined: never. */
  position(origin: string): unknown {
    const waiting = this.#positions.get(origin);
    if (waiting !== undefined) return JSON.parse(waiting);
    const row = this.#options.db.prepare("SELECT position FROM log_position WHERE origin = ?").get(origin);
    return row === undefined ? undefined : JSON.parse(String(row.position));
  }

  /** The origins that were marked. */
  origins(): string[] {
    this.flush();
    return this.#options.db
      .prepare("SELECT origin FROM log_position")
      .all()
      .map(({ origin }) => String(origin));
  }

  forget(origin: string): void {
    this.#positions.delete(origin);
    this.#options.db.prepare("DELETE FROM log_position WHERE origin = ?").run(origin);
  }

  /** Writes what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    this.#lines = new Map();
    this.#count = 0;
    this.#characters = 0;
    const { buffer, clock, written } = this.#options;
    const now = clock() * 1000;
    const batches = [...lines].map(([app, entries]) => {
      return { app, entries: inOrder(entries), first: buffer.allot(entries.length, now) };
    });
    this.#write(batches);
    for (const { app, entries, first } of batches) written(app, entries, first);
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  #write(batches: readonly { app: string; entries: readonly Entry[]; first: number }[]): void {
    if (batches.length === 0 && this.#positions.size === 0) return;
    const { db, buffer, report } = this.#options;
    try {
      db.exec("BEGIN IMMEDIATE");
      for (const { app, entries, first } of batches) buffer.append(app, entries, first);
      for (const [origin, position] of this.#positions) this.#place.run(origin, position);
      db.exec("COMMIT");
      this.#positions.clear();
      this.#failing = false;
    } catch (error) {
      if (db.isOpen && db.isTransaction) db.exec("ROLLBACK");
      buffer.reset();
      // Whoever follows the log sees the lines all the same.
      if (!this.#failing) report(`log lines could not be kept: ${messageOf(error)}`);
      this.#failing = true;
    }
  }
}

/** Lines by time; those of the same time stay as they came. */
function inOrder(entries: Entry[]): Entry[] {
  for (let i = 1; i < entries.length; i++) {
    if ((entries[i] as Entry).time < (entries[i - 1] as Entry).time) return entries.sort((a, b) => a.time - b.time);
  }
  return entries;
}
