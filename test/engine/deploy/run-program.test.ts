/** `--run-program`: what is refreshed or destroyed is so by the providers that the program configures now. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PropertyMap } from "../../../engine/src/values/values.ts";
import { FakeProvider } from "./fake-provider.ts";
import { TestStack } from "./harness.ts";

const program = (password: string, more = "") => `
  const account = new FakeAccount("account", { account: "one", password: ${JSON.stringify(password)} });
  const group = new Group("group");
  const a = new Fake("a", { value: 1 }, { provider: account, parent: group });
  export const token = a.token;
  ${more}`;

test("destroy runs the program for its providers, makes nothing new and deletes everything", async (context) => {
  const stack = await TestStack.create(context);
  await stack.up(program("old", 'new Fake("gone", {}, { provider: account, dependsOn: a });'));
  const more = 'const b = new Fake("b", {}, { provider: account }); new Group("of-b", { dependsOn: b });';
  const preview = await stack.up(program("new", more), { kind: "destroy", dryRun: true });
  assert.deepEqual([preview.errors, stack.world.names()], [[], ["a", "gone"]]);
  stack.world.configs.length = 0;
  stack.world.log.length = 0;
  const destroyed = await stack.up(program("new", more), { kind: "destroy" });
  assert.deepEqual(destroyed.errors, []);
  assert.deepEqual(stack.world.log, ["delete gone", "delete a"]);
  assert.deepEqual([...new Set(stack.world.configs.map(({ password }) => password))], ["new"]);
  assert.deepEqual(stack.state.resources, []);
});

test("a destroy with its program keeps what is excluded, and the outputs with it", async (context) => {
  const stack = await TestStack.create(context);
  await stack.up(program("old", 'new Fake("b", {}, { provider: account });'));
  const { outputs } = stack.resource("project-test");
  const destroyed = await stack.up(program("new", 'new Fake("b", {}, { provider: account });'), {
    kind: "destroy",
    excludes: ["**::a"],
  });
  assert.deepEqual([destroyed.errors, stack.world.names()], [[], ["a"]]);
  assert.equal(stack.resource("account").inputs.password, "new");
  assert.deepEqual(stack.resource("project-test").outputs, outputs);
  assert.deepEqual((await stack.run({ kind: "destroy" })).errors, []);
});

test("refresh reads by the program's providers, deletes nothing and makes nothing", async (context) => {
  const stack = await TestStack.create(context);
  await stack.up(program("old", 'new Fake("dropped", { value: 1 }, { provider: account });'));
  const id = stack.resource("a").id ?? "";
  stack.world.things.set(id, { ...stack.world.things.get(id), value: 9 });
  stack.world.things.delete(stack.resource("dropped").id ?? "");
  stack.world.configs.length = 0;
  stack.world.log.length = 0;
  const refreshed = await stack.up(program("new", 'new Fake("b", {}, { provider: account });'), { kind: "refresh" });
  assert.deepEqual(refreshed.errors, []);
  assert.deepEqual(stack.world.log, []);
  assert.equal(stack.world.configs.at(-1)?.password, "new");
  assert.equal(stack.resource("a").inputs.value, 9);
  assert.throws(() => stack.resource("dropped"));
  assert.throws(() => stack.resource("b"));
});

test("an update that refreshes by its program makes again what is gone, and counts no refresh", async (context) => {
  const stack = await TestStack.create(context);
  await stack.up(program("old"));
  stack.world.things.clear();
  const updated = await stack.up(program("new"), { refresh: true, runProgram: true });
  assert.deepEqual([updated.errors, stack.world.names()], [[], ["a"]]);
  assert.deepEqual(updated.changes, { same: 2, update: 1, create: 1 });
  const again = await stack.up(program("new"), { refresh: true });
  assert.deepEqual(again.changes, { same: 4 });
  assert.ok(again.steps.includes("refresh a"));
});

test("a resource that moves to another account is read and deleted by the provider of the one that it is in", async (context) => {
  const stack = await TestStack.create(context);
  /** Knows only the things whose names begin with its account's. */
  class Account extends FakeProvider {
    #account = "";
    override async configure(config: PropertyMap) {
      this.#account = String(config.account ?? "");
    }
    override async create(request: Parameters<FakeProvider["create"]>[0]) {
      const { id, outputs } = await super.create(request);
      this.world.things.set(`${this.#account}/${id}`, this.world.things.get(id) ?? {});
      this.world.things.delete(id);
      return { id: `${this.#account}/${id}`, outputs };
    }
    override async read(request: Parameters<FakeProvider["read"]>[0]) {
      return request.id.startsWith(`${this.#account}/`) ? super.read(request) : undefined;
    }
    override async delete(request: Parameters<FakeProvider["delete"]>[0]) {
      if (request.id.startsWith(`${this.#account}/`)) await super.delete(request);
    }
  }
  stack.providers.fake = () => new Account(stack.world);
  const of = (account: string) => `
    const account = new FakeAccount("${account}", { account: "${account}" });
    new Fake("a", { value: 1 }, { provider: account });`;
  await stack.up(of("one"));
  assert.deepEqual((await stack.up(of("two"), { kind: "refresh" })).errors, []);
  assert.equal(stack.resource("a").id, "one/a-1");
  const moved = await stack.up(of("two"), { refresh: true, runProgram: true });
  assert.deepEqual([moved.errors, [...stack.world.things.keys()]], [[], ["two/a-2"]]);
  assert.deepEqual((await stack.up(of("one"), { kind: "destroy" })).errors, []);
  assert.deepEqual([...stack.world.things.keys()], []);
});
