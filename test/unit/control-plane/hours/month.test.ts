import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { boundsOf, monthName, monthOf } from "../../../../services/control-plane/hours/month.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import type { FakeContainer } from "../dynos/fake-docker.ts";
import { Ground, labels, settle } from "../dynos/fakes.ts";

const second = 1000;
const hour = 3600 * second;

/** Whole numbers below `n` that follow from a seed. */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

test("a month is what it is in UTC", () => {
  assert.equal(monthOf(Date.UTC(2026, 1, 1) - 1), "2026-01");
  assert.equal(monthOf(Date.UTC(2026, 1, 1)), "2026-02");
  assert.deepEqual(boundsOf("2026-12"), { from: Date.UTC(2026, 11, 1), to: Date.UTC(2027, 0, 1) });
  assert.equal(monthName("2026-01"), "January 2026");
  assert.throws(() => boundsOf("2026-13"), /write it as 2026-01/);
});

test("over a month with restarts of everything, each dyno's time is right within a second", async (t) => {
  const seed = Date.now() % 1_000_000;
  t.diagnostic(`seed ${seed}`);
  const roll = dice(seed);
  const folder = mkdtempSync(join(tmpdir(), "hours-"));
  const db = openStore(join(folder, "store.sqlite"));
  // Begins in the last days of December, so that dynos run over the turn of the year.
  const ground = new Ground({ db, start: Date.UTC(2025, 11, 29, 7, 13, 17, 123) });
  try {
    const dynos = ["web.1", "web.2", "worker.1", "clock.1"].map((dyno) => ({ app: "shop", dyno }));
    dynos.push({ app: "blog", dyno: "web.1" });
    for (const { app, dyno } of dynos) ground.docker.service(`${app}-${dyno}`, labels(app, dyno));
    await ground.start();
    const { docker } = ground;
    let alive = true;

    while (ground.now < Date.UTC(2026, 1, 2)) {
      const { app, dyno } = dynos[roll(dynos.length)] ?? { app: "", dyno: "" };
      const service = `${app}-${dyno}`;
      const { id = "" } = ground.docker.running(service) ?? {};
      switch (roll(9)) {
        case 0:
          ground.docker.crash(service);
          break;
        case 1:
          ground.docker.run({ ...labels(app, `run.${roll(9999)}`), "dynoform.size": "eco" });
          break;
        case 2: {
          const runs = docker.everything.filter(
            ({ labels: { "dynoform.type": type }, ended }) => type === "run" && !ended,
          );
          for (const run of runs) ground.docker.end(run.id, 0);
          break;
        }
        case 3:
          ground.docker.restarts = false;
          ground.docker.end(id, 143, [15]);
          ground.docker.restarts = true;
          break;
        case 4:
          if (!id) ground.docker.run({ ...labels(app, dyno), "com.docker.swarm.service.name": service });
          break;
        case 5:
          ground.stop();
          alive = false;
          break;
        case 6:
          ground.docker.setDown(!ground.docker.down);
          break;
        default:
          if (!alive && !ground.docker.down) {
            await ground.restart();
            alive = true;
          }
      }
      await settle();
      // So far Docker has come back while somebody watches for it.
      if (alive && !ground.docker.down && !ground.manager.watcher.connected) {
        while (!ground.manager.watcher.connected) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      if (alive) ground.manager.ledger.beat();
      // Docker forgets the ended; what it forgets before anybody has asked, nobody can know.
      if (alive && !docker.down) {
        for (const { id: old, ended } of docker.containers.values()) if (ended && roll(2) === 0) docker.remove(old);
      }
      ground.now += roll(5 * hour);
    }
    ground.docker.setDown(false);
    await ground.restart();

    for (const month of ["2025-12", "2026-01", "2026-02"]) {
      const { from, to } = boundsOf(month);
      const expected = new Map<string, number>();
      for (const { labels: own, started, ended } of counted(docker.everything, ground.now)) {
        const key = [own["dynoform.app"], own["dynoform.type"], own["dynoform.size"]].join(" ");
        const time = Math.min(ended, to) - Math.max(started, from);
        if (time > 0) expected.set(key, (expected.get(key) ?? 0) + time / second);
      }
      const found = new Map(
        ground.manager.ledger.usage(month).map(({ app, type, size, seconds }) => [`${app} ${type} ${size}`, seconds]),
      );
      assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort(), month);
      for (const [key, seconds] of expected) {
        assert.ok(Math.abs(seconds - (found.get(key) ?? 0)) < 1, `${month} ${key}: ${found.get(key)}, not ${seconds}`);
      }
      for (const [day, seconds] of ground.manager.ledger.daily("shop", month).entries()) {
        const [dayFrom, dayTo] = [from + day * 24 * hour, from + (day + 1) * 24 * hour];
        const times = counted(docker.everything, ground.now)
          .filter(({ labels: own }) => own["dynoform.app"] === "shop")
          .map(({ started, ended }) => Math.min(ended, dayTo) - Math.max(started, dayFrom));
        const wanted = times.reduce((sum, time) => sum + Math.max(0, time), 0) / second;
        assert.ok(Math.abs(seconds - wanted) < 1, `${month}, day ${day + 1}: ${seconds}, not ${wanted}`);
      }
    }
    assert.deepEqual(ground.manager.ledger.months(), ["2026-02", "2026-01", "2025-12"]);
  } finally {
    ground.stop();
    db.close();
    rmSync(folder, { recursive: true });
  }
});

