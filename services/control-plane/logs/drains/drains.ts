import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { UserError } from "../../../../lib/errors.ts";
import type { Clock } from "../../types.ts";
import { KEPT, type LogBuffer } from "../buffer/buffer.ts";
import type { StoredLine } from "../line.ts";
import { HttpTransport } from "./https.ts";
import type { Budget } from "./queue.ts";
import { SyslogTransport } from "./syslog-connection.ts";
import type { TransportOptions } from "./transport.ts";
import { DrainWorker } from "./worker.ts";

/** Where an app's lines are sent. */
export interface Drain {
  readonly id: string;
  /** May hold a password. */
  readonly url: string;
  /** `d.` and a UUID: tells the receiver whose lines they are. */
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface DrainsOptions extends TransportOptions {
  readonly db: DatabaseSync;
  readonly buffer: LogBuffer;
  readonly clock: Clock;
}

const PROTOCOLS = ["https:", "http:", "syslog:", "syslog+tls:"];

/** The drains of all apps, kept in SQLite; each goes on after a restart with what it has not had yet of the buffer. */
export class Drains {
  readonly #options: DrainsOptions;
  readonly #budget: Budget = { bytes: 0 };
  readonly #workers = new Map<string, Map<string, DrainWorker>>();

  constructor(options: DrainsOptions) {
    this.#options = options;
  }

  start(): void {
    for (const row of this.#options.db.prepare("SELECT * FROM log_drain").all()) {
      const app = String(row.app);
      this.#work(app, drainOf(row)).offer(this.#options.buffer.read(app, {}, KEPT, Number(row.sent)));
    }
  }

  async stop(): Promise<void> {
    const workers = [...this.#workers.values()].flatMap((drains) => [...drains.values()]);
    await Promise.all(workers.map((worker) => worker.stop()));
    this.#workers.clear();
  }

  /** Whether somebody wants the lines of an app. */
  has(app: string): boolean {
    return this.#workers.has(app);
  }

  offer(app: string, lines: readonly StoredLine[]): void {
    for (const worker of this.#workers.get(app)?.values() ?? []) worker.offer(lines);
  }

  list(app: string): Drain[] {
    return this.#options.db.prepare("SELECT * FROM log_drain WHERE app = ? ORDER BY created, id").all(app).map(drainOf);
  }

  /** @throws UserError for a URL that no drain can have, or that the app has already */
  add(app: string, url: string): Drain {
    const problem = problemOf(url);
    if (problem !== undefined) throw new UserError(problem);
    if (this.list(app).some((drain) => drain.url === url)) throw new UserError(`${app} has this drain already`);
    const { db, buffer, clock } = this.#options;
    const drain: Drain = { id: randomUUID(), url, token: `d.${randomUUID()}`, createdAt: clock() };
    db.prepare("INSERT INTO log_drain VALUES (?, ?, ?, ?, ?, ?)").run(
      drain.id,
      app,
      url,
      drain.token,
      drain.createdAt,
      buffer.last,
    );
    this.#work(app, drain);
    return drain;
  }

  /** @returns whether the app had one with this id, URL or token */
  remove(app: string, which: string): boolean {
    const drain = this.list(app).find(({ id, url, token }) => [id, url, token].includes(which));
    if (drain === undefined) return false;
    this.#options.db.prepare("DELETE FROM log_drain WHERE id = ?").run(drain.id);
    const workers = this.#workers.get(app);
    void workers?.get(drain.id)?.stop();
    workers?.delete(drain.id);
    if (workers?.size === 0) this.#workers.delete(app);
    return true;
  }

  /** An app is called otherwise. */
  rename(app: string, to: string): void {
    this.#options.db.prepare("UPDATE log_drain SET app = ? WHERE app = ?").run(to, app);
    const workers = this.#workers.get(app);
    if (workers === undefined) return;
    this.#workers.delete(app);
    this.#workers.set(to, new Map([...(this.#workers.get(to) ?? []), ...workers]));
  }

  #work(app: string, { id, url: text, token }: Drain): DrainWorker {
    const { db, clock, ca, reach } = this.#options;
    const url = new URL(text);
    const transport = url.protocol.startsWith("http")
      ? new HttpTransport(url, token, { ca, reach })
      : new SyslogTransport(url, { ca, reach });
    const remember = db.prepare("UPDATE log_drain SET sent = ? WHERE id = ?");
    const sent = (line: number) => {
      try {
        remember.run(line, id);
      } catch {
        // It may get some lines again after a restart.
      }
    };
    const worker = new DrainWorker({ transport, token, budget: this.#budget, clock, sent });
    const workers = this.#workers.get(app) ?? new Map<string, DrainWorker>();
    this.#workers.set(app, workers.set(id, worker));
    return worker;
  }
}

/** The URL itself is not in the message: it may hold a password. */
function problemOf(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !PROTOCOLS.includes(url.protocol)) {
    return "a drain's URL begins with https://, http://, syslog:// or syslog+tls://";
  }
  if (url.hostname === "") return "a drain's URL names a host";
  const syslog = url.protocol.startsWith("syslog");
  if (syslog && (url.username !== "" || !["", "/"].includes(url.pathname) || url.search !== "")) {
    return "the URL of a syslog drain names a host and a port only";
  }
  return undefined;
}

function drainOf(row: Record<string, unknown>): Drain {
  return { id: String(row.id), url: String(row.url), token: String(row.token), createdAt: Number(row.created) };
}
