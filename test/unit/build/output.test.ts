import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { frames, Lines } from "../../../lib/docker/output.ts";

function frame(error: boolean, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = error ? 2 : 1;
  const data = Buffer.from(text);
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test("frames are the same however Docker's stream is cut", async () => {
  const written = fc.array(fc.tuple(fc.boolean(), fc.string({ unit: "grapheme" })), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(written, fc.integer({ min: 1, max: 40 }), async (parts, size) => {
      const stream = Buffer.concat(parts.map(([error, text]) => frame(error, text)));
      const read: [boolean, string][] = [];
      for await (const { error, data } of frames(pieces(stream, size))) read.push([error, data.toString()]);
      assert.deepEqual(read, parts);
    }),
  );
});

test("lines are whole whatever pieces they come in, and need no end", async () => {
  for (const size of [1, 2, 3, 7, 100]) {
    const lines: string[] = [];
    const output = new Lines((line) => lines.push(line));
    for await (const piece of pieces(Buffer.from("größe  \r\n\n  x → y\nlast"), size)) output.write(piece);
    output.end();
    assert.deepEqual(lines, ["größe", "", "  x → y", "last"]);
  }
});
