import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Cycle } from "../../../../services/control-plane/dynos/cycle.ts";
import { until } from "../../../support/until.ts";
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

test("all are restarted, one after the other: web dynos beside, then the worker in its place", async () => {
  await shop();
  const happened: string[] = [];
  ground.router.calls.push = (call) => happened.push(call);
  ground.docker.calls.push = (call) => (call.includes("/kill") ? happened.push(call.replace(/.*\//, "")) : 0);
  const before = ["web-1", "web-2", "worker"].map((service) => ground.docker.running(service)?.id);
  assert.deepEqual(await ground.manager.restarter.restart("shop"), ["web.1", "web.2", "worker.1"]);
  assert.deepEqual(happened, [
    ...["keep web-1", "move web-1", "drain web-1", "kill SIGTERM", "alone web-1"],
    ...["keep web-2", "move web-2", "drain web-2", "kill SIGTERM", "alone web-2"],
    "kill SIGTERM",
  ]);
  const lines = ground.log.take();
  assert.deepEqual(lines.slice(0, 6), [
    "heroku[web.1]: Restarting",
    "heroku[web.1]: State changed from up to starting",
    "heroku[web.1]: Starting process with command `run me`",
    "heroku[web.1]: State changed from starting to up",
    "heroku[web.1]: Stopping all processes with SIGTERM",
    "heroku[web.1]: Process exited with status 143",
  ]);
  assert.deepEqual(lines.slice(12), [
    "heroku[worker.1]: Restarting",
    "heroku[worker.1]: State changed from up to starting",
    "heroku[worker.1]: Stopping all processes with SIGTERM",
    "heroku[worker.1]: Process exited with status 143",
    "heroku[worker.1]: Starting process with command `run me`",
    "heroku[worker.1]: State changed from starting to up",
  ]);
  for (const [i, service] of ["web-1", "web-2", "worker"].entries()) {
    const now = ground.docker.allRunning(service);
    assert.equal(now.length, 1);
    assert.notEqual(now[0]?.id, before[i]);
    asDeclared(service);
  }
  assert.deepEqual(
    (await ground.manager.list("shop")).map(({ state }) => state),
    ["up", "up", "up"],
  );
});

/** Swarm has of the service what was declared. */
function asDeclared(service: string): void {
  const { Mode, TaskTemplate } = ground.docker.services.get(service)?.spec ?? {};
  assert.deepEqual(Mode, { Replicated: { Replicas: 1 } });
  assert.equal(TaskTemplate?.Placement?.MaxReplicas, undefined);
}

test("without room for two a web dyno is stopped first, and the log says why", async () => {
  await shop();
  const spec = ground.docker.services.get("web-1")?.spec;
  assert.ok(spec);
  spec.TaskTemplate.Resources = { Limits: { MemoryBytes: 512 * 2 ** 20 } };
  ground.freeMemory = 300 * 2 ** 20;
  await ground.manager.restarter.restart("shop", { dyno: "web.1" });
  assert.deepEqual(ground.router.calls.slice(-2), ["out web-1", "in web-1"]);
  assert.deepEqual(ground.log.take().slice(0, 3), [
    "heroku[web.1]: 300 MB of memory are free, and a second process may need 512 MB: " +
      "the one that runs is stopped before the next starts",
    "heroku[web.1]: Restarting",
    "heroku[web.1]: State changed from up to starting",
  ]);
  // The user of both containers is one.
  ground.freeMemory = 600 * 2 ** 20;
  spec.TaskTemplate.ContainerSpec = { Env: ["DYNOFORM_PROCESSES=256"] };
  ground.docker.processes = 129;
  await ground.manager.restarter.restart("shop", { dyno: "web.1" });
  assert.match(
    ground.log.take()[0] ?? "",
    /^heroku\[web\.1\]: 129 of 256 processes and threads run, .*: the one that runs is stopped before/,
  );
  ground.docker.processes = 128;
  await ground.manager.restarter.restart("shop", { dyno: "web.1" });
  assert.equal(ground.router.calls.at(-1), "alone web-1");
});

for (const [what, end, reason] of [
  ["crashes", () => ground.docker.end(newest("web-1"), 3), "crashed"],
  ["never listens", () => refuse(Object.assign(new Error(), refused)), "did not listen on $PORT in time"],
] as const) {
  test(`one whose new process ${what} stays as it is, and is told so`, async () => {
    await shop();
    const serving = ground.docker.running("web-1")?.id;
    const moving = Promise.withResolvers<void>();
    ground.router.answers = () => moving.promise;
    refuse = moving.reject;
    const restarting = ground.manager.restarter.restart("shop");
    restarting.catch(() => {});
    await settle();
    assert.equal(ground.docker.allRunning("web-1").length, 2);
    assert.equal((await ground.manager.list("shop"))[0]?.state, "starting");
    end();
    await assert.rejects(restarting, {
      message: `web.1 of shop was not restarted: its new process ${reason}, and the one before goes on; its log tells why`,
    });
    assert.deepEqual(
      ground.docker.allRunning("web-1").map(({ id }) => id),
      [serving],
    );
    asDeclared("web-1");
    assert.deepEqual(ground.router.calls.slice(-3), ["move web-1", "keep web-1", "alone web-1"]);
    assert.deepEqual(ground.log.take().slice(-2), [
      `heroku[web.1]: Restart failed: its new process ${reason}`,
      "heroku[web.1]: State changed from starting to up",
    ]);
    assert.equal(ground.manager.backOff.parkedUntil("web-1"), undefined);
    // It is seen again as before.
    ground.docker.crash("web-1");
    await settle();
    assert.equal(ground.log.take()[1], "heroku[web.1]: State changed from up to crashed");
  });
}

let refuse: (error: Error) => void;
const refused = { error: "probe", probe: { reason: "refused" } };
const newest = (service: string) => ground.docker.allRunning(service).at(-1)?.id ?? "";

test("a restart that was cut off is ended by the next control plane, wherever it was", async () => {
  for (const cut of ["move", "drain"] as const) {
    await shop();
    const serving = ground.docker.running("web-1")?.id;
    const { beside } = ground.router;
    ground.router.beside = async function (app, service, step) {
      await beside.call(this, app, service, step);
      if (step.state === cut) await new Promise(() => {});
    };
    ground.manager.restarter.restart("shop", { dyno: "web.1" }).catch(() => {});
    await settle();
    assert.equal(ground.docker.allRunning("web-1").length, 2);
    ground.router.beside = beside;
    ground.lock.free();
    await ground.restart();
    await ground.manager.restarter.mend();
    const now = ground.docker.allRunning("web-1");
    assert.equal(now.length, 1, cut);
    assert.notEqual(now[0]?.id, serving);
    asDeclared("web-1");
    assert.equal(ground.router.calls.at(-1), "alone web-1");
    assert.equal((await ground.manager.list("shop"))[0]?.state, "up");
    ground.stop();
  }
});

test("when Docker goes away in a restart, the dyno is seen as before, and the restart ended when it is back", async () => {
  await shop();
  const serving = ground.docker.running("web-1")?.id;
  ground.router.answers = async () => {
    ground.docker.setDown(true);
    throw Object.assign(new Error(), refused);
  };
  await assert.rejects(ground.manager.restarter.restart("shop", { dyno: "web.1" }), /ECONNREFUSED/);
  assert.equal(ground.log.take().at(-1), "heroku[web.1]: State changed from starting to up");
  ground.router.answers = async () => {};
  ground.docker.setDown(false);
  await until("Docker is reached", async () => ground.manager.watcher.connected);
  await ground.manager.restarter.mend();
  assert.equal(ground.docker.allRunning("web-1").length, 1);
  assert.notEqual(ground.docker.running("web-1")?.id, serving, "the new one answers by now");
  asDeclared("web-1");
  assert.equal((await ground.manager.list("shop"))[0]?.state, "up");
});

test("after a crash of Docker in a restart one container goes on, whichever Swarm started", async () => {
  await shop();
  ground.router.answers = () => new Promise(() => {});
  ground.manager.restarter.restart("shop", { dyno: "web.1" }).catch(() => {});
  await settle();
  ground.docker.restarts = false;
  for (const { id } of ground.docker.allRunning("web-1")) ground.docker.end(id, 137);
  const id = ground.docker.run({ ...labels("shop", "web.1"), "com.docker.swarm.service.name": "web-1" });
  ground.docker.restarts = true;
  ground.router.answers = async () => {};
  ground.lock.free();
  await ground.restart();
  await ground.manager.restarter.mend();
  await settle();
  assert.deepEqual(
    ground.docker.allRunning("web-1").map((container) => container.id),
    [id],
  );
  asDeclared("web-1");
  assert.equal((await ground.manager.list("shop"))[0]?.state, "up");
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

test("one that was stopped first and does not come up again ends it, and is told; a parked one is started at once", async () => {
  await shop();
  const spec = ground.docker.services.get("web-1")?.spec;
  assert.ok(spec);
  spec.TaskTemplate.Resources = { Limits: { MemoryBytes: 2 ** 50 } };
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
