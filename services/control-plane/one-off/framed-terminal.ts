import { once } from "node:events";
import { type Duplex, PassThrough } from "node:stream";
import { decode, encode, FRAME } from "./framing.ts";
import type { Terminal, TerminalSize } from "./terminal.ts";

/** Milliseconds between signs of life. */
const HEARTBEAT = 15_000;

/** A terminal at the other end of a connection that carries frames. */
export class FramedTerminal implements Terminal {
  readonly input = new PassThrough();
  readonly #socket: Duplex;
  readonly #gone = new AbortController();
  #resize: (size: TerminalSize) => void = () => {};

  constructor(socket: Duplex) {
    this.#socket = socket;
    // Nobody may be reading yet, or any more.
    this.input.on("error", () => {});
    const heartbeat = setInterval(() => socket.write(encode(FRAME.alive)), HEARTBEAT);
    heartbeat.unref();
    socket.on("close", () => {
      clearInterval(heartbeat);
      this.#end();
    });
    void this.#read();
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  onResize(resize: (size: TerminalSize) => void): void {
    this.#resize = resize;
  }

  async write(data: Buffer, error: boolean): Promise<void> {
    if (this.gone.aborted || this.#socket.write(encode(error ? FRAME.error : FRAME.output, data))) return;
    // A connection that breaks is told by `gone`.
    await once(this.#socket, "drain", { signal: this.gone }).catch(() => {});
  }

  async exit(status: number): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.end(encode(FRAME.exit, Uint8Array.of(status)), () => resolve()));
  }

  async #read(): Promise<void> {
    try {
      for await (const { kind, data } of decode(this.#socket)) await this.#take(kind, data);
    } catch {
      // A broken connection, or a client that speaks something else.
    } finally {
      this.#socket.destroy();
      this.#end();
    }
  }

  async #take(kind: number, data: Buffer): Promise<void> {
    if (kind === FRAME.input) {
      if (!this.input.write(data)) await once(this.input, "drain", { signal: this.gone });
    } else if (kind === FRAME.inputEnd) {
      this.input.end();
    } else if (kind === FRAME.resize && data.length === 4) {
      this.#resize({ columns: data.readUInt16BE(0), rows: data.readUInt16BE(2) });
    }
  }

  #end(): void {
    this.#gone.abort();
    this.input.end();
  }
}
