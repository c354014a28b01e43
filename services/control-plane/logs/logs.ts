import type { DatabaseSync } from "node:sqlite";
import type Docker from "dockerode";
import type { Clock, DynoEvent, LogSink } from "../types.ts";
import { KEPT, LogBuffer } from "./buffer/buffer.ts";
import { type Entry, stored } from "./buffer/entry.ts";
import { Intake } from "./buffer/intake.ts";
import { Collector } from "./collect/collector.ts";
import type { Limits } from "./collect/limiter.ts";
import { RequestFile } from "./collect/request-file.ts";
import { type Drain, Drains, type DrainsOptions } from "./drains/drains.ts";
import type { LogFilter, StoredLine } from "./line.ts";
import { prepareTables } from "./schema.ts";
import { type Listener, Tails, type Untail } from "./tails.ts";
import { linesOf } from "./text.ts";

export interface LogsOptions {
  readonly docker: Docker;
  readonly db: DatabaseSync;
  readonly clock: Clock;
  /** The file of the router's requests, `<directory>/router/log/requests`; undefined: none is read. */
  readonly requests?: string;
  /** Certificates that drains have to show instead of those that the machine trusts, as PEM. */
  readonly ca?: string;
  /** Where drains may be. @default anywhere */
  readonly reach?: DrainsOptions["reach"];
  /** @default LIMITS */
  readonly limits?: Limits;
  /** Gets each request that was answered, as the router wrote it (see `requests/request-line.ts`). */
  readonly requested?: (app: string, record: string) => void;
  /** Where to say what is wrong with the logs themselves. @default standard error */
  readonly report?: (message: string) => void;
}

/**
 * The logs of all apps: what their dynos, the router and the platform write, the newest 1,500 lines of each kept in
 * SQLite, shown as they come, and sent to drains.
 */
export class Logs implements LogSink {
  readonly #clock: Clock;
  readonly #buffer: LogBuffer;
  readonly #intake: Intake;
  readonly #collector: Collector;
  readonly #requests: RequestFile | undefined;
  readonly #drains: Drains;
  readonly #tails = new Tails();

  constructor({ docker, db, clock, requests, ca, reach, limits, requested, report = complain }: LogsOptions) {
    prepareTables(db);
    this.#clock = clock;
    this.#buffer = new LogBuffer(db);
    const written = (app: string, entries: readonly Entry[], first: number) => {
      this.#show(app, entries, first);
      if (requested !== undefined) for (const { kind, text } of entries) if (kind === "request") requested(app, text);
    };
    this.#intake = new Intake({ db, buffer: this.#buffer, clock, written, report });
    this.#collector = new Collector({ docker, intake: this.#intake, clock, limits });
    this.#requests = requests === undefined ? undefined : new RequestFile(requests, this.#intake, report);
    this.#drains = new Drains({ db, buffer: this.#buffer, clock, ca, reach });
  }

  /** Begins to read the router's file and to send to drains. Containers are read from their first event on. */
  start(): void {
    this.#drains.start();
    this.#requests?.start();
    this.#collector.tidy().catch(() => {}); // Docker is away: next time
  }

  /** Ends all it does. Another one on the same database goes on exactly there. */
  async stop(): Promise<void> {
    this.#requests?.stop();
    await this.#collector.stop();
    this.#intake.flush();
    await this.#drains.stop();
  }

  /** What happens to dynos' containers: whose output is to be read. */
  event(event: DynoEvent): void {
    this.#collector.event(event);
  }

  /** A line of the platform's own; one with line breaks, or of more than 10 kB, becomes several. */
  write(app: string, { time = this.#clock() * 1000, source, process, text }: Parameters<LogSink["write"]>[1]): void {
    for (const line of linesOf(text)) this.#intake.add(app, { time, kind: source, process, text: line });
  }

  /**
   * The newest lines that a filter wants, in the order of their time.
   *
   * @param filter `lines`: at most so many, 100 by default and 1,500 at most; `after`: only what came later than the line
   *   with this id
   */
  read(app: string, filter: LogFilter & { readonly lines?: number; readonly after?: number } = {}): StoredLine[] {
    this.#intake.flush();
    return this.#buffer.read(app, filter, filter.lines ?? 100, filter.after);
  }

  /**
   * Calls the listener for each line that comes after what `read` would give now, until the tail is ended: whoever
   * calls the two in one turn misses nothing and sees nothing twice.
   *
   * @param filter with `after`, the lines that came later than the one with this id are shown first
   */
  tail(app: string, filter: LogFilter & { readonly after?: number }, listener: Listener): Untail {
    const missed = filter.after === undefined ? [] : this.read(app, { ...filter, lines: KEPT });
    const end = this.#tails.add(app, filter, listener);
    for (const line of missed) listener(line);
    return end;
  }

  /** @throws UserError for a URL that no drain can have, or that the app has already */
  addDrain(app: string, url: string): Drain {
    this.#intake.flush();
    return this.#drains.add(app, url);
  }

  drains(app: string): Drain[] {
    return this.#drains.list(app);
  }

  /** @returns whether there was one with this id, URL or token */
  removeDrain(app: string, which: string): boolean {
    return this.#drains.remove(app, which);
  }

  /** An app's lines and drains go on under its new name. */
  rename(app: string, to: string): void {
    this.#intake.flush();
    this.#buffer.rename(app, to);
    this.#drains.rename(app, to);
  }

  /** Forgets an app that is no more: its lines and its drains. */
  forget(app: string): void {
    this.#intake.flush();
    for (const { id } of this.drains(app)) this.removeDrain(app, id);
    this.#buffer.remove(app);
  }

  #show(app: string, entries: readonly Entry[], first: number): void {
    if (!this.#tails.has(app) && !this.#drains.has(app)) return;
    const lines = entries.map((entry, index) => stored(entry, first + index));
    this.#tails.show(app, lines);
    this.#drains.offer(app, lines);
  }
}

function complain(message: string): void {
  process.stderr.write(`logs: ${message}\n`);
}
