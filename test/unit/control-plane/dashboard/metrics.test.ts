import assert from "node:assert/strict";
import { test } from "node:test";
import { AppMetrics } from "../../../../services/control-plane/dashboard/metrics/metrics.ts";
import { Minute, outcomeOf } from "../../../../services/control-plane/dashboard/metrics/minute.ts";
import { niceCeiling, plot } from "../../../../services/control-plane/dashboard/metrics/plot.ts";
import { slots } from "../../../../services/control-plane/dashboard/metrics/slots.ts";
import { openStore } from "../../../../services/control-plane/store.ts";

const MINUTE = 60_000;

function record(status: number, seconds: number): string {
  return [
    "",
    "GET",
    "/",
    "shop.localhost",
    "id",
    "127.0.0.1",
    "web.1",
    "0.001",
    String(seconds),
    String(status),
    "10",
    "http",
  ].join("\t");
}

test("status and time of a request stand in the router's line; a WebSocket's time says nothing", () => {
  assert.deepEqual(outcomeOf(record(200, 0.0125)), { status: 200, time: 13 });
  assert.deepEqual(outcomeOf(record(101, 3600)), { status: 101, time: undefined });
  assert.deepEqual(outcomeOf("nonsense"), { status: 0, time: undefined });
});

test("percentiles are right within a fiftieth, and never above the longest", () => {
  const minute = new Minute();
  for (let time = 1; time <= 1000; time++) minute.add(200, time);
  for (const [share, true_] of [
    [0.5, 500],
    [0.95, 950],
    [1, 1000],
  ] as const) {
    const found = minute.within(share);
    assert.ok(Math.abs(found - true_) / true_ <= 0.02, `${share}: ${found}`);
    assert.ok(found <= 1000);
  }
  assert.equal(new Minute().within(0.5), 0);
});

test("minutes are kept for a day, across a restart in the middle of one", () => {
  let now = 1000 * MINUTE;
  const db = openStore(":memory:");
  const open = () => new AppMetrics({ db, clock: () => now });
  let metrics = open();
  metrics.request("shop", record(200, 0.01));
  metrics.memory("shop", 100);
  assert.deepEqual(
    metrics.of("shop", 0).map(({ at, requests }) => [at, requests]),
    [[1000 * MINUTE, 1]],
    "the minute that goes on is there too",
  );
  metrics.stop();
  metrics = open();
  metrics.request("shop", record(503, 0.5));
  metrics.memory("shop", 50);
  now += MINUTE;
  metrics.tick();
  const [sample, ...more] = metrics.of("shop", 0);
  assert.deepEqual(more, []);
  assert.deepEqual([sample?.requests, sample?.errors, sample?.memory], [2, 1, 100]);
  metrics.rename("shop", "store");
  assert.equal(metrics.of("shop", 0).length, 0);
  assert.equal(metrics.of("store", 0).length, 1);
  now += 24 * 60 * MINUTE;
  metrics.request("other", record(200, 0.01));
  now += MINUTE;
  metrics.tick();
  assert.equal(metrics.of("store", 0).length, 0);
  metrics.forget("other");
  assert.equal(metrics.of("other", 0).length, 0);
});

test("slots are evenly spaced up to now, and know what they do not know", () => {
  const now = 100 * MINUTE + 5000;
  const sample = { at: 97 * MINUTE, requests: 3, errors: 1, median: 10, p95: 40, memory: null };
  const all = slots([sample, { ...sample, at: 98 * MINUTE, requests: 1, median: 30, p95: 50, memory: 7 }], now, 5, 3);
  assert.deepEqual(
    all.map(({ at }) => at / MINUTE),
    [90, 95, 100],
  );
  assert.deepEqual(all[1], { at: 95 * MINUTE, requests: 4, errors: 2, median: 15, p95: 50, memory: 7 });
  assert.deepEqual([all[0]?.median, all[0]?.memory, all[0]?.requests], [null, null, 0]);
});

test("a plot is a drawing with its words, broken where nothing is known", () => {
  const { text } = plot({
    title: "Requests",
    summary: "7 <requests>",
    series: [{ name: "all", values: [1, null, 4, 2], filled: true }],
    none: "nothing",
    shown: String,
    labels: ["a", "b", "c"],
  });
  assert.match(text, /role="img" aria-label="7 &lt;requests&gt;"/);
  assert.equal(text.match(/class="curve/g)?.length, 2);
  assert.ok(!/NaN|Infinity| style=/.test(text));
  const nothing = {
    title: "Memory",
    summary: "",
    none: "none < seen",
    shown: String,
    labels: ["a", "b", "c"] as const,
  };
  const limit = { name: "limit", kind: "limit", values: [5, 5] };
  assert.equal(
    plot({ ...nothing, series: [{ name: "all", values: [null, 0] }, limit] }).text,
    '<h2>Memory</h2><p class="soft">none &lt; seen</p>',
  );
  assert.deepEqual([0, 0.7, 1, 7, 512, 1001].map(niceCeiling), [1, 0.8, 1, 8, 600, 1500]);
});
