import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { RendezvousTerminal } from "../../../../services/control-plane/one-off/rendezvous.ts";
import { until } from "../../../support/until.ts";

const MARK = "\uFFFF heroku-command-exit-status: ";

/** A connection whose other end is the test. */
function connection() {
  const written: string[] = [];
  const socket = new Duplex({
    read() {},
    write(data: Buffer, _encoding, done) {
      written.push(data.toString());
      done();
    },
  });
  return { socket, written };
}

function typed(terminal: RendezvousTerminal) {
  const got = { text: "", ended: false };
  terminal.input
    .setEncoding("latin1")
    .on("data", (text: string) => {
      got.text += text;
    })
    .on("end", () => {
      got.ended = true;
    });
  return got;
}

test("the client is greeted in a piece of its own, and what it types arrives as it is", async () => {
  const { socket, written } = connection();
  const terminal = new RendezvousTerminal(socket, true);
  const got = typed(terminal);
  socket.push("a\x03b\x04");
  await terminal.write(Buffer.from("out"));
  await until("all is typed", async () => got.text === "a\x03b\x04");
  assert.deepEqual(written, ["rendezvous\r\n", "out"]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(got.ended, false, "a terminal knows itself what the byte means");
  await terminal.end("", 0);
});

test("without a terminal, an EOT after which nothing comes ends the input", async () => {
  const { socket } = connection();
  const got = typed(new RendezvousTerminal(socket, false));
  socket.push("data\x04");
  await until("it was held", async () => got.text === "data");
  socket.push("more");
  await until("it was a byte like others", async () => got.text === "data\x04more");
  socket.push("\x04");
  await until("it has ended", async () => got.ended);
  assert.equal(got.text, "data\x04more");
  assert.equal(socket.destroyed, false, "the client waits for the output");
});

test("a client that goes away, with or without a word, is gone", async () => {
  for (const leave of [(socket: Duplex) => void socket.push(null), (socket: Duplex) => void socket.destroy()]) {
    const { socket } = connection();
    const terminal = new RendezvousTerminal(socket, false);
    const got = typed(terminal);
    leave(socket);
    await until("it is noticed", async () => terminal.gone.aborted && got.ended);
    await terminal.write(Buffer.from("nobody hears it"));
    await terminal.end("", 0);
  }
});

test("the line with the exit status is one piece, wherever the output was cut", async () => {
  const whole = Buffer.from(`long output\n${MARK}17\n`);
  for (let cut = 0; cut <= whole.length; cut++) {
    const { socket, written } = connection();
    const terminal = new RendezvousTerminal(socket, false);
    await terminal.write(whole.subarray(0, cut));
    await terminal.write(whole.subarray(cut));
    await terminal.end("", 0);
    assert.equal(written.slice(1).join(""), whole.toString(), String(cut));
    assert.ok(written.includes(`${MARK}17\n`), `${cut}: ${JSON.stringify(written)}`);
  }
});

test("what only begins like it goes out in the end", async () => {
  const { socket, written } = connection();
  const terminal = new RendezvousTerminal(socket, false);
  await terminal.write(Buffer.from("text \uFFFFand no more"));
  await terminal.end("", 0);
  assert.equal(written.slice(1).join(""), "text \uFFFFand no more");
});

test("a command that ends its own shell has its exit status told for it, and no other", async () => {
  const asked = `exit 3 ; echo "${MARK}$?"`;
  const told = async (output: string, command: string) => {
    const { socket, written } = connection();
    const terminal = new RendezvousTerminal(socket, false);
    await terminal.write(Buffer.from(output));
    await terminal.end(command, 3);
    return written.slice(1).join("");
  };
  assert.equal(await told("out\n", asked), `out\n${MARK}3\n`);
  assert.equal(await told(`out\n${MARK}0\n`, asked), `out\n${MARK}0\n`);
  assert.equal(await told("out\n", "exit 3"), "out\n");
});
