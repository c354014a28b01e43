import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { dockerStatus, isNotFound } from "../../../../lib/errors.ts";
import type { DynoContainer } from "../../types.ts";
import type { Intake } from "../buffer/intake.ts";
import { timestamp } from "../line.ts";
import { cutBefore, LINE_BYTES } from "../text.ts";
import { DockerLog, type Message } from "./docker-log.ts";
import { Limiter, type Limits } from "./limiter.ts";
import { Place, type Position } from "./position.ts";

/** Milliseconds of silence after which Docker is asked whether there is nothing indeed: streams were seen to stall. */
const SILENCE_MS = 60_000;

/** Milliseconds between tries, growing from the first to the last. */
const DELAY = { first: 100, last: 2000 };

/** Ends the lines of a terminal. */
const CR = 0x0d;

interface FollowerOptions {
  readonly docker: Docker;
  readonly dyno: DynoContainer;
  readonly intake: Intake;
  readonly limits: Limits;
  /** Of what was logged before anybody looked only so many lines; undefined: all. */
  readonly tail?: number;
  readonly signal: AbortSignal;
}

/** Reads the output of one container from where it was read last until it ended, across all that may come between. */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #container: Docker.Container;
  readonly #origin: string;
  readonly #place: Place;
  readonly #limiter: Limiter;
  #tail: number | undefined;
  /** What was read of the log since it was opened: messages, bytes, time of the first and the last. */
  #seen = { messages: 0, bytes: 0, first: 0, last: 0 };
  /** What had been read when too much came and reading stopped. */
  #overflow: { readonly last: number; readonly rate: number } | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#container = options.docker.getContainer(options.dyno.container);
    this.#origin = originOf(options.dyno.container);
    const position = options.intake.position(this.#origin) as Position | undefined;
    this.#place = new Place(position);
    this.#tail = position === undefined ? options.tail : undefined;
    this.#limiter = new Limiter(options.limits, performance.now());
  }

  /** Until the container has ended and all was read, or the signal. */
  async run(): Promise<void> {
    const { signal, intake } = this.#options;
    let delay = DELAY.first;
    let ended = false;
    while (!signal.aborted) {
      try {
        const read = await this.#read(ended);
        if (read === "too much") {
          await this.#rest();
          continue;
        }
        const { State } = await this.#container.inspect({ abortSignal: signal });
        // The stream of a container that ends may miss its last lines; one of a container that has ended does not.
        if (!State.Running && ended) break;
        ended = !State.Running;
        if (read > 0 || ended) delay = DELAY.first;
        if (ended) continue;
      } catch (error) {
        if (signal.aborted) return;
        if (isGone(error)) break;
      }
      await sleep(delay, undefined, { signal }).catch(() => {});
      delay = Math.min(delay * 2, DELAY.last);
    }
    if (signal.aborted) return;
    for (const stream of [1, 2] as const) {
      const rest = this.#place.takeRest(stream);
      if (rest !== undefined) this.#line(this.#place.timeOf(stream), rest);
    }
    intake.mark(this.#origin, this.#place.position(true));
  }

  /**
   * Reads until the stream ends, or until the dyno has logged too much. Returns how many messages were new.
   *
   * @param ended the container had ended before, so that the end of the stream is the end of its log
   */
  async #read(ended: boolean): Promise<number | "too much"> {
    const { intake, signal } = this.#options;
    const tail = this.#tail;
    // Of what is to be read again nothing is new until where it was left.
    this.#place.reopen();
    const stream = (await this.#container.logs({
      follow: true,
      stdout: true,
      stderr: true,
      timestamps: true,
      abortSignal: signal,
      ...(tail === undefined ? { since: this.#place.since as unknown as number } : { tail }),
    })) as unknown as Readable;
    this.#tail = undefined;
    this.#seen = { messages: 0, bytes: 0, first: 0, last: 0 };
    const log = new DockerLog();
    const watch = setTimeout(() => void this.#verify(stream, watch), SILENCE_MS).unref();
    try {
      for await (const chunk of stream) {
        watch.refresh();
        this.#limiter.refill(performance.now());
        log.push(chunk, (message) => this.#message(message));
        if (this.#seen.messages > 0) intake.mark(this.#origin, this.#place.position(false));
        if (!this.#limiter.open) return "too much";
      }
      if (ended) log.end((message) => this.#message(message));
      return this.#seen.messages;
    } finally {
      clearTimeout(watch);
      stream.destroy();
    }
  }

  #message(message: Message): void {
    const { time, bytes } = message;
    if (!this.#place.advance(message)) {
      // What was read before begins right after what is read now: nothing was passed over.
      this.#overflow = undefined;
      return;
    }
    if (this.#overflow !== undefined) this.#dropped(time, this.#overflow);
    const seen = this.#seen;
    if (seen.messages++ === 0) seen.first = time;
    seen.last = time;
    seen.bytes += bytes.length;
    this.#limiter.take(1, bytes.length);

    const rest = this.#place.takeRest(message.stream);
    let line = rest === undefined ? bytes : Buffer.concat([rest, bytes]);
    while (!message.partial && line.at(-1) === CR) line = line.subarray(0, -1);
    while (line.length > LINE_BYTES) {
      const end = cutBefore(line, LINE_BYTES);
      this.#line(time, line.subarray(0, end));
      line = line.subarray(end);
    }
    if (message.partial) this.#place.keepRest(message.stream, Buffer.from(line));
    else this.#line(time, line);
  }

  /** Bytes that are no UTF-8 become U+FFFD; escape sequences stay. */
  #line(time: number, bytes: Buffer): void {
    const { intake, dyno } = this.#options;
    intake.add(dyno.app, { time, kind: "app", process: dyno.dyno, text: bytes.toString("utf8") });
  }

  /**
   * The dyno logs faster than it may. Reading on only to count would keep a processor busy in dockerd, and reading
   * slowly would show ever older lines; so nothing is read for a moment, and then the newest lines.
   */
  async #rest(): Promise<void> {
    const { signal, limits } = this.#options;
    const { messages, bytes, first, last } = this.#seen;
    if (messages > 0) this.#overflow ??= { last, rate: messages / Math.max(last - first, 1000) };
    await sleep(this.#limiter.pause, undefined, { signal }).catch(() => {});
    this.#limiter.refill(performance.now());
    this.#tail = Math.max(1, Math.floor(Math.min(limits.lines, limits.bytes / (bytes / Math.max(messages, 1) + 1))));
  }

  /** Says how many lines were passed over: as many as would have come at the pace that was seen before. */
  #dropped(time: number, { last, rate }: { readonly last: number; readonly rate: number }): void {
    this.#overflow = undefined;
    const { intake, dyno } = this.#options;
    const count = Math.max(1, Math.round((time - last) * rate));
    const since = `${timestamp(last).slice(0, 19)}+00:00`;
    const text = `Error L10 (output buffer overflow): ${count} messages dropped since ${since}.`;
    intake.add(dyno.app, { time, kind: "heroku", process: dyno.dyno, text });
  }

  /** Ends a stream that has gone silent although its container has not. */
  async #verify(stream: Readable, watch: NodeJS.Timeout): Promise<void> {
    try {
      const options = { follow: false, stdout: true, stderr: true, timestamps: true, tail: 1 } as const;
      const last = (await this.#container.logs(options)) as unknown as Buffer;
      let behind = false;
      new DockerLog().push(last, (message) => {
        // What was only just written may still be on its way.
        behind = this.#place.isBehind(message) && message.time / 1000 < Date.now() - 5000;
      });
      if (behind) stream.destroy();
    } catch {
      // Docker is away; then so is the stream, and that shows by itself.
    }
    if (!stream.destroyed) watch.refresh();
  }
}

/** Under which name a container's position is kept. */
export function originOf(container: string): string {
  return `container:${container}`;
}

/**
 * Whether there is nothing to read, or no longer: 404 and 409 are of containers that are gone or going, 501 of those
 * without a log, as attached one-off dynos are.
 */
function isGone(error: unknown): boolean {
  if (isNotFound(error)) return true;
  return dockerStatus(error) === 409 || dockerStatus(error) === 501;
}
