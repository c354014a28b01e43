import { once } from "node:events";
import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { frames } from "../../../lib/docker/output.ts";
import type { Terminal } from "./terminal.ts";

/** End of transmission: what a terminal takes for the end of its input. */
const EOT = Buffer.from([4]);

/** A container's streams, joined to a client's terminal. */
interface Connection extends AsyncDisposable {
  /** Carries input and output until the command has ended and all of its output was taken. */
  carry(): Promise<void>;
}

/** Joins a container that is not yet running, so that nothing of its output is missed. */
export async function connect(container: Docker.Container, terminal: Terminal, tty: boolean): Promise<Connection> {
  const all = { stream: true, stdin: true, stdout: true, stderr: true, hijack: true };
  const stream = (await container.attach(all)) as unknown as Duplex;
  // Its end tells it too.
  stream.on("error", () => {});
  return {
    async carry() {
      type(terminal, stream, tty).catch(() => {});
      try {
        for await (const data of tty ? (stream as AsyncIterable<Buffer>) : output(stream)) await terminal.write(data);
      } catch (error) {
        // It broke with Docker's daemon: there is no more.
        if (!stream.destroyed) throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      stream.destroy();
    },
  };
}

async function type(terminal: Terminal, stream: Duplex, tty: boolean): Promise<void> {
  for await (const data of terminal.input) {
    if (!stream.write(data)) await once(stream, "drain");
  }
  if (tty) stream.write(EOT);
  else stream.end();
}

async function* output(stream: Duplex): AsyncGenerator<Buffer> {
  for await (const { data } of frames(stream)) yield data;
}
