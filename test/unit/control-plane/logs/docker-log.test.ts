import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DockerLog, type Message } from "../../../../services/control-plane/logs/collect/docker-log.ts";
import { Limiter } from "../../../../services/control-plane/logs/collect/limiter.ts";
import { Place } from "../../../../services/control-plane/logs/collect/position.ts";

type Seen = { stream: number; time: number; nanos: number; text: string; partial: boolean };

const PART = 16 * 1024;
const start = Date.parse("2026-01-01T00:00:00Z") * 1000;

function read(chunks: readonly Buffer[]): Seen[] {
  const log = new DockerLog();
  const seen: Seen[] = [];
  for (const chunk of chunks) {
    log.push(chunk, ({ stream, time, nanos, bytes, partial }) => {
      seen.push({ stream, time, nanos, text: bytes.toString(), partial });
    });
  }
  return seen;
}

function stamp(nanos: number): string {
  return `2026-01-01T00:00:00.${String(nanos).padStart(9, "0")}Z `;
}

function framed(stream: number, text: string): Buffer {
  const data = Buffer.from(text);
  const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(data.length, 4);
  return Buffer.concat([head, data]);
}

function cut(data: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (data.length + 1)).sort((a, b) => a - b), data.length];
  return places.slice(1).map((end, index) => data.subarray(places[index], end));
}

test("frames and bare streams are the same messages, wherever they are cut", () => {
  const texts = fc.array(fc.stringMatching(/^[a-z ]{0,40}$/), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(texts, fc.array(fc.nat(), { maxLength: 6 }), fc.boolean(), (lines, cuts, terminal) => {
      const data = lines.map((line, index) => {
        const text = `${stamp(index * 1001)}${line}\n`;
        return terminal ? Buffer.from(text) : framed(1 + (index % 2), text);
      });
      const expected = lines.map((text, index) => ({
        stream: terminal ? 1 : 1 + (index % 2),
        time: start + Math.floor((index * 1001) / 1000),
        nanos: (index * 1001) % 1000,
        text,
        partial: false,
      }));
      assert.deepEqual(read(cut(Buffer.concat(data), cuts)), expected);
    }),
  );
});

test("what Docker cut at 16 KiB is partial, with a terminal too", () => {
  const [long, end] = ["x".repeat(PART), "y".repeat(10)];
  const expected = [
    { text: long, partial: true },
    { text: end, partial: false },
    { text: "next", partial: false },
  ];
  const texts = [`${stamp(5)}${long}`, `${stamp(5)}${end}\n`, `${stamp(6)}next\n`];
  for (const data of [texts.map((text) => framed(1, text)), texts.map((text) => Buffer.from(text))]) {
    const whole = Buffer.concat(data);
    const seen = read(cut(whole, [3, 9000, 16_390, 16_430]));
    assert.deepEqual(
      seen.map(({ text, partial }) => ({ text, partial })),
      expected,
    );
  }
});

test("what Docker says itself inside the stream is an error", () => {
  assert.throws(() => read([framed(3, "Error grabbing logs: unexpected EOF\n")]), /^Error: Error grabbing logs: unexp/);
});

test("a place knows what was read, in each stream by itself", () => {
  const message = (stream: 1 | 2, time: number, nanos = 0, text = `${Math.random()}`): Message => {
    return { stream, time, nanos, bytes: Buffer.from(text), partial: false };
  };
  const messages = [
    message(1, start),
    message(1, start + 10, 1),
    message(1, start + 10, 2),
    // Standard error was written a moment later, with an earlier time.
    message(2, start + 9),
    message(1, start + 20),
    message(1, start + 20),
    message(1, start + 20),
    message(2, start + 30),
  ];
  for (let stop = 0; stop <= messages.length; stop++) {
    const first = new Place();
    assert.ok(messages.slice(0, stop).every((each) => first.advance(each)));
    const again = new Place(JSON.parse(JSON.stringify(first.position(false))));
    again.reopen();
    const fresh = messages.filter((each) => again.advance(each));
    assert.deepEqual(fresh, messages.slice(stop), `stopped after ${stop}`);
  }
  const place = new Place();
  assert.equal(place.since, undefined);
  place.advance(message(1, start + 1_500_000));
  assert.equal(place.since, `${start / 1e6}.500000000`);
  assert.ok(place.isBehind(message(1, start + 1_500_000, 1)));
  assert.ok(!place.isBehind(message(1, start + 1_500_000)));

  // Docker begins a file again after a rotation; the clock is set back.
  const read = new Place();
  const file = [message(1, start), message(1, start + 1), message(1, start + 2)];
  assert.deepEqual(
    [...file, ...file, message(1, start + 3)].map((each) => read.advance(each)),
    [true, true, true, false, false, false, true],
  );
  const again = message(1, start + 4);
  assert.deepEqual(
    [read.advance(again), read.advance(again), read.advance(message(1, start + 4))],
    [true, false, true],
  );
  const ahead = (Date.now() + 60_000) * 1000;
  assert.deepEqual([read.advance(message(1, ahead)), read.advance(message(1, ahead - 5e6))], [true, true]);
});

test("a limiter lets a burst through, then so much a second", () => {
  const limiter = new Limiter({ lines: 10, bytes: 1000, burstLines: 100, burstBytes: 100_000 }, 0);
  limiter.take(99, 99);
  assert.ok(limiter.open);
  limiter.take(1, 1);
  assert.ok(!limiter.open);
  assert.equal(limiter.pause, 1000);
  limiter.refill(500);
  assert.ok(limiter.open);
  assert.equal(limiter.pause, 500);
  limiter.refill(1_000_000);
  limiter.take(1, 100_001);
  assert.ok(!limiter.open);
});
