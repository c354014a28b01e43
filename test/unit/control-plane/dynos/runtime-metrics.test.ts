import assert from "node:assert/strict";
import { test } from "node:test";
import type Docker from "dockerode";
import type { KnownDyno } from "../../../../services/control-plane/dynos/docker-dynos.ts";
import { RuntimeMetrics } from "../../../../services/control-plane/dynos/runtime-metrics.ts";

const MiB = 1024 ** 2;

test("memory and load of the dynos of apps that want it are lines of their logs", async () => {
  let now = 0;
  let cores = 0;
  let used = 0;
  const lines: string[] = [];
  const stats = async () => ({
    memory_stats: {
      usage: 40 * MiB,
      limit: 512 * MiB,
      stats: { anon: 20 * MiB, file: 15 * MiB, inactive_file: 10 * MiB },
    },
    cpu_stats: { cpu_usage: { total_usage: used } },
  });
  const getContainer = (id: string) => ({ stats: id === "gone" ? () => Promise.reject(new Error("no such")) : stats });
  const dyno = (app: string, name: string, container: string) => ({ app, dyno: name, container }) as KnownDyno;
  const metrics = new RuntimeMetrics({
    docker: { getContainer } as unknown as Docker,
    log: { write: (app, { source, process, text }) => void lines.push(`${app} ${source}[${process}]: ${text}`) },
    clock: () => now,
    running: () => [
      dyno("shop", "web.1", "0123456789abcdef"),
      dyno("shop", "web.2", "gone"),
      dyno("blog", "web.1", "b"),
    ],
    apps: async () => new Set(["shop"]),
  });
  const look = async () => {
    lines.length = 0;
    await metrics.tick();
    now += 20_000;
    used += cores * 20e9;
    return [...lines];
  };
  const memory =
    "shop heroku[web.1]: source=web.1 dyno=heroku.0123456789ab sample#memory_total=30.00MB sample#memory_rss=20.00MB " +
    "sample#memory_cache=15.00MB sample#memory_swap=0.00MB sample#memory_quota=512.00MB";
  assert.deepEqual(await look(), [memory]);
  cores = 1;
  const load = (one: string, five: string, fifteen: string) =>
    `shop heroku[web.1]: source=web.1 dyno=heroku.0123456789ab sample#load_avg_1m=${one} sample#load_avg_5m=${five} sample#load_avg_15m=${fifteen}`;
  assert.deepEqual(await look(), [load("0.00", "0.00", "0.00"), memory]);
  assert.deepEqual(await look(), [load("0.28", "0.06", "0.02"), memory]);
});
