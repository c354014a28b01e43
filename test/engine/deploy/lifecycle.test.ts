import assert from "node:assert/strict";
import { test } from "node:test";
import { contradictionIn } from "../../../engine/src/state/integrity.ts";
import { TestStack } from "./harness.ts";

test("resources are created, kept, updated and deleted", async (context) => {
  const stack = await TestStack.create(context);
  const program = (value: number) => `
    const a = new Fake("a", { value: ${value} });
    new Fake("b", { from: a.token });
    export const token = a.token;`;
  const created = await stack.up(program(1));
  assert.deepEqual(created.errors, []);
  assert.equal(created.result, "succeeded");
  assert.deepEqual(created.changes, { create: 3 });
  assert.deepEqual(created.outputs, { token: "token of a-1" });
  assert.deepEqual(stack.world.names(), ["a", "b"]);
  assert.deepEqual(stack.resource("b").dependencies, [stack.resource("a").urn]);

  const same = await stack.up(program(1));
  assert.deepEqual(same.changes, { same: 3 });
  assert.equal(same.saved.length, 0, "nothing changed, so nothing was written");

  const updated = await stack.up(program(2));
  assert.deepEqual(updated.changes, { update: 1, same: 2 });
  assert.equal(stack.resource("a").inputs.value, 2);

  const deleted = await stack.up(`new Fake("a", { value: 2 });`);
  assert.deepEqual(deleted.changes, { delete: 1, same: 2 });
  assert.deepEqual(stack.world.names(), ["a"]);

  const destroyed = await stack.run({ kind: "destroy" });
  assert.deepEqual(destroyed.changes, { delete: 2 });
  assert.deepEqual(stack.state.resources, []);
  assert.deepEqual(stack.world.names(), []);
});

test("a replacement is made before the old resource is deleted", async (context) => {
  const stack = await TestStack.create(context);
  const program = (key: number) => `
    const a = new Fake("a", { key: ${key} });
    new Fake("b", { from: a.token });`;
  await stack.up(program(1));
  stack.world.log.length = 0;
  const preview = await stack.preview(program(2));
  assert.deepEqual(preview.changes, { replace: 1, update: 1, same: 1 });
  assert.deepEqual(stack.world.log, []);
  const replaced = await stack.up(program(2));
  assert.deepEqual(stack.world.log, ["create a", "update b", "delete a"]);
  assert.deepEqual(replaced.changes, { replace: 1, update: 1, same: 1 });
  assert.deepEqual(replaced.steps, [
    "same default",
    "create-replacement a",
    "replace a",
    "update b",
    "delete-replaced a",
    "same project-test",
  ]);
  assert.ok(
    replaced.saved.some(({ resources }) => resources.some((state) => state.delete && state.urn.endsWith("::a"))),
  );
});

test("what must be deleted first takes along the dependents that cannot stay without it", async (context) => {
  const stack = await TestStack.create(context);
  const program = (slot: number) => `
    const a = new Fake("a", { slot: ${slot} });
    const b = new Fake("b", { key: a.token });
    const c = new Fake("c", { value: b.token });
    new Fake("d", { value: 1 }, { dependsOn: [b] });`;
  await stack.up(program(1));
  stack.world.log.length = 0;
  const replaced = await stack.up(program(2));
  assert.deepEqual(replaced.errors, []);
  assert.deepEqual(stack.world.log, ["delete b", "delete a", "create a", "create b", "update c"]);
  assert.deepEqual(replaced.changes, { replace: 2, update: 1, same: 2 });
  assert.deepEqual(stack.world.names(), ["a", "b", "c", "d"]);
  assert.ok(stack.state.resources.every((state) => !state.pendingReplacement && !state.delete));
});

test("deletes follow the dependency graph backwards", async (context) => {
  const stack = await TestStack.create(context);
  await stack.up(`
    const a = new Fake("a");
    const b = new Fake("b", { from: a.token });
    const c = new Fake("c", {}, { dependsOn: [b] });
    const group = new Group("group");
    new Fake("d", {}, { parent: group, deletedWith: a });`);
  stack.world.log.length = 0;
  await stack.up("");
  assert.deepEqual(
    stack.world.log.filter((line) => !line.endsWith(" d")),
    ["delete c", "delete b", "delete a"],
  );
  assert.ok(!stack.world.log.includes("delete d"), "it goes with a");
});

test("components have outputs, children and aliases", async (context) => {
  const stack = await TestStack.create(context);
  await stack.up(`
    const group = new Group("old");
    const child = new Fake("old-child", { value: 1 }, { parent: group });
    group.registerOutputs({ token: child.token });
    new Fake("plain", { value: 1 });
    new Fake("outside", { value: 1 });`);
  assert.deepEqual(stack.resource("old").outputs, { token: stack.resource("old-child").outputs.token });
  assert.match(stack.resource("old-child").urn, /fake:index:Group\$fake:index:Thing::old-child$/);
  const renamed = await stack.up(`
    const group = new Group("new", { aliases: [{ name: "old" }] });
    new Fake("new-child", { value: 1 }, { parent: group });
    new Fake("other", { value: 1 }, { aliases: [{ name: "plain" }] });
    new Fake("outside", { value: 1 }, { parent: group, aliases: [{ parent: pulumi.rootStackResource }] });`);
  assert.deepEqual(renamed.errors, []);
  assert.deepEqual(renamed.changes, { same: 5 });
  assert.equal(stack.state.resources.length, 6);
  assert.equal(stack.resource("new-child").parent, stack.resource("new").urn);
});

test("until a renamed resource is dealt with, what needs it refers to its name of before", async (context) => {
  const stack = await TestStack.create(context);
  await stack.up('const a = new Fake("a", { value: 1 }); new Fake("b", {}, { parent: a });');
  const { saved, errors } = await stack.up(
    'const a = new Fake("c", { value: 2 }, { aliases: [{ name: "a" }] }); new Fake("b", {}, { parent: a });',
  );
  assert.deepEqual(errors, []);
  for (const { resources } of saved) assert.equal(contradictionIn(resources), undefined);
});

test("a resource that exists is imported, and one that is another's is read", async (context) => {
  const stack = await TestStack.create(context);
  stack.world.things.set("found", { name: "found", value: 1 });
  stack.world.things.set("theirs", { name: "theirs", value: 7 });
  const program = `
    new Fake("mine", { name: "found", value: 2 }, { import: "found" });
    const theirs = new Fake("theirs", {}, { id: "theirs" });
    export const token = theirs.token;`;
  const first = await stack.up(program);
  assert.deepEqual(first.errors, []);
  assert.deepEqual(first.outputs, { token: "token of theirs" });
  assert.deepEqual(first.changes, { create: 1, import: 1, update: 1 });
});
