import assert from "node:assert/strict";
import { test } from "node:test";
import { TestStack } from "./harness.ts";

test("protected resources are neither deleted nor replaced", async (context) => {
  const stack = await TestStack.create(context);
  const program = (key: number) => `new Fake("a", { key: ${key} }, { protect: true });`;
  await stack.up(program(1));
  const removed = await stack.up("");
  assert.equal(removed.result, "failed");
  assert.match(removed.errors[0] ?? "", /cannot be deleted\nbecause it is protected/);
  assert.equal(removed.errors.at(-1), "update failed");
  const replaced = await stack.up(program(2));
  assert.match(replaced.errors[0] ?? "", /unable to replace resource .*::a"\nas it is currently marked for protection/);
  assert.deepEqual(stack.world.names(), ["a"]);
  const kept = await stack.run({ kind: "destroy", excludeProtected: true });
  assert.equal(kept.result, "succeeded");
  assert.deepEqual(stack.world.names(), ["a"]);
  await stack.up(`new Fake("a", { key: 1 });`);
  assert.equal(stack.resource("a").protect, undefined);
});

test("ignored changes, forced replacements, retained and timed resources", async (context) => {
  const stack = await TestStack.create(context);
  const program = (value: number) => `
    new Fake("ignoring", { value: ${value}, list: [{ a: ${value} }, { a: 5 }] }, { ignoreChanges: ["value", "list[*].a"] });
    new Fake("replaced", { value: ${value} }, { replaceOnChanges: ["value"], deleteBeforeReplace: true });
    new Fake("timed", { value: ${value} }, { customTimeouts: { create: "1m30s" } });
    const retained = ${value} === 1 ? new Fake("retained", {}, { retainOnDelete: true }) : undefined;`;
  await stack.up(program(1));
  assert.deepEqual(stack.resource("timed").customTimeouts, { create: 90 });
  stack.world.log.length = 0;
  const second = await stack.up(program(2));
  assert.deepEqual(second.errors, []);
  assert.deepEqual(second.changes, { same: 2, replace: 1, update: 1, delete: 1 });
  assert.deepEqual(stack.world.log.toSorted(), ["create replaced", "delete replaced", "update timed"]);
  assert.deepEqual(stack.resource("ignoring").inputs, { value: 1, list: [{ a: 1 }, { a: 5 }] });
  assert.ok(stack.world.names().includes("retained"));
});

test("targets and excludes leave all else alone", async (context) => {
  const stack = await TestStack.create(context);
  const program = (value: number) => `
    new Fake("a", { value: ${value} });
    new Fake("b", { value: ${value} });
    ${value > 1 ? `const c = new Fake("c"); export const token = c.token;` : ""}`;
  await stack.up(program(1));
  const targeted = await stack.up(program(2), { targets: ["**::a"] });
  assert.deepEqual(targeted.errors, []);
  assert.deepEqual(targeted.changes, { update: 1, same: 3 });
  assert.equal(stack.resource("b").inputs.value, 1);
  const destroyed = await stack.run({ kind: "destroy", targets: ["**::b"] });
  assert.deepEqual(destroyed.changes, { delete: 1, same: 2 });
  const forced = await stack.up(program(2), { replace: ["**::a"], excludes: ["**::b"] });
  assert.deepEqual(forced.changes, { create: 1, replace: 1, same: 2 });
});

test("transforms change resources on their way", async (context) => {
  const stack = await TestStack.create(context);
  const result = await stack.up(`
    pulumi.runtime.registerResourceTransform(({ type, props, opts }) =>
      type === "fake:index:Thing" ? { props: { ...props, stamped: true }, opts: { ...opts, protect: true } } : undefined);
    const group = new pulumi.ComponentResource("fake:index:Group", "group", {}, {
      transforms: [({ props, opts }) => ({ props: { ...props, grouped: true }, opts })],
    });
    const other = new Fake("other", { secret: pulumi.secret("s") });
    new Fake("inner", { value: 1, from: other.token }, { parent: group });`);
  assert.deepEqual(result.errors, []);
  const { inputs, protect, dependencies } = stack.resource("inner");
  assert.deepEqual(inputs, { value: 1, from: "token of other-1", grouped: true, stamped: true });
  assert.equal(protect, true);
  assert.deepEqual(dependencies, [stack.resource("other").urn]);
});

test("refresh takes over what happened outside", async (context) => {
  const stack = await TestStack.create(context);
  const program = `
    const gone = new Fake("gone");
    new Fake("changed", { value: 1, from: gone.token });
    new Fake("same", { value: 1 });`;
  await stack.up(program);
  const id = (name: string) => stack.resource(name).id ?? "";
  stack.world.things.delete(id("gone"));
  stack.world.things.set(id("changed"), { ...stack.world.things.get(id("changed")), value: 9 });
  const refreshed = await stack.run({ kind: "refresh" });
  assert.deepEqual(refreshed.changes, { delete: 1, update: 1, same: 2 });
  assert.equal(stack.resource("changed").inputs.value, 9);
  assert.deepEqual(stack.resource("changed").dependencies, []);
  const repaired = await stack.up(program, { refresh: true });
  assert.deepEqual(stack.world.names(), ["changed", "gone", "same"]);
  assert.equal(repaired.result, "succeeded");
});
