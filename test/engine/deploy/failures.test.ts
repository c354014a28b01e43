import assert from "node:assert/strict";
import { test } from "node:test";
import { TestStack } from "./harness.ts";

test("a failed step stops what depends on it, deletes nothing and keeps the rest", async (context) => {
  const stack = await TestStack.create(context);
  await stack.up(`new Fake("old"); new Fake("kept", { value: 1 }); export const x = 1;`);
  const failed = await stack.up(`
    new Fake("kept", { value: 1 });
    const bad = new Fake("bad", { fail: "create" });
    new Fake("after", { from: bad.token });
    export const x = 2;`);
  assert.equal(failed.result, "failed");
  assert.deepEqual(failed.errors, ["cannot create bad", "update failed"]);
  assert.deepEqual(stack.world.names(), ["kept", "old"]);
  assert.ok(failed.events.some((event) => event.kind === "resource-failed" && event.metadata.urn.endsWith("::bad")));
  assert.deepEqual(stack.state.pendingOperations, []);
  const repaired = await stack.up(`new Fake("kept", { value: 1 }); new Fake("bad"); export const x = 3;`);
  assert.deepEqual(repaired.changes, { create: 1, delete: 1, same: 2 });
});

test("a resource that was made but is not well is kept and tried again", async (context) => {
  const stack = await TestStack.create(context);
  const first = await stack.up(`new Fake("a", { unwell: "create", value: 1 });`);
  assert.deepEqual(first.errors, ["not ready yet", "update failed"]);
  assert.deepEqual(stack.resource("a").initErrors, ["not ready yet"]);
  const second = await stack.up(`new Fake("a", { unwell: "create", value: 1 });`);
  assert.deepEqual(second.changes, { update: 1, same: 1 });
  assert.equal(stack.resource("a").initErrors, undefined);
  await stack.up(`new Fake("a", { unwell: "update", value: 2 });`);
  assert.equal(stack.resource("a").inputs.value, 1, "a partial update keeps the old inputs");
});

test("refused inputs, unknown packages and programs that throw are told in one line", async (context) => {
  const stack = await TestStack.create(context);
  const refused = await stack.up(`new Fake("a", { bad: "x" });`);
  assert.deepEqual(refused.errors, [
    "fake:index:Thing resource 'a': property bad value {x} has a problem: is bad",
    "update failed",
  ]);
  const unknown = await stack.up(`new pulumi.CustomResource("nowhere:index:Thing", "a", {});`);
  assert.match(unknown.errors[0] ?? "", /there is no provider for the package "nowhere"/);
  const thrown = await stack.up(`new Fake("a"); throw new Error("the program is wrong");`);
  assert.equal(thrown.result, "failed");
  assert.match(thrown.errors.join("\n"), /the program is wrong/);
  const duplicate = await stack.up(`new Fake("a"); new Fake("a");`);
  assert.match(duplicate.errors[0] ?? "", /Duplicate resource URN/);
});

test("an update that was cancelled lets running steps finish and begins no other", async (context) => {
  const stack = await TestStack.create(context);
  const cancel = new AbortController();
  stack.world.interrupt = () => cancel.abort();
  const result = await stack.up(
    `const a = new Fake("a");
     new Fake("b", { from: a.token });
     setTimeout(() => {}, 60_000);`,
    { signal: cancel.signal },
  );
  assert.equal(result.result, "canceled");
  assert.deepEqual(result.errors, ["update canceled"]);
  assert.deepEqual(stack.world.names(), ["a"]);
  assert.equal(stack.resource("a").id, "a-1");
});

test("with continue-on-error what does not depend on a failure goes on", async (context) => {
  const stack = await TestStack.create(context);
  const result = await stack.up(
    `const bad = new Fake("bad", { fail: "create" });
     new Fake("after", { from: bad.token });
     new Fake("other");`,
    { continueOnError: true },
  );
  assert.equal(result.result, "failed");
  assert.ok(stack.world.names().includes("other"));
});

test("a delete that fails keeps the resource and what it needs", async (context) => {
  const stack = await TestStack.create(context);
  await stack.up(`
    const a = new Fake("a");
    new Fake("b", { from: a.token, fail: "delete" });
    new Fake("c");`);
  const destroyed = await stack.run({ kind: "destroy" });
  assert.equal(destroyed.result, "failed");
  assert.deepEqual(destroyed.errors, ["cannot delete b", "destroy failed"]);
  assert.ok(stack.world.names().includes("a"));
  assert.ok(stack.resource("b").id);
});

test("a program that needs what the engine has not is told so once, and ends", async (context) => {
  const stack = await TestStack.create(context);
  const programs = {
    "methods of resources": `export const answer = pulumi.runtime.call("fake:index:Thing/ask", {}, new Fake("a"));`,
  };
  for (const [what, program] of Object.entries(programs)) {
    const { result, errors } = await stack.up(program);
    assert.equal(result, "failed");
    const message = `${what} are not supported by the embedded engine; with a real Pulumi CLI on the PATH they are`;
    assert.deepEqual(errors, [message, "update failed"]);
  }
});
