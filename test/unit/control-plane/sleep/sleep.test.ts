import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { until } from "../../../support/until.ts";
import { Ground, labels, settle } from "../dynos/fakes.ts";

let ground: Ground;
afterEach(() => ground?.stop());

const replicas = (name: string) => ground.docker.services.get(name)?.spec.Mode.Replicated.Replicas;
const mode = (app = "shop") => ground.router.apps.get(app)?.mode;
const updates = () => ground.docker.calls.filter((call) => call.endsWith("/update"));

/** An app of a web dyno and a worker that had its last request half an hour ago. */
async function idle(size = "free"): Promise<Ground> {
  ground = new Ground();
  ground.docker.service("web", labels("shop", "web.1", size));
  ground.docker.service("worker", labels("shop", "worker.1"));
  ground.router.put("shop", "web");
  ground.now += 1_800_000;
  return ground.start();
}

test("an idle app falls asleep, its worker too, and wakes with one call a service", async () => {
  await idle();
  await ground.manager.idle.tick();
  await settle();
  assert.deepEqual([mode(), replicas("web"), replicas("worker")], ["asleep", 0, 0]);
  const lines = ground.log.take();
  assert.deepEqual(
    lines.filter((line) => line.includes("web.1")),
    [
      "heroku[web.1]: Idling",
      "heroku[web.1]: State changed from up to down",
      "heroku[web.1]: Stopping all processes with SIGTERM",
      "heroku[web.1]: Process exited with status 143",
    ],
  );
  assert.deepEqual(
    (await ground.manager.list("shop")).map(({ dyno, state }) => [dyno, state]),
    [
      ["web.1", "idle"],
      ["worker.1", "idle"],
    ],
  );

  ground.router.request("shop");
  ground.docker.calls.length = 0;
  await Promise.all(Array.from({ length: 100 }, () => ground.manager.wake("shop")));
  const calls = [...ground.docker.calls];
  assert.deepEqual(calls.filter((call) => !call.startsWith("GET /containers")).sort(), [
    "POST /services/web/update",
    "POST /services/worker/update",
  ]);
  await settle();
  assert.equal(mode(), "awake");
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(
    ground.log.take().filter((line) => line.includes("web.1")),
    [
      "heroku[web.1]: Unidling",
      "heroku[web.1]: State changed from down to starting",
      "heroku[web.1]: Starting process with command `run me`",
      "heroku[web.1]: State changed from starting to up",
    ],
  );
  await ground.manager.idle.tick();
  assert.equal(mode(), "awake");
});

test("a wake is timed from the router's call to the dyno that serves, once for all who wait", async () => {
  await idle();
  await ground.manager.idle.tick();
  await settle();
  assert.deepEqual(
    (await ground.manager.all()).map(({ app, dyno, state }) => [app, dyno, state]),
    [
      ["shop", "web.1", "idle"],
      ["shop", "worker.1", "idle"],
    ],
  );
  const serves = Promise.withResolvers<void>();
  ground.router.answers = () => serves.promise;
  await Promise.all([ground.manager.wake("shop"), ground.manager.wake("shop")]);
  await settle();
  ground.now += 1500;
  assert.deepEqual(ground.wakes, []);
  serves.resolve();
  await until("the wake is told", async () => ground.wakes.length > 0);
  assert.deepEqual(ground.wakes, [{ app: "shop", result: "succeeded", seconds: 1.5 }]);
});

test("an app that cannot be woken is told as one, and a dyno that starts otherwise is none", async () => {
  ground = new Ground();
  ground.docker.service("web", labels("shop", "web.1"));
  ground.router.put("shop", "web");
  await ground.start();
  assert.deepEqual(ground.wakes, []);
  await assert.rejects(ground.manager.wake("none"));
  assert.deepEqual(ground.wakes, [{ app: "none", result: "failed", seconds: 0 }]);
});

test("who is in use, was just deployed, has no web dynos or paid ones, or is being changed stays awake", async () => {
  await idle("basic");
  ground.docker.service("only", labels("batch", "worker.1"));
  ground.router.put("batch");
  ground.docker.service("eco", labels("eco", "web.1", "eco"));
  ground.router.put("eco", "eco");
  ground.docker.service("busy", labels("busy", "web.1"));
  ground.router.put("busy", "busy");
  await ground.later(1799);
  ground.router.request("busy");
  ground.router.active.eco = { last: 0, inflight: 0 };
  await ground.manager.idle.tick();
  assert.deepEqual(["shop", "batch", "eco", "busy"].map(mode), ["awake", "awake", "awake", "awake"]);
  await ground.later(1);
  await ground.manager.idle.tick();
  assert.deepEqual(["shop", "batch", "eco", "busy"].map(mode), ["awake", "awake", "asleep", "awake"]);

  await ground.later(1800);
  ground.router.active.busy = { last: 0, inflight: 1 };
  await ground.manager.idle.tick();
  assert.equal(mode("busy"), "awake");
  ground.router.active.busy = { last: 0, inflight: 0 };
  // Somebody's own `up` proves a new dyno.
  ground.docker.service("busy-new", labels("busy", "web.1"));
  await ground.later(1800);
  await ground.manager.idle.tick();
  assert.equal(mode("busy"), "awake");
  ground.docker.removeService("busy-new");
  await ground.manager.idle.tick();
  assert.equal(mode("busy"), "asleep");
  assert.deepEqual(ground.warnings, []);
});

