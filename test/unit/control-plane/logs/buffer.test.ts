import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoredLine } from "../../../../services/control-plane/logs/line.ts";
import { until } from "../../../support/until.ts";
import { logsGround } from "./ground.ts";

const texts = (lines: readonly StoredLine[]) => lines.map(({ text }) => text);
const line = (text: string, more: object = {}) => ({ source: "app" as const, process: "web.1", text, ...more });

test("the last 1,500 lines of an app are kept, in the order of their time, across restarts", async () => {
  await using ground = await logsGround();
  const time = Date.now() * 1000;
  for (let i = 0; i < 4000; i++) ground.logs.write("hello", line(`line ${i}`, { time: time + i }));
  ground.logs.write("other", line("of another app"));
  await ground.stop();
  ground.start();
  ground.logs.write("hello", line("between", { time: time + 3990.5 }));
  const kept = ground.logs.read("hello", { lines: 5000 });
  assert.equal(kept.length, 1500);
  assert.deepEqual(texts(kept.slice(-11)), [
    "line 3990",
    "between",
    ...Array.from({ length: 9 }, (_, i) => `line ${3991 + i}`),
  ]);
  assert.equal(kept[0]?.text, "line 2501");
  assert.deepEqual(texts(ground.logs.read("other")), ["of another app"]);
  assert.equal(ground.logs.read("hello").length, 100);
  assert.ok((ground.db.prepare("SELECT sum(lines) AS kept FROM log_chunk").get()?.kept as number) < 4000);
});

test("lines are not a transaction each", async () => {
  await using ground = await logsGround();
  for (let i = 0; i < 1000; i++) ground.logs.write("hello", line(String(i)));
  ground.logs.read("hello");
  assert.equal(ground.db.prepare("SELECT count(*) AS rows FROM log_chunk").get()?.rows, 1);
});

test("reading chooses by source, dyno and type, and from an id on", async () => {
  await using ground = await logsGround();
  ground.logs.write("hello", line("a"));
  ground.logs.write("hello", line("b", { process: "worker.1" }));
  ground.logs.write("hello", line("c", { source: "heroku" }));
  assert.deepEqual(texts(ground.logs.read("hello", { source: "app" })), ["a", "b"]);
  assert.deepEqual(texts(ground.logs.read("hello", { dyno: "web.1" })), ["a", "c"]);
  assert.deepEqual(texts(ground.logs.read("hello", { dyno: "worker" })), ["b"]);
  assert.deepEqual(texts(ground.logs.read("hello", { type: "web", source: "app" })), ["a"]);
  assert.deepEqual(texts(ground.logs.read("hello", { lines: 1, source: "app" })), ["b"]);
  assert.deepEqual(texts(ground.logs.read("hello", { lines: 0 })), []);
  const [first] = ground.logs.read("hello");
  assert.deepEqual(texts(ground.logs.read("hello", { after: first?.id })), ["b", "c"]);
  assert.deepEqual(ground.logs.read("nothing"), []);
});

test("texts keep what is in them, and become several lines where they break", async () => {
  await using ground = await logsGround();
  const odd = "tab\there\u0000\u001b[1mbold\u001b[0m é 漢 🙂 \u2028";
  ground.logs.write("hello", line(`${odd}\nsecond\r\n`));
  ground.logs.write("hello", line("x".repeat(10_001)));
  await ground.stop();
  ground.start();
  assert.deepEqual(texts(ground.logs.read("hello")), [odd, "second", "x".repeat(10_000), "x"]);
});

test("a tail sees each line once, goes on where it was cut off, and ends", async () => {
  await using ground = await logsGround();
  const seen: StoredLine[] = [];
  const end = ground.logs.tail("hello", { source: "app" }, (each) => seen.push(each));
  ground.logs.tail("hello", {}, () => {
    throw new Error("a listener's own trouble");
  });
  ground.logs.write("hello", line("1"));
  ground.logs.write("hello", line("no", { source: "heroku" }));
  ground.logs.write("other", line("no"));
  await until("the first line", async () => seen.length === 1);
  end();
  ground.logs.write("hello", line("2"));
  ground.logs.read("hello");
  assert.deepEqual(texts(seen), ["1"]);

  await ground.kill();
  ground.start();
  ground.logs.write("hello", line("3"));
  const last = seen[0]?.id ?? 0;
  {
    using _tail = ground.logs.tail("hello", { source: "app", after: last }, (each) => seen.push(each));
    ground.logs.write("hello", line("4"));
    ground.logs.read("hello");
  }
  ground.logs.write("hello", line("5"));
  ground.logs.read("hello");
  assert.deepEqual(texts(seen), ["1", "2", "3", "4"]);
  assert.deepEqual(
    seen.map(({ id }) => id),
    seen.map(({ id }) => id).sort((a, b) => a - b),
  );
});

test("lines that come out of order within a moment are shown in the order of their time", async () => {
  await using ground = await logsGround();
  const seen: StoredLine[] = [];
  ground.logs.tail("hello", {}, (each) => seen.push(each));
  const time = Date.now() * 1000;
  for (const [at, text] of [
    [3, "c"],
    [1, "a"],
    [2, "b"],
    [3, "d"],
  ] as const) {
    ground.logs.write("hello", line(text, { time: time + at }));
  }
  await until("the lines", async () => seen.length === 4);
  assert.deepEqual(texts(seen), ["a", "b", "c", "d"]);
});

test("what cannot be kept is shown all the same, and said once", async () => {
  await using ground = await logsGround();
  const seen: StoredLine[] = [];
  ground.logs.tail("hello", {}, (each) => seen.push(each));
  ground.db.exec("PRAGMA query_only = ON");
  for (const text of ["1", "2"]) {
    ground.logs.write("hello", line(text));
    ground.logs.read("hello");
  }
  assert.deepEqual(texts(seen), ["1", "2"]);
  assert.equal(ground.said.length, 1);
  assert.match(ground.said[0] ?? "", /^log lines could not be kept: /);
  ground.db.exec("PRAGMA query_only = OFF");
  ground.logs.write("hello", line("3"));
  assert.deepEqual(texts(ground.logs.read("hello")), ["3"]);
});

test("an app that is no more is forgotten", async () => {
  await using ground = await logsGround();
  ground.logs.write("hello", line("1"));
  ground.logs.addDrain("hello", "syslog://127.0.0.1:1");
  ground.logs.forget("hello");
  assert.deepEqual(ground.logs.read("hello"), []);
  assert.deepEqual(ground.logs.drains("hello"), []);
  await ground.stop();
  ground.start();
  assert.deepEqual(ground.logs.read("hello"), []);
});

test("an app's lines go on under its new name, and nothing of them under the old one", async () => {
  await using ground = await logsGround();
  ground.logs.write("shop", line("one"));
  ground.logs.rename("shop", "store");
  ground.logs.write("store", line("two"));
  assert.deepEqual(texts(ground.logs.read("store")), ["one", "two"]);
  assert.deepEqual(texts(ground.logs.read("shop")), []);
});
