import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { Secret } from "../../../engine/src/values/values.ts";
import { TestStack } from "./harness.ts";

const plugin = path.join(import.meta.dirname, "plugin");

test("a provider served as a plugin process behaves as it does in-process", async (context) => {
  const stack = await TestStack.create(context);
  const options = { providers: {}, providerPaths: { fake: plugin } };
  const program = (value: number, key: number) => `
    const a = new Fake("a", { value: ${value}, key: ${key}, hidden: pulumi.secret("hunter2") });
    export const token = a.token;
    export const echoed = pulumi.output(pulumi.runtime.invoke("fake:index:echo", { value: 1 })).apply((it) => it.value);`;
  const created = await stack.up(program(1, 1), options);
  assert.deepEqual(created.errors, []);
  assert.deepEqual(created.outputs, { token: "token of a-1", echoed: 1 });
  assert.deepEqual(stack.resource("a").outputs.hidden, new Secret("hunter2"));
  const preview = await stack.preview(program(2, 2), options);
  const replace = preview.events.find((event) => event.kind === "resource-pre" && event.metadata.op === "replace");
  assert.ok(replace?.kind === "resource-pre");
  assert.deepEqual(replace.metadata.detailedDiff, {
    value: { kind: "update", inputDiff: true },
    key: { kind: "update-replace", inputDiff: true },
  });
  const unwell = await stack.up(`new Fake("b", { unwell: "create" });`, options);
  assert.deepEqual(unwell.errors, ["not ready yet", "update failed"]);
  assert.deepEqual(stack.resource("b").initErrors, ["not ready yet"]);
  const failed = await stack.up(`new Fake("c", { fail: "create" });`, options);
  assert.deepEqual(failed.errors, ["cannot create c", "update failed"]);
});

test("a provider that runs already is used, and left running", async (context) => {
  const stack = await TestStack.create(context);
  const child = spawn(process.execPath, [path.join(plugin, "pulumi-resource-fake")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  context.after(async () => {
    if (child.exitCode !== null) return;
    child.kill();
    await once(child, "exit");
  });
  const [port] = await once(createInterface({ input: child.stdout }), "line");
  process.env.PULUMI_DEBUG_PROVIDERS = `other:1,fake:${port}`;
  context.after(() => delete process.env.PULUMI_DEBUG_PROVIDERS);
  const result = await stack.up(`new Fake("a");`, { providers: {} });
  assert.deepEqual(result.errors, []);
  assert.equal(stack.resource("a").id, "a-1");
  assert.equal(child.exitCode, null);
});

test("the SDK's dynamic providers work", async (context) => {
  const stack = await TestStack.create(context);
  const program = (length: number) => `
    const provider = {
      async diff(id, olds, news) { return { changes: olds.length !== news.length }; },
      async create(inputs) { return { id: "dynamic-1", outs: { ...inputs, value: "x".repeat(inputs.length) } }; },
      async update(id, olds, news) { return { outs: { ...news, value: "x".repeat(news.length) } }; },
    };
    class Dynamic extends pulumi.dynamic.Resource {
      constructor(name, args) { super(provider, name, { value: undefined, ...args }); }
    }
    export const value = new Dynamic("d", { length: ${length} }).value;`;
  const created = await stack.up(program(2));
  assert.deepEqual(created.errors, []);
  assert.deepEqual(created.outputs, { value: "xx" });
  assert.deepEqual((await stack.up(program(3))).outputs, { value: "xxx" });
  assert.equal((await stack.run({ kind: "destroy" })).result, "succeeded");
});
