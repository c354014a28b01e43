/** One message of a container's log, as Docker's API gives it with timestamps. */
export interface Message {
  /** 1: standard output (or the terminal), 2: standard error. */
  readonly stream: 1 | 2;
  /** Microseconds since 1970. */
  readonly time: number;
  /** Nanoseconds beyond them. */
  readonly nanos: number;
  /** Without its line break; a part of what was pushed. */
  readonly bytes: Buffer;
  /** Docker cuts lines at 16 KiB: this one goes on in the stream's next message. */
  readonly partial: boolean;
}

/** `2026-01-01T00:00:00.000000000Z `, which Docker writes before each message. */
const STAMP = 31;

/** Docker's cut. */
const PART = 16 * 1024;

const LF = 0x0a;

/**
 * Takes a log stream of Docker's API apart. Without a terminal it comes in frames of 8 bytes (stream, 0, 0, 0, length
 * big-endian) and data; with one it is bare. Both begin with what tells them apart.
 */
export class DockerLog {
  #rest: Buffer = Buffer.alloc(0);
  #second = "";
  #secondTime = 0;

  /**
   * @param each is called for every message that is complete
   * @throws what Docker itself says inside the stream, when it could not go on
   */
  push(chunk: Buffer, each: (message: Message) => void): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const framed = (data[0] ?? 0) <= 3;
    const at = framed ? this.#frames(data, each) : this.#bare(data, each);
    this.#rest = at === data.length ? Buffer.alloc(0) : Buffer.from(data.subarray(at));
  }

  /** Gives what a terminal's container wrote last without ending the line; to be called when it has ended for good. */
  end(each: (message: Message) => void): void {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    if (rest.length > STAMP && (rest[0] ?? 0) > 3) this.#message(rest, 0, rest.length, 1, each);
  }

  #frames(data: Buffer, each: (message: Message) => void): number {
    let at = 0;
    while (at + 8 <= data.length) {
      const end = at + 8 + data.readUInt32BE(at + 4);
      if (end > data.length) break;
      const stream = data[at];
      if (stream === 3) throw new Error(data.toString("utf8", at + 8, end).trim());
      this.#message(data, at + 8, end, stream === 2 ? 2 : 1, each);
      at = end;
    }
    return at;
  }

  #bare(data: Buffer, each: (message: Message) => void): number {
    let at = 0;
    while (at < data.length) {
      const longest = at + STAMP + PART;
      const feed = data.subarray(at, longest + 1).indexOf(LF);
      if (feed === -1 && data.length <= longest) break;
      const end = feed === -1 ? longest : at + feed + 1;
      this.#message(data, at, end, 1, each);
      at = end;
    }
    return at;
  }

  #message(data: Buffer, start: number, end: number, stream: 1 | 2, each: (message: Message) => void): void {
    const partial = data[end - 1] !== LF;
    const second = data.toString("latin1", start, start + 19);
    if (second !== this.#second) {
      const time = Date.parse(`${second}Z`) * 1000;
      if (Number.isNaN(time)) throw new Error("Docker gave a message without its time");
      this.#secondTime = time;
      this.#second = second;
    }
    each({
      stream,
      time: this.#secondTime + digits(data, start + 20, 6),
      nanos: digits(data, start + 26, 3),
      bytes: data.subarray(start + STAMP, partial ? end : end - 1),
      partial,
    });
  }
}

function digits(data: Buffer, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) value = value * 10 + ((data[i] ?? 0x30) - 0x30);
  return value;
}
