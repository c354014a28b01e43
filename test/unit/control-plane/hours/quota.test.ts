import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Ground, labels, type Settings, settle } from "../dynos/fakes.ts";

const hour = 3600;
let ground: Ground;
afterEach(() => ground?.stop());

async function begin(settings: Settings): Promise<Ground> {
  ground = new Ground({ start: Date.UTC(2026, 0, 1), free: 10, ...settings });
  for (const app of ["shop", "blog"]) {
    ground.docker.service(`${app}-web`, labels(app, "web.1"));
    ground.router.put(app, `${app}-web`);
  }
  ground.docker.service("paid-web", labels("paid", "web.1", "basic"));
  ground.router.put("paid", "paid-web");
  await ground.start();
  ground.log.take();
  return ground;
}

const mode = (app: string) => ground.router.apps.get(app)?.mode;
const said = () => ground.log.all.splice(0).filter((line) => line.includes("app[api]"));

test("each app has its hours: a warning at 80 %, the end at 100 %, and a new month", async () => {
  await begin({ per: "app" });
  ground.docker.run(labels("shop", "run.1"));
  await ground.later(4 * hour - 1);
  await ground.manager.hours.tick();
  assert.deepEqual(said(), []);
  await ground.later(1);
  for (let i = 0; i < 2; i++) await ground.manager.hours.tick();
  assert.deepEqual(said(), ["shop app[api]: 80% of the 10 free dyno hours of January 2026 are used"]);
  assert.deepEqual(ground.manager.hours.of("shop"), { total: 10 * hour, used: 8 * hour });

  await ground.later(hour);
  await ground.restart();
  for (let i = 0; i < 2; i++) await ground.manager.hours.tick();
  assert.deepEqual(said(), [
    "shop app[api]: The free dyno hours of January 2026 are used up; free dynos sleep until 2026-02-01",
  ]);
  assert.deepEqual(["shop", "blog", "paid"].map(mode), ["quota", "awake", "awake"]);
  assert.equal(ground.manager.hours.isExhausted("shop"), true);
  assert.equal(ground.docker.running("shop-web"), undefined);
  // A deployment wakes what it deploys, and the hours are used up still.
  ground.docker.service("shop-web-2", labels("shop", "web.1"));
  ground.router.put("shop", "shop-web-2");
  await settle();
  await ground.manager.hours.tick();
  assert.equal(mode("shop"), "quota");
  assert.equal(ground.docker.running("shop-web-2"), undefined);

  ground.now = Date.UTC(2026, 1, 1) - 1;
  await ground.manager.hours.tick();
  assert.deepEqual(["shop", "blog", "paid"].map(mode), ["quota", "quota", "awake"]);
  ground.now = Date.UTC(2026, 1, 1);
  for (const container of ground.docker.containers.values()) {
    if (container.labels["dynoform.type"] === "run") ground.docker.end(container.id, 0);
  }
  await settle();
  await ground.manager.hours.tick();
  assert.deepEqual(["shop", "blog", "paid"].map(mode), ["asleep", "asleep", "awake"]);
  await ground.manager.wake("shop");
  assert.ok(ground.docker.running("shop-web-2"));
  assert.deepEqual(ground.warnings, []);
});

test("or all apps share the account's", async () => {
  await begin({ per: "account" });
  await ground.later(5 * hour);
  await ground.manager.hours.tick();
  assert.deepEqual(["shop", "blog", "paid"].map(mode), ["quota", "quota", "awake"]);
  assert.match(said().join("\n"), /shop app\[api\]: 80% of the account's 10 free dyno hours of January 2026 are used/);
});

test("0 is without end", async () => {
  await begin({ free: 0 });
  await ground.later(700 * hour);
  await ground.manager.hours.tick();
  assert.deepEqual(["shop", "blog"].map(mode), ["awake", "awake"]);
  assert.equal(ground.manager.hours.isExhausted("shop"), false);
});
