/** The kit itself, where the engine's other tests do not use it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { SimulatedProvider, TestStack, Unknown } from "../../../engine/src/testing/index.ts";

class Thing extends pulumi.CustomResource {
  declare readonly address: pulumi.Output<string>;
  constructor(name: string, args: pulumi.Inputs = {}, options?: pulumi.CustomResourceOptions) {
    super("shop:index:Thing", name, { address: undefined, ...args }, options);
  }
}

const packages = {
  shop: {
    "shop:index:Thing": {
      replaceOn: ["size"],
      deleteFirstOn: ["port"],
      outputs: ({ id }: { id: string }) => ({ address: `10.0.0.1/${id}` }),
      check: ({ size }: { size?: unknown }) => (size === "huge" ? [{ property: "size", reason: "is too much" }] : []),
    },
  },
};

const newStack = () => new TestStack({ packages });

test("rules say what is replaced, what goes first, what is put out and what is refused", async () => {
  const stack = newStack();
  const program = (inputs: pulumi.Inputs) => () => ({ address: new Thing("a", inputs).address });
  const preview = await stack.preview(program({ size: 1, port: 80 }));
  assert.deepEqual(preview.outputs, { address: Unknown.value });
  const made = await stack.up(program({ size: 1, port: 80 }));
  assert.deepEqual(made.outputs, { address: "10.0.0.1/a-1" });
  await stack.up(program({ size: 2, port: 80 }));
  await stack.up(program({ size: 2, port: 81 }));
  await stack.up(program({ size: 2, port: 81, note: "x" }));
  const log = ["create a", "create a", "delete a", "delete a", "create a", "update a"];
  assert.deepEqual(stack.world.log, log);
  const refused = await stack.up(program({ size: "huge" }));
  assert.match(refused.errors[0] ?? "", /is too much/);
});

test("what vanished is found out by a refresh, and what changed too", async () => {
  const stack = newStack();
  await stack.up(() => void [new Thing("a", { note: "x" }), new Thing("b")]);
  stack.world.things.delete(stack.resource("b").id ?? "");
  stack.world.things.set(stack.resource("a").id ?? "", { name: "a", note: "edited by hand" });
  const { changes, steps } = await stack.refresh();
  assert.deepEqual(changes, { delete: 1, update: 1, same: 1 });
  assert.ok(steps.includes("delete b"));
  assert.equal(stack.resource("a").outputs.note, "edited by hand");
});

test("a state that cannot be saved ends the run, and what was saved before counts", async () => {
  const stack = newStack();
  let room = 3;
  stack.save = async () => {
    if (room-- <= 0) throw new Error("no space left on device");
  };
  const program = () => void [new Thing("a"), new Thing("b"), new Thing("c")];
  const failed = await stack.up(program);
  assert.deepEqual(failed.errors, ["no space left on device", "update failed"]);
  assert.equal(stack.state, failed.saved.at(-1));
  stack.save = async () => {};
  assert.deepEqual((await stack.up(program)).errors, []);
  assert.deepEqual(stack.world.names(), ["a", "b", "c"], "nothing is there twice");
});

test("a run that does not come to where it is to be killed is a mistake of the test", async () => {
  const stack = newStack();
  const killAt = { moment: "before", operation: "create", name: "b" } as const;
  const run = stack.up(() => void new Thing("a"), { killAt });
  await assert.rejects(run, /was to be killed before create b, and ended without that/);
  assert.deepEqual((await stack.up(() => void [new Thing("a"), new Thing("b")])).changes, { create: 1, same: 2 });
});

test("a package may be one that cannot find what an interrupted create has made", async () => {
  const stack = new TestStack({ packages, withoutRecover: Object.keys(packages) });
  const program = () => void new Thing("a");
  await stack.up(program, { killAt: { moment: "after", operation: "create", name: "a" } });
  const { events } = await stack.up(program);
  assert.equal(stack.state.pendingOperations.length, 1);
  assert.deepEqual(stack.world.names(), ["a", "a"], "nobody can know of the first");
  const warned = events.some((event) => event.kind === "diagnostic" && /1 pending operations/.test(event.message));
  assert.ok(warned, "which is told");
});

test("reads can fail, too", async () => {
  const stack = newStack();
  await stack.up(() => void new Thing("a"));
  stack.world.fail("read", "a", "no answer");
  assert.deepEqual((await stack.refresh()).errors, ["no answer", "refresh failed"]);
  stack.world.heal();
  assert.deepEqual((await stack.refresh()).errors, []);
});

test("functions are answered, real providers stand beside simulated ones, and other stacks have outputs", async () => {
  const stack = new TestStack({ packages, stack: "mine", project: "shop" });
  const answers = { "clock:index:now": ({ zone }: { zone?: unknown }) => ({ time: `noon in ${zone}` }) };
  stack.providers.clock = () => new SimulatedProvider(stack.world, "clock", {}, answers);
  stack.stacks.network = { range: "10.0.0.0/8" };
  const { outputs, errors } = await stack.up(
    async () => {
      const { time } = await pulumi.runtime.invoke("clock:index:now", { zone: "Rome" });
      const range = new pulumi.StackReference("network").getOutput("range");
      return { time, range, address: new Thing("a").address, size: new pulumi.Config().require("size") };
    },
    { config: { "shop:size": "2" } },
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(outputs, { time: "noon in Rome", range: "10.0.0.0/8", address: "10.0.0.1/a-1", size: "2" });
});

test("events are told as they come, and a run that is cancelled begins nothing new", async () => {
  const stack = newStack();
  const cancel = new AbortController();
  const kinds = new Set<string>();
  const { result } = await stack.up(
    () => {
      const a = new Thing("a");
      new Thing("b", { near: a.address });
    },
    {
      signal: cancel.signal,
      onEvent: (event) => {
        kinds.add(event.kind);
        if (event.kind === "resource-pre" && event.metadata.urn.endsWith("::a")) cancel.abort();
      },
    },
  );
  assert.equal(result, "canceled");
  assert.ok(kinds.has("resource-outputs"));
  assert.deepEqual(stack.world.names(), ["a"]);
});