test("what vanished while nobody looked ran until it was last seen; what Docker cannot date, too", async () => {
  const ground = new Ground({ start: Date.UTC(2026, 0, 10) });
  const gone = ground.docker.run(labels("shop", "run.1"));
  const crashed = ground.docker.run(labels("shop", "run.2"));
  await ground.start();
  for (let i = 0; i < 100; i++) {
    ground.now += second;
    ground.manager.ledger.beat();
  }
  ground.stop();
  ground.now += 500;
  ground.docker.containers.delete(gone);
  // The machine crashed: Docker knows that it does not run, and not since when.
  const container = ground.docker.containers.get(crashed);
  assert.ok(container);
  container.ended = 0;
  ground.now += hour;
  await ground.restart();
  assert.deepEqual(ground.manager.ledger.usage("2026-01"), [{ app: "shop", type: "run", size: "free", seconds: 200 }]);
  await ground.later(hour);
  await ground.restart();
  assert.equal(ground.manager.ledger.usage("2026-01")[0]?.seconds, 200);
  ground.stop();
});

test("while Docker is away, nobody knows what runs", async () => {
  const ground = new Ground({ start: Date.UTC(2026, 0, 10) });
  const id = ground.docker.run(labels("shop", "run.1"));
  await ground.start();
  ground.now += 100 * second;
  ground.manager.ledger.beat();
  ground.docker.setDown(true);
  await settle();
  ground.now += hour;
  ground.manager.ledger.beat();
  ground.docker.containers.delete(id);
  ground.docker.setDown(false);
  while (!ground.manager.watcher.connected) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(ground.manager.ledger.usage("2026-01")[0]?.seconds, 100);
  ground.stop();
});

test("with an empty memory, what Docker still has is counted", async () => {
  const ground = new Ground({ start: Date.UTC(2026, 0, 10) });
  const id = ground.docker.run(labels("shop", "run.1"));
  ground.docker.service("web", labels("shop", "web.1", "basic"));
  ground.now += hour;
  ground.docker.end(id, 0);
  ground.now += hour;
  await ground.start();
  assert.deepEqual(ground.manager.ledger.usage("2026-01"), [
    { app: "shop", type: "run", size: "free", seconds: 3600 },
    { app: "shop", type: "web", size: "basic", seconds: 7200 },
  ]);
  ground.stop();
});

/** Without the time in which an earlier container of the same dyno ran. */
function counted(containers: readonly FakeContainer[], now: number) {
  const until = new Map<string, number>();
  return containers
    .map(({ id, labels: own, started = 0, ended = now }) => ({ id, labels: own, started, ended }))
    .sort((a, b) => a.started - b.started || a.id.localeCompare(b.id))
    .map((run) => {
      const dyno = `${run.labels["dynoform.app"]} ${run.labels["dynoform.dyno"]}`;
      const covered = until.get(dyno) ?? 0;
      until.set(dyno, Math.max(covered, run.ended));
      return { ...run, started: Math.max(run.started, covered) };
    });
}

test("two containers of one dyno are counted once", async () => {
  const ground = await new Ground({ start: Date.UTC(2026, 0, 10) }).start();
  const old = ground.docker.run(labels("shop", "web.1"));
  await ground.later(60);
  const fresh = ground.docker.run(labels("shop", "web.1"));
  ground.docker.run(labels("shop", "web.2"));
  await ground.later(5);
  ground.docker.end(old, 0);
  await ground.later(10);
  const seconds = () => ground.manager.ledger.usage("2026-01")[0]?.seconds;
  assert.equal(seconds(), 75 + 15);
  assert.equal(ground.manager.ledger.daily("shop", "2026-01").at(-1), 90);
  ground.docker.end(fresh, 0);
  await ground.later(10);
  assert.equal(seconds(), 75 + 25);
  ground.stop();
});
