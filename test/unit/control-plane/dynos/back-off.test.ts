import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { BACK_OFF } from "../../../../services/control-plane/dynos/back-off.ts";
import { Ground, labels, settle } from "./fakes.ts";

let ground: Ground;
afterEach(() => ground?.stop());

const parked = () => ground.docker.services.get("web")?.spec.Mode.Replicated.Replicas === 0;
const state = async () => (await ground.manager.list("shop"))[0]?.state;

async function crash(service = "web"): Promise<void> {
  ground.docker.crash(service);
  await settle();
}

async function one(): Promise<Ground> {
  ground = new Ground();
  ground.docker.service("web", labels("shop", "web.1"));
  ground.router.put("shop", "web");
  ground.now += 3_600_000;
  return ground.start();
}

test("the first crash is Swarm's; then it is parked for 20 minutes, 40, … up to 320", async () => {
  await one();
  await crash();
  assert.ok(!parked() && ground.docker.running("web"));
  for (const minutes of [20, 40, 80, 160, 320, 320]) {
    await ground.later(5);
    await crash();
    assert.ok(parked(), `${minutes}`);
    assert.equal(await state(), "crashed");
    assert.equal(ground.router.calls.at(-1), "shop crashed true");
    await ground.later(minutes * 60 - 1);
    await ground.manager.backOff.tick();
    assert.ok(parked(), `${minutes}, a second before its end`);
    ground.log.take();
    await ground.later(1);
    await ground.manager.backOff.tick();
    await settle();
    assert.ok(!parked() && ground.docker.running("web"), `${minutes} have passed`);
    assert.deepEqual(ground.log.take().slice(0, 2), [
      "heroku[web.1]: State changed from crashed to starting",
      "heroku[web.1]: Starting process with command `run me`",
    ]);
  }
});

test("a dyno that has run for long crashes for the first time again, and one that is well is forgotten", async () => {
  await one();
  await crash();
  await ground.later(BACK_OFF.well);
  await crash();
  assert.ok(!parked());
  await ground.later(BACK_OFF.well);
  await ground.manager.backOff.tick();
  assert.equal(ground.db.prepare("SELECT COUNT(*) AS n FROM crashed_dyno").get()?.n, 0);
});

test("what is parked outlives the control plane, whatever is said of it meanwhile", async () => {
  await one();
  await crash();
  await crash();
  assert.ok(parked());
  await ground.restart();
  assert.equal(await state(), "crashed");
  await ground.manager.idle.tick();
  assert.ok(parked(), "the look at sleeping apps does not start it");
  await ground.later(1200);
  await ground.manager.backOff.tick();
  assert.ok(ground.docker.running("web"));
  // Its count too.
  await crash();
  assert.ok(parked());
  const until = ground.manager.backOff.parkedUntil("web") ?? 0;
  assert.equal(until - ground.now, 2400_000);
  // An `up` starts it.
  await ground.later(60);
  await ground.docker.getService("web").update({
    _query: { version: ground.docker.services.get("web")?.version ?? 0 },
    _body: { Name: "web", Labels: {}, Mode: { Replicated: { Replicas: 1 } }, TaskTemplate: {} },
  });
  await settle();
  assert.equal(await state(), "up");
});

test("it leaves alone what an up is proving, what sleeps, and what others hold", async () => {
  await one();
  ground.docker.service("web-new", labels("shop", "web.1"));
  await settle();
  for (let i = 0; i < 4; i++) await crash("web-new");
  assert.ok(ground.docker.running("web-new"), "not in the router's table yet");

  ground.docker.service("worker", labels("shop", "worker.1"));
  await settle();
  for (let i = 0; i < 4; i++) await crash("worker");
  assert.ok(ground.docker.running("worker"), "made a moment ago");
  await ground.later(BACK_OFF.proving);
  for (let i = 0; i < 2; i++) await crash("worker");
  assert.equal(ground.docker.running("worker"), undefined, "made a while ago");

  let end = () => {};
  const held = ground.lock.run(
    "shop",
    "an up",
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  for (let i = 0; i < 4; i++) await crash();
  assert.ok(ground.docker.running("web"), "an up is under way");
  end();
  await held;
  for (let i = 0; i < 2; i++) await crash();
  assert.ok(parked());
});
