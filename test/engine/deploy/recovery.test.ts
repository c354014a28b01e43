import assert from "node:assert/strict";
import { test } from "node:test";
import type { PendingOperation, ResourceState } from "../../../engine/src/deploy/types.ts";
import { InitError } from "../../../engine/src/plugin/contract.ts";
import { FakeProvider } from "./fake-provider.ts";
import { TestStack } from "./harness.ts";
import { type InlineMonitor, InlineServer } from "./inline.ts";

/** A stack with the resource a, and what one run of a program that registers \`inputs\` for it does. */
async function prepare(context: Parameters<typeof TestStack.create>[0]) {
  const server = await InlineServer.start();
  context.after(() => server[Symbol.asyncDispose]());
  const stack = await TestStack.create(context);
  const run = async (value?: number, dryRun = false) => {
    server.program = async (monitor: InlineMonitor) => {
      const { urn } = await monitor.register({ type: "pulumi:pulumi:Stack", name: "project-test" });
      if (value !== undefined) await monitor.register({ name: "a", parent: urn, inputs: { value } });
    };
    return stack.run({ program: { languageServer: server.address }, dryRun });
  };
  await run(1);
  stack.world.log.length = 0;
  const pend = (type: PendingOperation["type"], changes: Partial<ResourceState> = {}) => {
    const resource = { ...stack.resource("a"), ...changes };
    stack.state = { ...stack.state, pendingOperations: [{ type, resource }] };
  };
  /** As if the create had come to its end without being saved. */
  const forget = () => {
    stack.state = { ...stack.state, resources: stack.state.resources.filter(({ urn }) => !urn.endsWith("::a")) };
  };
  return { stack, run, pend, forget };
}

test("what an interrupted create made is adopted", async (context) => {
  const { stack, run, pend, forget } = await prepare(context);
  pend("creating", { id: undefined, outputs: {} });
  forget();
  const preview = await run(1, true);
  assert.deepEqual(preview.changes, { same: 2 });
  assert.equal(preview.saved.length, 0);
  const result = await run(1);
  assert.deepEqual(result.changes, { same: 2 });
  assert.deepEqual(stack.world.log, []);
  assert.equal(stack.resource("a").id, "a-1");
  assert.deepEqual(result.saved[0]?.pendingOperations, []);
});

test("what an interrupted create made is deleted when it is not wanted any more", async (context) => {
  const { stack, run, pend, forget } = await prepare(context);
  pend("creating", { id: undefined, outputs: {} });
  forget();
  assert.deepEqual((await run()).changes, { delete: 1, same: 1 });
  assert.deepEqual(stack.world.names(), []);
});

test("an interrupted create that made nothing is forgotten, one that was not finished is updated", async (context) => {
  const { stack, run, pend, forget } = await prepare(context);
  pend("creating", { id: undefined, outputs: {} });
  forget();
  stack.world.things.clear();
  assert.deepEqual((await run(1)).changes, { create: 1, same: 1 });

  class Unfinished extends FakeProvider {
    override async recover(): Promise<never> {
      throw new InitError(stack.resource("a").id ?? "", {}, ["was not started"]);
    }
  }
  stack.providers.fake = () => new Unfinished(stack.world);
  const id = stack.resource("a").id ?? "";
  pend("creating", { id: undefined, outputs: {} });
  stack.state = {
    ...stack.state,
    resources: stack.state.resources.map((s) => (s.id === id ? { ...s, id: "before" } : s)),
  };
  stack.world.things.set("before", { name: "a" });
  class Finished extends FakeProvider {
    override async recover(): Promise<never> {
      throw new InitError(id, {}, ["was not started"]);
    }
  }
  stack.providers.fake = () => new Finished(stack.world);
  assert.deepEqual((await run(1)).changes, { update: 1, same: 1 });
  assert.deepEqual([...stack.world.things.keys()], [id], "the old one was deleted");
});

test("an interrupted create that cannot be looked into stops everything with one line", async (context) => {
  const { stack, run, pend, forget } = await prepare(context);
  pend("creating", { id: undefined, outputs: {} });
  forget();
  class Unreachable extends FakeProvider {
    override async recover(): Promise<never> {
      throw new Error("nobody answers");
    }
  }
  stack.providers.fake = () => new Unreachable(stack.world);
  const result = await run(1);
  assert.equal(result.result, "failed");
  assert.match(result.errors[0] ?? "", /cannot find out whether an interrupted operation made .*::a: nobody answers/);
  assert.equal(stack.state.pendingOperations.length, 1);
  const cleared = await stack.run({ kind: "refresh", clearPendingCreates: true });
  assert.deepEqual(cleared.snapshot.pendingOperations, []);
});

