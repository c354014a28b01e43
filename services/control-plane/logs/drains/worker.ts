import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../types.ts";
import { type StoredLine, timestamp } from "../line.ts";
import { type Budget, DrainQueue, type Dropped } from "./queue.ts";
import { frame } from "./syslog.ts";
import type { Transport } from "./transport.ts";

/** Messages and bytes of a batch. */
const BATCH = { messages: 1000, bytes: 500_000 };

/** Milliseconds that a first message waits for others. */
const GATHER_MS = 50;

/** Milliseconds between tries, doubled from the first to the longest; a batch is given up after so many tries. */
const RETRY = { first: 500, longest: 60_000, tries: 10 };

interface WorkerOptions {
  readonly transport: Transport;
  readonly token: string;
  readonly budget: Budget;
  readonly clock: Clock;
  /** Called with the id of the last line that the drain took. */
  readonly sent: (id: number) => void;
}

/** Brings the lines of one drain to it, at its own pace. */
export class DrainWorker {
  readonly #options: WorkerOptions;
  readonly #queue: DrainQueue;
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#queue = new DrainQueue(options.budget);
    setMaxListeners(0, this.#stopped.signal);
    this.#running = this.#run();
  }

  /** Never waits: what the drain does not take in time is dropped, and it is told. */
  offer(lines: readonly StoredLine[]): void {
    const { transport, token, clock } = this.#options;
    const now = clock() * 1000;
    for (const line of lines) {
      this.#queue.push({ id: line.id, message: frame(line, transport.framing, token) }, now);
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#queue.wake();
    await this.#running;
    this.#queue.clear();
  }

  async #run(): Promise<void> {
    const { transport, clock, sent } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.#queue.filled();
      await sleep(GATHER_MS, undefined, { signal }).catch(() => {});
      while (this.#queue.length > 0 && !signal.aborted) {
        const dropped = this.#queue.takeDropped();
        const items = this.#queue.take(BATCH.messages, BATCH.bytes);
        const messages = items.map(({ message }) => message);
        if (dropped !== undefined) messages.unshift(this.#notice(dropped));
        if (await this.#deliver(messages)) sent(items.at(-1)?.id ?? 0);
        else if (!signal.aborted)
          this.#queue.drop(items.length + (dropped?.count ?? 0), dropped?.since ?? clock() * 1000);
      }
    }
    transport.close();
  }

  async #deliver(messages: readonly Buffer[]): Promise<boolean> {
    const { signal } = this.#stopped;
    const attempt = this.#options.transport.prepare(messages);
    let delay = RETRY.first;
    for (let tries = 0; tries < RETRY.tries && !signal.aborted; tries++) {
      if (tries > 0) {
        await sleep(delay * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {});
        delay = Math.min(delay * 2, RETRY.longest);
      }
      try {
        await attempt(signal);
        return true;
      } catch {
        // The next try, or the notice of what was dropped, tells.
      }
    }
    return false;
  }

  #notice({ count, since }: Dropped): Buffer {
    const { transport, token, clock } = this.#options;
    const text = `Error L10 (output buffer overflow): ${count} messages dropped since ${timestamp(since).slice(0, 19)}+00:00.`;
    return frame({ time: clock() * 1000, source: "heroku", process: "logplex", text }, transport.framing, token);
  }
}