test("a request between the look and the switch keeps it awake, one after the switch wakes it", async () => {
  await idle();
  assert.equal(await ground.manager.sleep.sleep("shop", 1801), false);
  assert.deepEqual([mode(), replicas("web")], ["awake", 1]);

  const falling = ground.manager.sleep.sleep("shop", 1800);
  const waking = ground.manager.wake("shop");
  await Promise.all([falling, waking]);
  await settle();
  assert.deepEqual([mode(), replicas("web"), replicas("worker")], ["awake", 1, 1]);
  assert.ok(ground.docker.running("web"));
});

test("waking works for what was changed while it slept, and does not wait for an up", async () => {
  await idle();
  await ground.manager.sleep.sleep("shop");
  // Somebody changed one service, removed the other, and made a new worker that failed.
  const web = ground.docker.services.get("web");
  assert.ok(web);
  web.version += 7;
  ground.docker.removeService("worker");
  ground.docker.service("worker-failed", labels("shop", "worker.1"), 0);
  const held = Promise.withResolvers<void>();
  const up = ground.lock.run("shop", "an up", () => held.promise);
  await ground.manager.wake("shop");
  await settle();
  assert.deepEqual([mode(), replicas("web"), replicas("worker-failed")], ["awake", 1, 0]);
  held.resolve();
  await up;
});

test("a control plane that was restarted, even without its memory, wakes what sleeps", async () => {
  await idle();
  ground.docker.service("leftover", labels("shop", "web.2"), 0);
  await ground.manager.sleep.sleep("shop");
  await ground.restart();
  await ground.manager.idle.tick();
  assert.equal(mode(), "asleep");
  await ground.manager.wake("shop");
  assert.deepEqual([mode(), replicas("web"), replicas("worker"), replicas("leftover")], ["awake", 1, 1, 0]);

  await ground.later(1800);
  await ground.manager.sleep.sleep("shop");
  ground.db.exec("DELETE FROM sleeping_dyno");
  await ground.restart();
  await ground.manager.wake("shop");
  assert.deepEqual([mode(), replicas("web"), replicas("worker"), replicas("leftover")], ["awake", 1, 1, 0]);
  await assert.rejects(ground.manager.wake("nobody"), /nobody has no web dyno/);
});

test("what a killed control plane left half done is brought to what the table says", async () => {
  await idle();
  // Killed after the table was changed, before the dynos were stopped.
  await ground.router.mode("shop", "asleep");
  await ground.later(1800);
  await ground.restart();
  await ground.manager.idle.tick();
  await settle();
  assert.deepEqual([mode(), replicas("web"), replicas("worker")], ["asleep", 0, 0]);

  // Killed after a dyno was started for a request, before the table was changed.
  await ground.later(60);
  ground.router.request("shop");
  await ground.docker.getService("web").update({
    _query: { version: ground.docker.services.get("web")?.version ?? 0 },
    _body: { Name: "web", Labels: {}, Mode: { Replicated: { Replicas: 1 } }, TaskTemplate: {} },
  });
  await ground.restart();
  await ground.manager.idle.tick();
  assert.deepEqual([mode(), replicas("web"), replicas("worker")], ["awake", 1, 1]);

  // Killed after the table was changed, before the worker was noted as started; or Docker lost the dyno.
  await ground.later(1800);
  await ground.manager.sleep.sleep("shop");
  await ground.router.mode("shop", "awake");
  await ground.restart();
  ground.router.request("shop");
  await ground.manager.idle.tick();
  assert.deepEqual([mode(), replicas("web"), replicas("worker")], ["awake", 1, 1]);
  assert.deepEqual(ground.warnings, []);
});

test("a woken dyno may crash twice; then it is parked and who waits is answered", async () => {
  await idle();
  await ground.manager.sleep.sleep("shop");
  await ground.manager.wake("shop");
  await settle();
  for (const left of [1, 1, 0]) {
    ground.docker.crash("web");
    await settle();
    assert.equal(replicas("web"), left);
  }
  assert.equal(ground.router.calls.at(-1), "shop crashed true");
  assert.equal(updates().length, 5);
  // It falls asleep all the same, and waking starts it.
  await ground.later(1800);
  ground.manager.backOff.forget("web");
  await ground.manager.sleep.sleep("shop");
  await ground.manager.wake("shop");
  assert.equal(replicas("web"), 1);
});

test("free dynos whose hours are used up stop, and come back", async () => {
  await idle();
  ground.docker.service("mixed-web", labels("mixed", "web.1", "basic"));
  ground.docker.service("mixed-worker", labels("mixed", "worker.1"));
  ground.router.put("mixed", "mixed-web");
  const { sleep, idle: look } = ground.manager;
  for (let i = 0; i < 2; i++) for (const app of ["shop", "mixed"]) await sleep.exhaust(app);
  assert.deepEqual([mode(), replicas("web"), replicas("worker")], ["quota", 0, 0]);
  assert.deepEqual([mode("mixed"), replicas("mixed-web"), replicas("mixed-worker")], ["awake", 1, 0]);
  await assert.rejects(sleep.wake("shop"), /free hours of shop are used up/);
  await look.tick();
  assert.deepEqual([replicas("web"), replicas("worker"), replicas("mixed-worker")], [0, 0, 0]);

  await ground.restart();
  for (const app of ["shop", "mixed"]) await ground.manager.sleep.renew(app);
  assert.deepEqual([mode(), replicas("web"), replicas("mixed-worker")], ["asleep", 0, 1]);
  await ground.manager.wake("shop");
  assert.deepEqual([mode(), replicas("web"), replicas("worker")], ["awake", 1, 1]);
});
