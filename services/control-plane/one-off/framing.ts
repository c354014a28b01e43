/**
 * What goes over the connection of an attached one-off dyno, both ways: frames of a byte for the kind, four for the
 * length of the data (big-endian), and the data.
 */
export const FRAME = {
  /** To the command. */
  input: 0,
  /** To the command: there is no more. */
  inputEnd: 1,
  /** To the command: columns and rows, two bytes each. */
  resize: 2,
  output: 3,
  error: 4,
  /** How it ended: one byte. The last frame. */
  exit: 5,
  /** To the client now and then: what is written to a client that died is what tells of it. */
  alive: 6,
} as const;

export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

export interface Frame {
  readonly kind: number;
  readonly data: Buffer;
}

/** What asks for these frames in an HTTP `Upgrade`. */
export const PROTOCOL = "dynoform-terminal";

const HEADER = 5;

/** Bytes of data in a frame, at most. */
const LIMIT = 1024 * 1024;

export function encode(kind: FrameKind, data: Uint8Array = new Uint8Array()): Buffer {
  const frame = Buffer.allocUnsafe(HEADER + data.length);
  frame.writeUInt8(kind, 0);
  frame.writeUInt32BE(data.length, 1);
  frame.set(data, HEADER);
  return frame;
}

export function encodeSize({ columns, rows }: { readonly columns: number; readonly rows: number }): Buffer {
  const data = Buffer.alloc(4);
  data.writeUInt16BE(Math.min(columns, 0xffff), 0);
  data.writeUInt16BE(Math.min(rows, 0xffff), 2);
  return encode(FRAME.resize, data);
}

/** The frames of a connection. Anything that is none ends it with an error. */
export async function* decode(stream: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER) {
      const length = rest.readUInt32BE(1);
      if (length > LIMIT) throw new Error("a frame is too long");
      if (rest.length < HEADER + length) break;
      yield { kind: rest.readUInt8(0), data: rest.subarray(HEADER, HEADER + length) };
      rest = rest.subarray(HEADER + length);
    }
  }
}
