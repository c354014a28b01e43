import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResourceState } from "../../../engine/src/deploy/types.ts";
import { Secret } from "../../../engine/src/values/values.ts";
import { TestStack } from "./harness.ts";

/** Everything in a state that stands there in clear. */
function clearText(states: readonly ResourceState[]): string {
  return JSON.stringify(states, (_, value) => (value instanceof Secret ? "[secret]" : value));
}

test("secrets are wrapped wherever they appear in the state", async (context) => {
  const stack = await TestStack.create(context);
  const result = await stack.up(
    `const config = new pulumi.Config();
     const a = new Fake("a", { password: pulumi.secret("hunter2"), nested: { env: [pulumi.secret("hunter2"), "x"] } });
     const b = new Fake("b", { from: a.password }, { additionalSecretOutputs: ["token"] });
     new Fake("c", { key: config.requireSecret("key") });
     export const password = a.password;
     export const token = b.token;`,
    { config: { "project:key": { value: "hunter2", secret: true }, "fake:token": { value: "hunter2", secret: true } } },
  );
  assert.deepEqual(result.errors, []);
  assert.doesNotMatch(clearText(stack.state.resources), /hunter2/);
  assert.ok(stack.resource("b").outputs.token instanceof Secret);
  assert.ok(result.outputs?.token instanceof Secret);
  const { id = "" } = stack.resource("a");
  assert.equal(stack.world.things.get(id)?.password, "hunter2", "providers see bare values");
  assert.deepEqual(stack.world.configs, [{ token: "hunter2" }]);
  for (const snapshot of result.saved) {
    assert.doesNotMatch(clearText(snapshot.resources), /hunter2/);
    assert.doesNotMatch(clearText(snapshot.pendingOperations.map(({ resource }) => resource)), /hunter2/);
  }
  const same = await stack.up(
    `new Fake("a", { password: pulumi.secret("hunter2"), nested: { env: ["hunter2", "x"] } });`,
    { config: { "fake:token": { value: "hunter2", secret: true } } },
  );
  assert.deepEqual(same.changes, { delete: 2, same: 2 });
});

test("what becomes a secret without changing is one from then on, its outputs too", async (context) => {
  const stack = await TestStack.create(context);
  await stack.up('new Fake("a", { value: "hush" });');
  const { changes } = await stack.up(
    'new Fake("a", { value: pulumi.secret("hush") }, { additionalSecretOutputs: ["token"] });',
  );
  assert.deepEqual(changes, { same: 2 });
  const { value, token } = stack.resource("a").outputs;
  assert.deepEqual([value, token], [new Secret("hush"), new Secret("token of a-1")]);
});

test("a preview knows nothing that does not exist yet, and changes nothing", async (context) => {
  const stack = await TestStack.create(context);
  const program = `
    const a = new Fake("a", { value: 1 });
    const b = new Fake("b", { from: a.token });
    const account = new FakeAccount("account", { account: a.token });
    new Fake("c", { value: 1 }, { provider: account });
    export const id = b.id;`;
  const preview = await stack.preview(program);
  assert.deepEqual(preview.errors, []);
  assert.deepEqual(preview.changes, { create: 5 });
  assert.deepEqual(stack.world.log, []);
  assert.equal(preview.saved.length, 0);
  await stack.up(program);
  const update = await stack.preview(program.replace("value: 1 });", "value: 2 });"));
  assert.deepEqual(update.errors, []);
  assert.equal(
    update.changes.update,
    4,
    "a, b and the provider, which take an output of it, and what the provider manages",
  );
});

test("a provider's configuration decides about its resources", async (context) => {
  const stack = await TestStack.create(context);
  const program = (account: string, region: string) => `
    const account = new FakeAccount("account", { account: "${account}", region: "${region}" });
    const group = new pulumi.ComponentResource("fake:index:Group", "group", {}, { providers: [account] });
    new Fake("own", { value: 1 }, { provider: account });
    new Fake("inherited", { value: 1 }, { parent: group });
    new Fake("plain", { value: 1 });`;
  await stack.up(program("one", "x"));
  const reference = `${stack.resource("account").urn}::${stack.resource("account").id}`;
  assert.equal(stack.resource("own").provider, reference);
  assert.equal(stack.resource("inherited").provider, reference);
  assert.match(stack.resource("plain").provider ?? "", /::default::/);
  const updated = await stack.up(program("one", "y"));
  assert.deepEqual(updated.changes, { update: 1, same: 5 });
  stack.world.log.length = 0;
  const replaced = await stack.up(program("two", "y"));
  assert.deepEqual(replaced.errors, []);
  assert.deepEqual(replaced.changes, { replace: 3, same: 3 });
  assert.deepEqual(stack.world.log.toSorted(), ["create inherited", "create own", "delete inherited", "delete own"]);
});

test("a stack refers to another's outputs, and calls functions", async (context) => {
  const stack = await TestStack.create(context);
  stack.stacks = { "organization/project/other": { plain: "p", hidden: new Secret("hunter2") } };
  const program = `
    const other = new pulumi.StackReference("organization/project/other");
    new Fake("a", { plain: other.getOutput("plain"), hidden: other.getOutput("hidden") });
    export const echoed = pulumi.output(pulumi.runtime.invoke("fake:index:echo", { value: 1 })).apply((it) => it.value);`;
  const result = await stack.up(program);
  assert.deepEqual(result.errors, []);
  assert.deepEqual(result.outputs, { echoed: 1 });
  assert.equal(stack.world.things.get("a-1")?.hidden, "hunter2");
  assert.equal(stack.world.things.get("a-1")?.plain, "p");
  assert.doesNotMatch(clearText(stack.state.resources), /hunter2/);
  assert.deepEqual((await stack.up(program)).changes, { same: 2 });
  const missing = await stack.up(`new pulumi.StackReference("nowhere");`);
  assert.equal(missing.errors[0], 'the stack "nowhere", which this program refers to, does not exist');
});

test("what the SDK loads only when it is used is there when it is", async (context) => {
  const stack = await TestStack.create(context);
  const { result, outputs, errors } = await stack.up(`
    const { automation, runtime } = pulumi;
    export const exported = Object.keys(automation).includes("LocalWorkspace");
    export const known = new automation.StackNotFoundError({ toString: () => "" }) instanceof automation.CommandError;
    export const closure = (await runtime.serializeFunction(() => 42)).text.includes("42");
    export const paths = (await runtime.computeCodePaths()) instanceof Map;
    const { tracing } = await import("@pulumi/pulumi/cmd/run/tracing.js").then((module) => ({ tracing: module.default }));
    export const span = typeof tracing.newSpan("test").end;
  `);
  assert.deepEqual(errors, []);
  assert.equal(result, "succeeded");
  assert.deepEqual(outputs, { exported: true, known: true, closure: true, paths: true, span: "function" });
});
