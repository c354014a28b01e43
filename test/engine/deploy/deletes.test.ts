import assert from "node:assert/strict";
import { test } from "node:test";
import { contradictionIn } from "../../../engine/src/state/integrity.ts";
import { TestStack } from "./harness.ts";

test("what used a resource goes before it, even if that was replaced under another name", async (context) => {
  const stack = await TestStack.create(context);
  await stack.up('const a = new Fake("a", { key: 1 }); const b = new Fake("b", {}, { dependsOn: a });');
  stack.world.fail("delete", "b", "it is in use");
  const program = 'new Fake("renamed", { key: 2 }, { aliases: [{ name: "a" }] });';
  assert.deepEqual((await stack.up(program)).errors, ["it is in use", "update failed"]);
  assert.deepEqual(stack.world.names(), ["a", "b", "renamed"]);
  stack.world.heal();
  assert.deepEqual((await stack.up(program)).errors, []);
  assert.deepEqual(stack.world.names(), ["renamed"]);
});

test("a deployment that did not come to its deletes leaves their order to the next", async (context) => {
  const stack = await TestStack.create(context);
  await stack.up('const a = new Fake("a", { key: 1 }); new Fake("b", {}, { dependsOn: a });');
  stack.world.fail("create", "c", "not yet");
  await stack.up(`
    const renamed = new Fake("renamed", { key: 2 }, { aliases: [{ name: "a" }] });
    new Fake("c", {}, { dependsOn: renamed });`);
  stack.world.fail("delete", "b", "it is in use");
  await stack.up("");
  assert.deepEqual(stack.world.names().slice(0, 2), ["a", "b"]);
  stack.world.heal();
  assert.deepEqual((await stack.up("")).errors, []);
  assert.deepEqual(stack.world.names(), []);
});

test("a destroy that runs its program deletes what was replaced after what may still use it", async (context) => {
  const stack = await TestStack.create(context);
  const program = (key: number) =>
    `const a = new Fake("a", { key: ${key} }); new Fake("b", { value: ${key} }, { dependsOn: a });`;
  await stack.up(program(1));
  stack.world.fail("update", "b", "not now");
  await stack.up(program(2));
  stack.world.heal();
  stack.world.log.length = 0;
  const same = { entry: ".", directory: stack.directory, nodeArgs: [], typescript: false };
  assert.deepEqual((await stack.destroy({ runProgram: true, program: same })).errors, []);
  assert.equal(stack.world.log[0], "delete b");
  assert.deepEqual(stack.world.names(), []);
});

test("what is deleted with another stays in the state until that is gone", async (context) => {
  const stack = await TestStack.create(context);
  const program = (protect: boolean) => `
    const group = new Group("group");
    const a = new Fake("a", {}, { protect: ${protect} });
    const b = new Fake("b", {}, { deletedWith: a, parent: group, dependsOn: group });
    new Fake("c", {}, { deletedWith: b });`;
  await stack.up(program(true));
  stack.world.log.length = 0;
  const refused = await stack.destroy();
  assert.match(refused.errors[0] ?? "", /::a" cannot be deleted\nbecause it is protected/);
  for (const { resources } of refused.saved) assert.equal(contradictionIn(resources), undefined);
  assert.deepEqual([stack.resource("b").id, stack.resource("c").id], ["b-2", "c-3"]);
  await stack.up(program(false));
  const destroyed = await stack.destroy();
  assert.deepEqual(destroyed.errors, []);
  for (const { resources } of destroyed.saved) assert.equal(contradictionIn(resources), undefined);
  assert.deepEqual(stack.world.log, ["delete a"]);
  assert.deepEqual(stack.state.resources, []);
});

test("a provider that needs what takes its resource along does not wait for that", async (context) => {
  const stack = await TestStack.create(context);
  await stack.up(`
    const a = new Fake("a");
    const account = new FakeAccount("account", {}, { dependsOn: a });
    new Fake("b", {}, { deletedWith: a, provider: account });`);
  stack.world.log.length = 0;
  assert.deepEqual((await stack.destroy()).errors, []);
  assert.deepEqual([stack.world.log, stack.state.resources], [["delete a"], []]);
});
