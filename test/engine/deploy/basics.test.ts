import assert from "node:assert/strict";
import { test } from "node:test";
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

  const same = await stack.up(program(1));
  assert.deepEqual(same.changes, { same: 3 });
  assert.equal(same.saved.length, 0);

  const updated = await stack.up(program(2));
  assert.deepEqual(updated.changes, { update: 1, same: 2 });
  assert.equal(stack.resource("a").inputs.value, 2);

  const deleted = await stack.up(`new Fake("a", { value: 2 });`);
  assert.deepEqual(deleted.changes, { delete: 1, same: 2 });
  assert.deepEqual(stack.world.names(), ["a"]);
});
