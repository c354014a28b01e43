import type { Message } from "./docker-log.ts";

/** How far one stream of a container was read. */
interface StreamPosition {
  /** The last message's time, in microseconds since 1970 and nanoseconds beyond. */
  readonly time: number;
  readonly nanos: number;
  /** How many messages of that very time there were. */
  readonly count: number;
  /** The beginning of a line that is not complete yet, in base64. */
  readonly rest?: string;
}

/** How far a container's log was read; each of its streams is in order in itself only. */
export interface Position {
  readonly streams: Readonly<Partial<Record<"1" | "2", StreamPosition>>>;
  /** It had ended, and all was read. */
  readonly done?: boolean;
}

/** Microseconds by which times that were taken at the same moment may differ. */
const SLACK_US = 1e6;

interface Stream {
  time: number;
  nanos: number;
  count: number;
  rest: Buffer | undefined;
  /** How many messages of `time` are still to be passed over, while what was read before is read again. */
  known: number | undefined;
  /** The last message's bytes, and whether its line goes on. */
  bytes: Buffer | undefined;
  partial: boolean;
}

/** Keeps a reader's place in a container's log, so that another reader goes on exactly there. */
export class Place {
  readonly #streams: Partial<Record<1 | 2, Stream>> = {};

  constructor(position?: Position) {
    for (const number of [1, 2] as const) {
      const stream = position?.streams[number];
      if (stream === undefined) continue;
      const { time, nanos, count, rest } = stream;
      this.#streams[number] = {
        time,
        nanos,
        count,
        rest: rest === undefined ? undefined : Buffer.from(rest, "base64"),
        known: count,
        bytes: undefined,
        partial: false,
      };
    }
  }

  /** The time from which on Docker is to be asked, in its own form; undefined: from the beginning. */
  get since(): string | undefined {
    const last = Math.max(...Object.values(this.#streams).map(({ time }) => time));
    if (last === Number.NEGATIVE_INFINITY) return undefined;
    const from = Math.max(0, last - SLACK_US);
    const seconds = Math.floor(from / 1e6);
    return `${seconds}.${String(from - seconds * 1e6).padStart(6, "0")}000`;
  }

  /** Says that the log is going to be read again from `since` on, or from another place before the end. */
  reopen(): void {
    for (const stream of Object.values(this.#streams)) stream.known = stream.count;
  }

  /**
   * Whether a message is a new one, which it then remembers. Docker repeats messages by itself too: after a rotation it
   * may read a file from the beginning once more.
   */
  advance(message: Message): boolean {
    const { stream: number, time, nanos, bytes, partial } = message;
    this.#streams[number] ??= nothingYet();
    const stream = this.#streams[number];
    const later = time - stream.time || nanos - stream.nanos;
    // A last message from the future says that the clock was set back.
    if (later < 0 && stream.time < Date.now() * 1000 + SLACK_US) {
      stream.known ??= stream.count;
      return false;
    }
    if (later === 0 && stream.known !== undefined && stream.known > 0) {
      stream.known--;
      return false;
    }
    // The parts of a long line have one time; other messages do not share theirs.
    if (later === 0 && !stream.partial && stream.bytes?.equals(bytes)) return false;
    stream.known = undefined;
    stream.count = later === 0 ? stream.count + 1 : 1;
    stream.time = time;
    stream.nanos = nanos;
    stream.bytes = bytes;
    stream.partial = partial;
    return true;
  }

  /** Whether a message is a newer one than the last that was read. */
  isBehind({ stream: number, time, nanos }: Message): boolean {
    const stream = this.#streams[number];
    return stream === undefined || (time - stream.time || nanos - stream.nanos) > 0;
  }

  /** Takes the beginning of a line that was not complete. */
  takeRest(number: 1 | 2): Buffer | undefined {
    const stream = this.#streams[number];
    const rest = stream?.rest;
    if (stream !== undefined) stream.rest = undefined;
    return rest;
  }

  /** The time of a stream's last message, in microseconds since 1970. */
  timeOf(number: 1 | 2): number {
    return this.#streams[number]?.time ?? 0;
  }

  keepRest(number: 1 | 2, rest: Buffer): void {
    const stream = this.#streams[number];
    if (stream !== undefined) stream.rest = rest;
  }

  /** To be remembered beyond the reader. */
  position(done: boolean): Position {
    const streams: Partial<Record<"1" | "2", StreamPosition>> = {};
    for (const number of [1, 2] as const) {
      const stream = this.#streams[number];
      if (stream === undefined) continue;
      const { time, nanos, count, rest } = stream;
      streams[number] = { time, nanos, count, ...(rest && { rest: rest.toString("base64") }) };
    }
    return done ? { streams, done } : { streams };
  }
}

function nothingYet(): Stream {
  return { time: 0, nanos: 0, count: 0, rest: undefined, known: undefined, bytes: undefined, partial: false };
}
