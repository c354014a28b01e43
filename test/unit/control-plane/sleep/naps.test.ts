import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { monthOf } from "../../../../services/control-plane/hours/month.ts";
import { StaleNaps } from "../../../../services/control-plane/sleep/stale.ts";
import { Ground, labels, type Settings, settle } from "../dynos/fakes.ts";

let ground: Ground;
afterEach(() => ground?.stop());

const UNTIL = 21_600;
const HALF_AN_HOUR = 1800;

const replicas = (name: string) => ground.docker.services.get(name)?.spec.Mode.Replicated.Replicas;
const paused = (name: string) => ground.docker.running(name)?.paused;
const mode = (app = "shop") => ground.router.apps.get(app)?.mode;
const webLines = () => ground.log.take().filter((line) => line.includes("web.1"));
const states = async () =>
  (await ground.manager.list("shop")).map(({ dyno, state, detail }) => [dyno, state, detail].filter(Boolean).join(" "));
const hours = () =>
  ground.manager.ledger
    .usage(monthOf(ground.now))
    .filter(({ type }) => type === "web")
    .reduce((sum, { seconds }) => sum + seconds, 0);

/** An app of a web dyno and a worker that naps since now, half an hour after its start. */
async function napping(settings: Settings = {}): Promise<void> {
  ground = new Ground({ nap: { until: UNTIL, reserve: 0 }, ...settings });
  ground.docker.service("web", labels("shop", "web.1"));
  ground.docker.service("worker", labels("shop", "worker.1"));
  ground.router.put("shop", "web");
  ground.now += HALF_AN_HOUR * 1000;
  await ground.start();
  await tick();
  assert.deepEqual([mode(), paused("web"), paused("worker")], ["napping", true, true]);
}

async function tick(): Promise<void> {
  await ground.manager.idle.tick();
  await settle();
}

test("an idle app naps, is thawed once however many wait, and its nap costs no hours", async () => {
  await napping();
  assert.deepEqual([replicas("web"), replicas("worker")], [1, 1]);
  assert.deepEqual(webLines(), ["heroku[web.1]: Napping", "heroku[web.1]: State changed from up to down"]);
  assert.deepEqual(await states(), ["web.1 idle napping", "worker.1 idle napping"]);
  assert.equal(hours(), HALF_AN_HOUR);
  await ground.later(600);
  await tick();
  assert.equal(mode(), "napping");

  ground.router.request("shop");
  ground.docker.calls.length = 0;
  await Promise.all(Array.from({ length: 100 }, () => ground.manager.wake("shop")));
  const calls = ground.docker.calls.filter((call) => call.startsWith("POST"));
  assert.equal(calls.length, 2, calls.join());
  await settle();
  assert.deepEqual([mode(), paused("web"), paused("worker")], ["awake", false, false]);
  assert.deepEqual(webLines(), ["heroku[web.1]: Unidling", "heroku[web.1]: State changed from down to up"]);
  assert.deepEqual(await states(), ["web.1 up", "worker.1 up"]);
  assert.deepEqual(ground.wakes, [{ app: "shop", result: "succeeded", seconds: 0 }]);
  await ground.later(10);
  assert.equal(hours(), HALF_AN_HOUR + 10);
  assert.deepEqual(ground.warnings, []);
});

test("who has napped for long sleeps, thawed before it is stopped, and wakes from there", async () => {
  await napping();
  await ground.later(UNTIL - HALF_AN_HOUR - 1);
  await tick();
  assert.equal(mode(), "napping");
  webLines();
  await ground.later(1);
  ground.docker.calls.length = 0;
  await tick();
  assert.deepEqual([mode(), replicas("web"), replicas("worker")], ["asleep", 0, 0]);
  const acts = ground.docker.calls.filter((call) => call.startsWith("POST"));
  assert.ok(
    acts.slice(0, 2).every((call) => call.endsWith("/unpause")),
    acts.join(),
  );
  assert.deepEqual(webLines(), [
    "heroku[web.1]: Idling",
    "heroku[web.1]: Stopping all processes with SIGTERM",
    "heroku[web.1]: Process exited with status 143",
  ]);
  assert.equal(hours(), HALF_AN_HOUR);
  await ground.manager.wake("shop");
  await settle();
  assert.deepEqual([mode(), replicas("web"), replicas("worker")], ["awake", 1, 1]);
});

test("with little memory the one that was asked last the longest ago sleeps first, one at a time", async () => {
  await napping({ nap: { until: UNTIL, reserve: 1000 } });
  ground.docker.service("late", labels("late", "web.1"));
  ground.router.put("late", "late");
  await ground.later(HALF_AN_HOUR);
  await tick();
  assert.deepEqual([mode("shop"), mode("late")], ["napping", "napping"]);
  await ground.manager.relief.tick();
  assert.equal(mode("shop"), "napping");
  ground.freeMemory = 999;
  await ground.manager.relief.tick();
  await ground.manager.relief.tick();
  assert.deepEqual([mode("shop"), mode("late")], ["asleep", "napping"]);
  await ground.later(3);
  await ground.manager.relief.tick();
  assert.equal(mode("late"), "asleep");
});

