import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { FramedTerminal } from "../../../../services/control-plane/one-off/framed-terminal.ts";
import { decode, encode, encodeSize, FRAME } from "../../../../services/control-plane/one-off/framing.ts";

/** Two ends of a connection. */
async function pair(): Promise<{ client: Socket; server: Socket } & AsyncDisposable> {
  const listener = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const client = connect((listener.address() as AddressInfo).port, "127.0.0.1");
  const [server] = (await once(listener, "connection")) as [Socket];
  for (const socket of [client, server]) socket.on("error", () => {});
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      client.destroy();
      server.destroy();
      listener.close();
    },
  };
}

test("frames come out as they went in, however they are cut", async () => {
  const bytes = Buffer.concat([
    encode(FRAME.input, Buffer.from("ä\0b")),
    encode(FRAME.inputEnd),
    encodeSize({ columns: 200, rows: 50 }),
  ]);
  for (const size of [1, 3, 1000]) {
    const chunks = async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    const frames = await Array.fromAsync(decode(chunks()));
    assert.deepEqual(
      frames.map(({ kind, data }) => [kind, data.toString("hex")]),
      [
        [FRAME.input, "c3a40062"],
        [FRAME.inputEnd, ""],
        [FRAME.resize, "00c80032"],
      ],
    );
  }
  const nonsense = async function* () {
    yield Buffer.from([0, 255, 255, 255, 255]);
  };
  await assert.rejects(Array.fromAsync(decode(nonsense())), /too long/);
});

test("a terminal over a connection: input, sizes, output, errors, the exit status", async () => {
  await using ends = await pair();
  const terminal = new FramedTerminal(ends.server);
  const sizes: object[] = [];
  terminal.onResize((size) => sizes.push(size));
  ends.client.write(encodeSize({ columns: 91, rows: 31 }));
  ends.client.write(encode(FRAME.resize, Buffer.from([1])));
  ends.client.write(encode(99 as never, Buffer.from("of a later version")));
  ends.client.write(encode(FRAME.input, Buffer.from("typed")));
  ends.client.write(encode(FRAME.inputEnd));
  assert.equal(Buffer.concat(await Array.fromAsync(terminal.input)).toString(), "typed");
  assert.deepEqual(sizes, [{ columns: 91, rows: 31 }]);
  assert.equal(terminal.gone.aborted, false, "the end of input is not the end");

  await terminal.write(Buffer.from("out"), false);
  await terminal.write(Buffer.from("err"), true);
  await terminal.exit(7);
  const frames = await Array.fromAsync(decode(ends.client));
  assert.deepEqual(
    frames.map(({ kind, data }) => [kind, data.toString("latin1")]),
    [
      [FRAME.output, "out"],
      [FRAME.error, "err"],
      [FRAME.exit, "\x07"],
    ],
  );
});

test("output waits for a client that reads slowly, and no longer for one that is gone", async () => {
  await using ends = await pair();
  const terminal = new FramedTerminal(ends.server);
  let written = 0;
  const flood = async () => {
    while (!terminal.gone.aborted) {
      await terminal.write(Buffer.alloc(100_000), false);
      written++;
    }
  };
  const flooding = flood();
  const full = async () => {
    for (let before = -1; before !== written; ) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await full();
  assert.ok(written < 500, `${written} frames were taken`);
  ends.client.destroy();
  await flooding;
});

test("a client that goes, or speaks nonsense, is gone; its input ends", async () => {
  for (const part of [
    (socket: Socket) => socket.destroy(),
    (socket: Socket) => socket.end(),
    (socket: Socket) => socket.write("GET / HTTP/1.1\r\n\r\n"),
  ]) {
    await using ends = await pair();
    const terminal = new FramedTerminal(ends.server);
    const gone = once(terminal.gone, "abort");
    part(ends.client);
    await gone;
    assert.deepEqual(await Array.fromAsync(terminal.input), []);
    await terminal.write(Buffer.from("to nobody"), false);
    await terminal.exit(0);
  }
});