test("an interrupted create that its provider cannot look for is kept, and told until it is cleared", async (context) => {
  const { stack, run, pend, forget } = await prepare(context);
  class Mute extends FakeProvider {
    override readonly recover = undefined as never;
  }
  stack.providers.fake = () => new Mute(stack.world);
  pend("creating", { id: undefined, outputs: {} });
  forget();
  for (const changes of [{ create: 1, same: 1 }, { same: 2 }]) {
    const result = await run(1);
    assert.deepEqual(result.changes, changes);
    const warnings = result.events.filter((event) => event.kind === "diagnostic" && event.severity === "warning");
    assert.match(JSON.stringify(warnings), /with 1 pending operations .*::a, interrupted while creating/);
    assert.deepEqual(
      stack.state.pendingOperations.map(({ type }) => type),
      ["creating"],
    );
  }
  // Its provider may have gone by then.
  assert.deepEqual((await stack.destroy()).errors, []);
  assert.deepEqual((await run(1)).changes, { create: 2 });
  assert.equal(stack.state.pendingOperations.length, 1);
  await stack.run({ kind: "refresh", clearPendingCreates: true });
  assert.deepEqual(stack.state.pendingOperations, []);
});

test("an interrupted update that was to rename the resource is found under its name of before", async (context) => {
  const { stack, run, pend } = await prepare(context);
  pend("updating", { urn: stack.resource("a").urn.replace(/a$/, "b"), inputs: { value: 2 }, outputs: {} });
  stack.world.things.set("a-1", { name: "a", value: 2 });
  assert.deepEqual((await run(2)).changes, { same: 2 });
});

test("an interrupted update is done again unless it was done", async (context) => {
  const { stack, run, pend } = await prepare(context);
  pend("updating", { id: undefined, inputs: { value: 2 }, outputs: {} });
  assert.deepEqual((await run(1)).changes, { update: 1, same: 1 }, "even if the edit was taken back");
  stack.world.things.set("a-1", { name: "a", value: 2 });
  pend("updating", { id: undefined, inputs: { value: 2 }, outputs: {} });
  assert.deepEqual((await run(2)).changes, { same: 2 });
});

test("an interrupted update that was done leaves a resource to its own delete, if it says so", async (context) => {
  const { stack, pend } = await prepare(context);
  const { urn } = stack.resource("project-test");
  const owned = stack.state.resources.map((state) => (state.id === "a-1" ? { ...state, deletedWith: urn } : state));
  stack.state = { ...stack.state, resources: owned };
  pend("updating", { deletedWith: undefined, inputs: { value: 2 } });
  stack.world.things.set("a-1", { name: "a", value: 2 });
  assert.deepEqual((await stack.destroy()).errors, []);
  assert.deepEqual(stack.world.names(), []);
});

test("an interrupted delete is looked at", async (context) => {
  const { stack, run, pend } = await prepare(context);
  pend("deleting");
  assert.deepEqual((await run(1)).changes, { same: 2 });
  pend("deleting");
  stack.world.things.clear();
  assert.deepEqual((await run(1)).changes, { create: 1, same: 1 });
});

test("an interrupted delete that cannot be looked at now is looked at by the next deployment, or done by it", async (context) => {
  const { stack, run, pend } = await prepare(context);
  pend("deleting");
  stack.world.things.clear();
  stack.world.fail("read", "a", "no answer");
  const { result, changes, events } = await run(1);
  assert.deepEqual([result, changes], ["succeeded", { same: 2 }]);
  assert.ok(events.some((event) => event.kind === "diagnostic" && /no answer/.test(event.message)));
  assert.deepEqual(
    stack.state.pendingOperations.map(({ type }) => type),
    ["deleting"],
  );
  stack.world.heal();
  assert.deepEqual((await run(1)).changes, { create: 1, same: 1 });
  assert.deepEqual([stack.world.names(), stack.state.pendingOperations], [["a"], []]);

  pend("deleting");
  stack.world.fail("read", "a", "no answer");
  assert.deepEqual((await run()).changes, { delete: 1, same: 1 });
  assert.deepEqual([stack.world.names(), stack.state.pendingOperations], [[], []]);
});

test("what a create is found to have made is not taken twice: it may be the state's by another URN", async (context) => {
  const { stack, run, pend } = await prepare(context);
  const moved = stack.resource("a").urn.replace("fake:index:Thing", "fake:index:Group$fake:index:Thing");
  pend("creating", { id: undefined, outputs: {}, urn: moved });
  assert.deepEqual((await run(1)).changes, { same: 2 });
  assert.deepEqual([stack.world.names(), stack.world.log], [["a"], []]);
  assert.equal(stack.state.resources.filter(({ id }) => id === "a-1").length, 1);
});