test("what was thawed by hand, or started again by Docker, is awake", async () => {
  await napping();
  ground.docker.pause(ground.docker.running("worker")?.id ?? "", false);
  await settle();
  await tick();
  assert.deepEqual([mode(), paused("web"), paused("worker")], ["awake", false, false]);

  await ground.later(HALF_AN_HOUR);
  await tick();
  assert.equal(mode(), "napping");
  for (const name of ["web", "worker"]) ground.docker.end(ground.docker.running(name)?.id ?? "", 137, [9]);
  await settle();
  await tick();
  assert.deepEqual([mode(), paused("web"), paused("worker")], ["awake", false, false]);
});

test("a restart thaws it first, and the daily one leaves it alone", async () => {
  await napping({ every: 60 });
  const before = ground.docker.running("web")?.id;
  await ground.later(120);
  assert.deepEqual(await ground.manager.restart("shop", { type: "web" }), ["web.1"]);
  await settle();
  assert.equal(mode(), "awake");
  assert.notEqual(ground.docker.running("web")?.id, before);
});

test("a control plane that was killed finds naps, half done ones too, and counts their hours to the second", async () => {
  await napping();
  ground.stop();
  // Thawed and frozen again by hand while nobody looked.
  const web = ground.docker.running("web")?.id ?? "";
  ground.now += 60_000;
  ground.docker.pause(web, false);
  ground.now += 5000;
  ground.docker.pause(web);
  ground.now += 60_000;
  await ground.restart();
  assert.equal(hours(), HALF_AN_HOUR + 5);
  assert.deepEqual(await states(), ["web.1 idle napping", "worker.1 idle napping"]);
  await tick();
  assert.equal(mode(), "napping");
  await ground.manager.wake("shop");
  await settle();
  assert.deepEqual([mode(), paused("web"), paused("worker")], ["awake", false, false]);

  // Killed after the table was changed, before the dynos were frozen; and after one of them was.
  for (const frozen of [[], ["web"]]) {
    await ground.router.mode("shop", "napping");
    for (const name of frozen) ground.docker.pause(ground.docker.running(name)?.id ?? "");
    ground.router.request("shop");
    await ground.restart();
    await tick();
    assert.deepEqual([mode(), paused("web"), paused("worker")], ["awake", false, false]);
  }
  // An `up` of the host's put the entry while they were being frozen.
  ground.docker.pause(web);
  await settle();
  await tick();
  assert.deepEqual([mode(), paused("web")], ["awake", false]);
});

test("an app whose dynos are not all up, or cannot be frozen, sleeps; one with a request that goes on stays awake", async () => {
  ground = await new Ground({ nap: { until: UNTIL } }).start();
  ground.docker.service("web", labels("shop", "web.1"));
  ground.router.answers = () => new Promise(() => {});
  ground.router.put("shop", "web");
  await ground.later(HALF_AN_HOUR);
  await tick();
  assert.deepEqual([mode(), replicas("web")], ["asleep", 0]);
  ground.stop();

  ground = await new Ground({ nap: { until: UNTIL } }).start();
  ground.docker.service("web", labels("shop", "web.1"));
  ground.router.put("shop", "web");
  await ground.later(HALF_AN_HOUR);
  const change = ground.router.mode.bind(ground.router);
  ground.router.mode = async (app, to, options) => {
    await change(app, to, options);
    if (to === "napping") ground.router.active.shop = { last: 0, inflight: 1 };
  };
  await tick();
  assert.deepEqual([mode(), paused("web")], ["awake", false]);
  ground.router.active.shop = { last: 0, inflight: 0 };
  ground.router.mode = change;
  const getContainer = ground.docker.getContainer.bind(ground.docker);
  ground.docker.getContainer = (id) => ({
    ...getContainer(id),
    pause: async () => {
      throw new Error("no freezer");
    },
  });
  await tick();
  assert.deepEqual([mode(), replicas("web")], ["asleep", 0]);
  assert.match(ground.warnings.join(), /shop cannot nap, and sleeps: no freezer/);
});

test("where naps were switched off, what naps sleeps; the end of the hours stops it", async () => {
  await napping();
  await ground.manager.sleep.exhaust("shop");
  assert.deepEqual([mode(), replicas("web"), replicas("worker")], ["quota", 0, 0]);
  assert.ok(![...ground.docker.containers.values()].some((container) => container.paused));
  ground.stop();

  ground = await new Ground().start();
  ground.docker.service("web", labels("shop", "web.1"));
  ground.router.put("shop", "web");
  await ground.router.mode("shop", "napping");
  ground.docker.pause(ground.docker.running("web")?.id ?? "");
  await settle();
  await tick();
  assert.deepEqual([mode(), replicas("web")], ["asleep", 0]);
});

test("when the database was started again, what naps sleeps: its connections are gone", async () => {
  await napping();
  const { router, manager, warnings } = ground;
  let started: string | undefined;
  const stale = new StaleNaps({
    ...{ router, naps: manager.naps, sleep: manager.sleep },
    warn: (message) => warnings.push(message),
    startOfDatabase: async () => started,
  });
  for (const at of [undefined, "noon", "noon", undefined, "noon"]) {
    started = at;
    await stale.tick();
    assert.equal(mode(), "napping");
  }
  started = "a minute later";
  await stale.tick();
  assert.deepEqual([mode(), replicas("web")], ["asleep", 0]);
  assert.deepEqual(warnings, []);
});
