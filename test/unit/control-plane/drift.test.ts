import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../../lib/errors.ts";
import { QueueLock } from "../../../services/control-plane/apps/lock.ts";
import { DriftWatch } from "../../../services/control-plane/drift/watch.ts";
import { openStore } from "../../../services/control-plane/store.ts";
import type { Planned } from "../../../services/stacks/plan/planned.ts";
import { planned } from "../cli/ci/planned.ts";

const SERVICE = "docker:index/service:Service";

async function world() {
  const project = await mkdtemp(join(tmpdir(), "drift-"));
  await writeFile(join(project, "Pulumi.yaml"), "name: x\nruntime: nodejs\n");
  await writeFile(join(project, "Pulumi.platform.yaml"), "config: { dynoform:platform: {} }\n");
  const plans = new Map<string, readonly Planned[]>();
  const looked: string[] = [];
  const told: string[] = [];
  const lock = new QueueLock();
  const db = openStore(":memory:");
  let apps = [
    { name: "blog", stack: "blog" },
    { name: "shop", stack: "shop" },
  ];
  const watch = new DriftWatch({
    runner: {
      async preview(what, stack, _act, { args } = {}) {
        looked.push(`${what} ${stack} ${args}`);
        const found = plans.get(stack);
        if (found === undefined) throw new UserError("no such file");
        return { changes: {}, steps: [], outputs: {}, warnings: [], planned: found };
      },
    },
    lastChange: async (kind, id) => `then ${kind} ${id}`,
    db,
    lock,
    project,
    apps: async () => apps,
    every: 60,
    clock: () => 1000,
    report: (problem) => told.push(problem),
  });
  return {
    watch,
    plans,
    looked,
    told,
    lock,
    without(stack: string) {
      apps = apps.filter((app) => app.stack !== stack);
    },
    async [Symbol.asyncDispose]() {
      db.close();
      await rm(project, { recursive: true, force: true });
    },
  };
}

test("what differs is remembered until it is as declared again, and a stack that cannot be read keeps no other from it", async () => {
  await using there = await world();
  const { watch, plans, looked, told } = there;
  plans.set("platform", []);
  plans.set("shop", [
    planned("update", SERVICE, "shop.web.1", { id: "s1", differences: [{ path: "labels", was: '"a"', is: '"b"' }] }),
    planned("create", SERVICE, "shop.web.2"),
    planned("update", "dyno:index:Route", "shop-route", { differences: [{ path: "hosts", was: "[]", is: "[]" }] }),
    planned("delete", SERVICE, "shop.web.3"),
  ]);
  await watch.look();
  assert.deepEqual(looked, ["up platform --refresh", "up blog --refresh", "up shop --refresh"]);
  assert.deepEqual(told, ["drift: blog cannot be looked at: no such file", "drift: shop are not as declared"]);
  assert.deepEqual(watch.found("platform"), { at: 1000, drift: [] });
  assert.equal(watch.found("blog"), undefined);
  assert.deepEqual(
    watch.found("shop")?.drift.map(({ type: _, ...row }) => row),
    [
      { name: "shop.web.1", path: "labels", declared: '"b"', there: '"a"', changedAt: "then service s1" },
      { name: "shop.web.2", declared: "there is one", there: "missing" },
      { name: "shop-route", path: "hosts", declared: "[]", there: "another" },
      { name: "shop.web.3", declared: "not declared", there: "there is one" },
    ],
  );
  plans.set("shop", []);
  await watch.look();
  assert.deepEqual(watch.found("shop")?.drift, []);
  there.without("shop");
  await watch.look();
  assert.equal(watch.found("shop"), undefined);
});

test("what is being changed is left alone", async () => {
  await using there = await world();
  there.plans.set("platform", []).set("blog", []).set("shop", []);
  const { promise, resolve } = Promise.withResolvers<void>();
  const up = there.lock.run("shop", "an up", () => promise);
  await there.watch.look();
  resolve();
  await up;
  assert.deepEqual(there.looked, ["up platform --refresh", "up blog --refresh"]);
});
