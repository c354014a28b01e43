import type { ServerResponse } from "node:http";
import { format } from "../logs/line.ts";
import type { LogFilter, Logs, StoredLine } from "../logs/ports.ts";

/** Characters kept for a client that reads more slowly than its app writes. */
const QUEUE_LIMIT = 16 * 1024 * 1024;

/** Milliseconds between signs of life. */
const HEARTBEAT_MS = 15_000;

interface LogStreamOptions extends LogFilter {
  readonly logs: Pick<Logs, "read" | "tail">;
  readonly app: string;
  /** How many of the lines that are there come first. */
  readonly lines: number;
  /** Where a stream before this one ended. */
  readonly after: number | undefined;
  /** Whether it goes on with what comes. */
  readonly tail: boolean;
}

/** Writes an app's log as server-sent events: an event a line, with its number as the id. */
export class LogStream {
  readonly #options: LogStreamOptions;
  readonly #response: ServerResponse;
  /** What waits for the client; `#last` is the id of the newest line that was written or waits. */
  #queue: string[] = [];
  #queued = 0;
  #dropped = 0;
  #blocked = false;
  #last: number;

  constructor(options: LogStreamOptions, response: ServerResponse) {
    this.#options = options;
    this.#response = response;
    this.#last = options.after ?? -1;
  }

  start(): void {
    const { logs, app, source, dyno, lines, after, tail } = this.#options;
    const response = this.#response;
    response.writeHead(200, {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store",
      "X-Accel-Buffering": "no",
    });
    response.on("error", () => {}).on("drain", () => this.#drain());
    // A client that got all comes back after this many milliseconds, and ends only when it is told not to.
    response.write(tail ? "retry: 1000\n\n" : "retry: 1\n\n");
    const filter = { source, dyno };
    // Nothing can be written between the two: both are done before anybody else's turn.
    for (const line of logs.read(app, { ...filter, lines, after })) this.#take(line);
    if (!tail) {
      this.#finish();
      return;
    }
    const subscription = logs.tail(app, filter, (line) => this.#take(line));
    const heartbeat = setInterval(() => this.#blocked || response.write(":\n\n"), HEARTBEAT_MS);
    heartbeat.unref();
    response.on("close", () => {
      clearInterval(heartbeat);
      subscription[Symbol.dispose]();
    });
  }

  #take(line: StoredLine): void {
    // Lines come in the order of their time, ids in that of their arrival: a stream goes on after the newest.
    this.#last = Math.max(this.#last, line.id);
    const event = `id: ${this.#last}\ndata: ${format(line)}\n\n`;
    if (!this.#blocked) this.#write(event);
    else if (this.#queued + event.length > QUEUE_LIMIT) this.#dropped++;
    else {
      this.#queue.push(event);
      this.#queued += event.length;
    }
  }

  #write(event: string): void {
    this.#blocked = !this.#response.write(event);
  }

  #drain(): void {
    this.#blocked = false;
    const waiting = this.#queue;
    const dropped = this.#dropped;
    this.#queue = [];
    this.#queued = 0;
    this.#dropped = 0;
    if (waiting.length > 0) this.#write(waiting.join(""));
    if (dropped > 0) this.#write(overflow(dropped, Date.now()));
  }

  /** Ends when all was taken over by the connection, however slowly the client reads. */
  #finish(): void {
    if (!this.#blocked && this.#queue.length === 0) this.#response.end();
    else this.#response.once("drain", () => this.#finish());
  }
}

/** Logplex's own words. */
function overflow(count: number, now: number): string {
  const text = `Error L10 (output buffer overflow): ${count} messages dropped since the client reads too slowly.`;
  return `data: ${format({ time: now * 1000, source: "heroku", process: "logplex", text })}\n\n`;
}
