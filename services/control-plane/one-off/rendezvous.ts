import { once } from "node:events";
import { type Duplex, PassThrough } from "node:stream";
import { ExitMark } from "./exit-mark.ts";
import type { OneOffDynos } from "./one-off-dynos.ts";
import type { Terminal } from "./terminal.ts";

/** End of transmission. */
const EOT = 4;

/** Milliseconds without anything more, after which an {@link EOT} was meant as the end of the input. */
const QUIET_MS = 250;

/**
 * A terminal at the other end of a plain connection, as `heroku run` opens it: bytes both ways, no frames, no sizes. The
 * command's exit status is what the command itself prints, if its client made it do so.
 */
export class RendezvousTerminal implements Terminal {
  readonly input = new PassThrough();
  readonly #socket: Duplex;
  readonly #gone = new AbortController();
  readonly #mark = new ExitMark();

  /** @param tty whether the command has a terminal, which then takes {@link EOT} for what it is */
  constructor(socket: Duplex, tty: boolean) {
    this.#socket = socket;
    // Nobody may be reading yet, or any more.
    this.input.on("error", () => {});
    socket.on("error", () => {}).on("close", () => this.#end());
    // The client throws away the whole first piece that it gets, and listens to its user from then on.
    socket.write("rendezvous\r\n");
    void this.#read(tty);
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  async write(data: Buffer): Promise<void> {
    if (this.gone.aborted) return;
    for (const piece of this.#mark.pieces(data)) this.#socket.write(piece);
    // A connection that breaks is told by `gone`.
    if (this.#socket.writableNeedDrain) await once(this.#socket, "drain", { signal: this.gone }).catch(() => {});
  }

  async end(command: string, status: number): Promise<void> {
    if (this.gone.aborted) return;
    for (const piece of this.#mark.rest(command, status)) this.#socket.write(piece);
    await new Promise<void>((resolve) => {
      this.#socket.once("close", resolve);
      this.#socket.end(() => resolve());
    });
  }

  async #read(tty: boolean): Promise<void> {
    let quiet: NodeJS.Timeout | undefined;
    try {
      for await (const data of this.#socket as AsyncIterable<Buffer>) {
        clearTimeout(quiet);
        // More came after it: it was a byte like others.
        if (quiet !== undefined) await this.#put(Buffer.of(EOT));
        const ends = !tty && data.at(-1) === EOT;
        await this.#put(ends ? data.subarray(0, -1) : data);
        quiet = ends ? setTimeout(() => this.input.end(), QUIET_MS) : undefined;
      }
    } catch {
      // A broken connection.
    } finally {
      clearTimeout(quiet);
      this.#socket.destroy();
      this.#end();
    }
  }

  async #put(data: Buffer): Promise<void> {
    if (data.length === 0 || this.input.writableEnded || this.input.write(data)) return;
    await once(this.input, "drain", { signal: this.gone });
  }

  #end(): void {
    this.#gone.abort();
    this.input.end();
  }
}

/** Connects clients that come with a secret to the one-off dynos that wait for them. */
export function rendezvousWith(dynos: OneOffDynos) {
  return (secret: string, socket: Duplex): void => {
    const awaiting = dynos.awaiting(secret);
    if (awaiting === undefined) socket.destroy();
    else void dynos.attach(secret, new RendezvousTerminal(socket, awaiting.tty));
  };
}
