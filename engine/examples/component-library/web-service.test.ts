/**
 * What the mocks of Pulumi's SDK cannot show, since they only answer what resources are registered: what is replaced,
 * in which order things are made and go, what a failure or a kill leaves behind, what is adopted, and what is secret
 * in the state. Here the engine itself runs the component; only Docker is simulated.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type PackageRules, TestStack } from "@dynoform/engine/testing";
import * as pulumi from "@pulumi/pulumi";
import { WebService, type WebServiceArgs } from "./web-service.ts";

/** A name that is not given is the id, as Docker would make one up. */
const named: PackageRules[string] = {
  replaceOn: ["name"],
  outputs: ({ id, inputs }) => ({ name: inputs.name ?? id }),
};

const docker: PackageRules = {
  "docker:index/network:Network": named,
  "docker:index/volume:Volume": named,
  "docker:index/container:Container": { ...named, replaceOn: ["name", "image", "envs", "networksAdvanced", "volumes"] },
};

const newStack = () => new TestStack({ packages: { docker } });

function shop(args: Partial<WebServiceArgs> = {}, options?: pulumi.ComponentResourceOptions) {
  return () => {
    const service = new WebService("shop", { image: "shop:1", password: "swordfish", ...args }, options);
    return { containers: service.containers };
  };
}

test("another image replaces the containers, the new one first, and nothing else", async () => {
  const stack = newStack();
  await stack.up(shop());
  const { id: volume } = stack.resource("shop-data");
  stack.world.log.length = 0;

  const planned = await stack.preview(shop({ image: "shop:2" }));
  assert.deepEqual(stack.world.log, [], "a preview touches nothing");
  const { changes, errors } = await stack.up(shop({ image: "shop:2" }));
  assert.deepEqual(errors, []);
  assert.deepEqual(changes, planned.changes);
  assert.deepEqual(changes, { replace: 1, same: 4 });
  assert.deepEqual(stack.world.log, ["create shop-0", "delete shop-0"]);
  assert.equal(stack.resource("shop-data").id, volume);
});

test("containers go before the network that they are on", async () => {
  const stack = newStack();
  await stack.up(shop());
  stack.world.log.length = 0;
  await stack.destroy();
  assert.equal(stack.world.log[0], "delete shop-0");
  assert.deepEqual(stack.world.log.slice(1).sort(), ["delete shop-data", "delete shop-network"]);
});

test("a failure in the middle keeps what was made, and the next update makes only the rest", async () => {
  const stack = newStack();
  stack.world.fail("create", "shop-1", "no space left on device");
  const failed = await stack.up(shop({ copies: 2 }));
  assert.equal(failed.result, "failed");
  assert.deepEqual(failed.errors, ["no space left on device", "update failed"]);
  assert.deepEqual(stack.world.names(), ["shop-0", "shop-data", "shop-network"]);

  stack.world.heal();
  stack.world.log.length = 0;
  assert.equal((await stack.up(shop({ copies: 2 }))).result, "succeeded");
  assert.deepEqual(stack.world.log, ["create shop-1"]);
});

test("killed when Docker had made a container and nobody knew: it is found again, and made once", async () => {
  const stack = newStack();
  await stack.up(shop(), { killAt: { moment: "after", operation: "create", name: "shop-0" } });
  assert.throws(() => stack.resource("shop-0"), /the state has no shop-0/);
  assert.ok(stack.world.names().includes("shop-0"));

  stack.world.log.length = 0;
  assert.deepEqual((await stack.up(shop())).errors, []);
  assert.deepEqual(stack.world.log, [], "nothing had to be made again");
  assert.deepEqual(stack.world.names(), ["shop-0", "shop-data", "shop-network"]);
});

test("a volume that was there is adopted, not made", async () => {
  const stack = newStack();
  stack.world.things.set("old-data", { name: "old-data" });
  const { changes, errors } = await stack.up(shop({ existingVolume: "old-data" }));
  assert.deepEqual(errors, []);
  assert.equal(changes.import, 1);
  assert.ok(!stack.world.log.includes("create shop-data"));
  assert.equal(stack.resource("shop-data").id, "old-data");
});

test("a service that gets another name keeps what it has", async () => {
  const stack = newStack();
  await stack.up(shop());
  const renamed = await stack.up(() => {
    new WebService("store", { image: "shop:1", password: "swordfish" }, { aliases: [{ name: "shop" }] });
  });
  assert.deepEqual(renamed.errors, []);
  assert.deepEqual(renamed.changes, { same: 5 });
});

test("the password reaches Docker, and stands nowhere in the state", async () => {
  const stack = newStack();
  const { outputs } = await stack.up(
    () => {
      const config = new pulumi.Config("shop");
      const password = config.requireSecret("password");
      new WebService("shop", { image: "shop:1", password });
      return { password };
    },
    { config: { "shop:password": { value: "swordfish", secret: true } } },
  );
  assert.match(JSON.stringify(outputs), /swordfish/, "whoever runs the stack may see it");
  const thing = stack.world.things.get(stack.resource("shop-0").id ?? "");
  assert.deepEqual(thing?.envs, ["PASSWORD=swordfish"]);
  assert.doesNotMatch(await stack.stateText(), /swordfish/);
});
