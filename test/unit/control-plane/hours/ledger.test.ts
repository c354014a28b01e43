import assert from "node:assert/strict";
import { test } from "node:test";
import { monthOf } from "../../../../services/control-plane/hours/month.ts";
import { Ground, labels } from "../dynos/fakes.ts";

const seconds = (ground: Ground, app: string) =>
  ground.manager.ledger
    .usage(monthOf(ground.now))
    .filter((usage) => usage.app === app)
    .reduce((sum, usage) => sum + usage.seconds, 0);

/** An app whose dyno has run for a minute when the control plane is killed. */
async function minute(): Promise<Ground> {
  const ground = await new Ground().start();
  ground.docker.service("shop-web", labels("shop", "web.1"));
  await ground.later(60);
  ground.manager.ledger.beat();
  ground.stop();
  return ground;
}

test("a dyno that ended and was removed with the control plane down is counted to its end, by Docker's past events", async () => {
  const ground = await minute();
  ground.now += 5000;
  ground.docker.removeService("shop-web");
  ground.now += 3000;
  await ground.restart();
  assert.equal(seconds(ground, "shop"), 65);
  await ground.later(10);
  assert.equal(seconds(ground, "shop"), 65);
  ground.stop();
});

test("one that was started, ended and was removed meanwhile is counted too, and none twice", async () => {
  const ground = await minute();
  ground.now += 1000;
  const brief = ground.docker.run(labels("brief", "run.1"));
  ground.now += 4000;
  ground.docker.end(brief, 0);
  ground.docker.remove(brief);
  const other = ground.docker.run(labels("brief", "run.2"));
  ground.now += 2000;
  await ground.restart();
  assert.equal(seconds(ground, "brief"), 6);
  await ground.restart();
  assert.equal(seconds(ground, "brief"), 6);
  assert.equal(seconds(ground, "shop"), 67);
  ground.docker.end(other, 0);
  ground.stop();
});

test("what Docker has forgotten altogether is counted as long as it is known to have run", async () => {
  const ground = await minute();
  ground.now += 5000;
  ground.docker.removeService("shop-web");
  ground.docker.forgetEvents();
  await ground.restart();
  assert.equal(seconds(ground, "shop"), 60);
  ground.stop();
});
