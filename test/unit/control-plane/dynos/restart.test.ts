import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Cycle } from "../../../../services/control-plane/dynos/cycle.ts";
import { Ground, labels, settle } from "./fakes.ts";

let ground: Ground;
afterEach(() => ground?.stop());

async function shop(): Promise<Ground> {
  ground = new Ground();
  ground.docker.service("web-1", labels("shop", "web.1"));
  ground.docker.service("web-2", labels("shop", "web.2"));
  ground.docker.service("worker", labels("shop", "worker.1"));
  ground.router.put("shop", "web-1", "web-2");
  ground.now += 3_600_000;
  return ground.start();
}

const kills = () => ground.docker.calls.filter((call) => call.includes("/kill"));

test("all are restarted, one after the other: out, SIGTERM, in", async () => {
  await shop();
  const happened: string[] = [];
  ground.router.calls.push = (call) => happened.push(call);
  ground.docker.calls.push = (call) => (call.includes("/kill") ? happened.push(call.replace(/.*\//, "")) : 0);
  assert.deepEqual(await ground.manager.restarter.restart("shop"), ["web.1", "web.2", "worker.1"]);
  assert.deepEqual(happened, [
    ...["out web-1", "kill SIGTERM", "in web-1"],
    ...["out web-2", "kill SIGTERM", "in web-2"],
    "kill SIGTERM",
  ]);
  const lines = ground.log.take();
  assert.deepEqual(lines.slice(0, 6), [
    "heroku[web.1]: Restarting",
    "heroku[web.1]: State changed from up to starting",
    "heroku[web.1]: Stopping all processes with SIGTERM",
    "heroku[web.1]: Process exited with status 143",
    "heroku[web.1]: Starting process with command `run me`",
    "heroku[web.1]: State changed from starting to up",
  ]);
  assert.equal(lines.length, 18);
  assert.ok(!lines.some((line) => /crashed/.test(line)));
});

test("one type, one dyno, and none of an app that sleeps", async () => {
  await shop();
  const { restarter } = ground.manager;
  assert.deepEqual(await restarter.restart("shop", { type: "worker" }), ["worker.1"]);
  assert.deepEqual(await restarter.restart("shop", { dyno: "web.2" }), ["web.2"]);
  assert.equal(kills().length, 2);
  await ground.later(1800);
  await ground.manager.sleep.sleep("shop");
  assert.deepEqual(await restarter.restart("shop"), []);
  assert.equal(kills().length, 2);
});

test("a dyno that does not come up again ends it, and is told; a parked one is started at once", async () => {
  await shop();
  ground.docker.restarts = false;
  const restarting = ground.manager.restarter.restart("shop");
  restarting.catch(() => {});
  await settle();
  // What Swarm starts ends at once.
  ground.router.answers = () => new Promise(() => {});
  const id = ground.docker.run({ ...labels("shop", "web.1"), "com.docker.swarm.service.name": "web-1" });
  await settle();
  ground.docker.end(id, 1);
  await assert.rejects(restarting, /web\.1 of shop crashed after it was restarted/);
  assert.equal(kills().length, 1, "the others are left as they were");

  ground.router.answers = async () => {};
  ground.docker.restarts = true;
  for (let i = 0; i < 2; i++) {
    ground.docker.crash("web-2");
    await settle();
  }
  assert.equal(ground.docker.running("web-2"), undefined);
  await ground.later(30);
  const told = ground.router.calls.length;
  assert.deepEqual(await ground.manager.restarter.restart("shop", { dyno: "web.2" }), ["web.2"]);
  assert.deepEqual(ground.router.calls.slice(told), ["shop crashed false", "in web-2"]);
  assert.ok(ground.docker.running("web-2"));
  assert.equal(ground.manager.backOff.parkedUntil("web-2"), undefined);
});

test("each dyno is cycled when it has run for a day and some more, the longest due first", async () => {
  ground = new Ground();
  for (const dyno of ["web.1", "worker.1"]) {
    ground.docker.service(dyno, labels("shop", dyno));
    ground.now += 1000;
  }
  ground.docker.run(labels("shop", "run.1"));
  ground.router.put("shop", "web.1");
  ground.now += 60_000;
  await ground.start();
  const { watcher, restarter } = ground.manager;
  const { lock, clock } = ground;
  const warn = (message: string) => ground.warnings.push(message);
  const cycle = new Cycle({ watcher, restarter, lock, clock, warn, every: 86_400, spread: 12_960 });
  const [web, worker] = watcher.running();
  assert.ok(web && worker);
  for (const dyno of [web, worker]) {
    const after = cycle.due(dyno) - (dyno.startedAt ?? 0);
    assert.ok(after >= 86_400_000 && after <= (86_400 + 12_960) * 1000);
  }
  assert.notEqual(cycle.due({ ...web, container: "80000000cafe" }), cycle.due(web), "not all at the same time");
  ground.now = cycle.due(web) - 1;
  await cycle.tick();
  assert.deepEqual(kills(), []);
  ground.now += 86_400_000;
  ground.log.take();
  await cycle.tick();
  assert.deepEqual(kills(), [`POST /containers/${web.container}/kill SIGTERM`]);
  assert.equal(ground.log.take()[0], "heroku[web.1]: Cycling");
  await cycle.tick();
  await cycle.tick();
  assert.equal(kills().length, 2, "the worker, and not again; never a one-off dyno");
  assert.deepEqual(ground.warnings, []);
});
