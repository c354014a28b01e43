import { once } from "node:events";
import type { Socket } from "node:net";
import type { ReadStream, WriteStream } from "node:tty";
import { decode, encode, encodeSize, FRAME } from "../services/control-plane/one-off/framing.ts";
import { UserError } from "../services/errors.ts";

export interface Streams {
  readonly input: NodeJS.ReadableStream & Partial<Pick<ReadStream, "setRawMode" | "isTTY">> & { unref?(): unknown };
  readonly output: NodeJS.WritableStream & Partial<Pick<WriteStream, "columns" | "rows">>;
  readonly errors: NodeJS.WritableStream;
}

/**
 * Joins the user's terminal, or whatever stands in its place, to an attached one-off dyno.
 *
 * @param tty whether the dyno has a terminal, which then does what keys mean
 * @returns the command's exit status
 */
export async function terminalSession(socket: Socket, streams: Streams, tty: boolean): Promise<number> {
  const { input, output, errors } = streams;
  const resize = () => void socket.write(encodeSize({ columns: output.columns ?? 80, rows: output.rows ?? 24 }));
  if (tty) {
    input.setRawMode?.(true);
    output.on("resize", resize);
    resize();
  }
  socket.on("error", () => {});
  const typing = type(input, socket);
  typing.catch(() => {});
  try {
    for await (const { kind, data } of decode(socket)) {
      if (kind === FRAME.output) await write(output, data);
      else if (kind === FRAME.error) await write(errors, data);
      else if (kind === FRAME.exit) return data[0] ?? 0;
    }
  } catch {
    // Said below.
  } finally {
    if (tty) {
      input.setRawMode?.(false);
      output.off("resize", resize);
    }
    // Or what is still to be typed would keep us here.
    input.pause();
    input.unref?.();
    socket.destroy();
  }
  throw new UserError("the connection to the dyno broke; what it ran was ended.");
}

async function type(input: NodeJS.ReadableStream, socket: Socket): Promise<void> {
  const send = async (frame: Buffer) => {
    if (!socket.write(frame)) await once(socket, "drain");
  };
  for await (const data of input) await send(encode(FRAME.input, Buffer.from(data)));
  await send(encode(FRAME.inputEnd));
}

async function write(stream: NodeJS.WritableStream, data: Buffer): Promise<void> {
  if (!stream.write(data)) await once(stream, "drain");
}
