/** Git's framing: four hexadecimal digits of length (with themselves), then the content; `0000` ends a list. */
import type { Readable } from "node:stream";

/** Ends a list of lines. */
export const FLUSH = "0000";

/** Bytes that a line may have. */
const LIMIT = 65_516;

export function pktLine(text: string): string {
  const length = Buffer.byteLength(text) + 4;
  if (length > LIMIT) throw new Error("a line is too long for Git");
  return `${length.toString(16).padStart(4, "0")}${text}`;
}

/** The lines of a stream, with `undefined` for each end of a list. */
export async function* readPktLines(stream: Readable): AsyncGenerator<string | undefined> {
  let buffer: Buffer = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      if (buffer.length < 4) break;
      const head = buffer.toString("latin1", 0, 4);
      const length = /^[0-9a-f]{4}$/i.test(head) ? Number.parseInt(head, 16) : -1;
      if (length !== 0 && (length < 4 || length > LIMIT)) throw new Error("Git sent something else than a line");
      if (buffer.length < length) break;
      const line = length === 0 ? undefined : buffer.toString("utf8", 4, length);
      buffer = buffer.subarray(Math.max(length, 4));
      yield line;
    }
  }
}
