/** Deployments in one's own process, on states that the command shares. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { Secret, Stack, UserError } from "../../../engine/src/index.ts";
import { TestProject } from "../cli/harness.ts";
import { FakeProvider, World } from "../deploy/fake-provider.ts";

class Fake extends pulumi.CustomResource {
  declare readonly token: pulumi.Output<string>;
  constructor(name: string, args: pulumi.Inputs = {}, options?: pulumi.CustomResourceOptions) {
    super("fake:index:Thing", name, { token: undefined, ...args }, options);
  }
}

/** A stack beside a project whose command sees the same states. */
async function ground(project: TestProject, changes: Partial<Parameters<typeof Stack.open>[0]> = {}) {
  const world = new World();
  const settings = {
    project: "embedded",
    stack: "dev",
    backend: project.environment.PULUMI_BACKEND_URL ?? "",
    passphrase: "test",
    providers: { fake: () => new FakeProvider(world) },
    ...changes,
  };
  return { world, settings, stack: await Stack.open(settings) };
}

test("a function is deployed, and the command sees its stack, outputs and history", async () => {
  await using project = await TestProject.create("embedded");
  const { stack, world } = await ground(project, { config: { "embedded:size": "3" } });
  const program = (value: number) => () => {
    const size = new pulumi.Config().requireNumber("size");
    const a = new Fake("a", { value });
    return { token: a.token, size, hidden: pulumi.secret("hunter2") };
  };
  assert.equal(await stack.outputs(), undefined);
  const planned = await stack.preview(program(1));
  assert.deepEqual(planned.changes, { create: 2 });
  assert.deepEqual(world.names(), []);

  const seen: string[] = [];
  const onEvent = (event: { kind: string }) => seen.push(event.kind);
  const made = await stack.up(program(1), { onEvent, message: "the first" });
  assert.deepEqual(made.errors, []);
  assert.deepEqual(made.steps, ["create default", "create a", "create embedded-dev"]);
  assert.ok(seen.includes("resource-outputs"));
  assert.deepEqual(await stack.outputs(), { token: "token of a-1", size: 3, hidden: new Secret("hunter2") });
  assert.deepEqual((await stack.up(program(2))).changes, { update: 1, same: 1 });

  assert.doesNotMatch(await project.checkpoint("dev"), /hunter2/);
  const shown = JSON.parse(await project.ok("stack", "output", "--json", "--show-secrets", "--stack", "dev"));
  assert.deepEqual(shown, { token: "token of a-1", size: 3, hidden: "hunter2" });
  const history = JSON.parse(await project.ok("stack", "history", "--json", "--stack", "dev"));
  assert.deepEqual(
    history.map(({ message, result }: { message: string; result: string }) => [message, result]),
    [
      ["", "succeeded"],
      ["the first", "succeeded"],
    ],
  );

  await assert.rejects(stack.remove(), /dev still has resources/);
  assert.equal((await stack.destroy()).result, "succeeded");
  assert.deepEqual(await stack.resources(), []);
  await stack.remove();
  assert.equal(await stack.outputs(), undefined);
});

test("a stack is changed by one at a time, and is refreshed, and read by others", async () => {
  await using project = await TestProject.create("embedded");
  const { stack, settings, world } = await ground(project);
  const other = await Stack.open(settings);
  let refused: Promise<unknown> | undefined;
  world.interrupt = async () => {
    refused ??= assert.rejects(other.destroy(), (error) => error instanceof UserError && /locked/.test(error.message));
    await refused;
  };
  await stack.up(() => ({ token: new Fake("a").token }));
  assert.ok(refused);
  world.interrupt = () => {};

  const reader = await Stack.open({ ...settings, stack: "reader" });
  const read = await reader.up(() => ({ token: new pulumi.StackReference("dev").getOutput("token") }));
  assert.deepEqual(read.outputs, { token: "token of a-1" });

  world.things.clear();
  assert.deepEqual((await other.refresh()).changes, { delete: 1, same: 1 });

  let ran = 0;
  const program = () => ({ token: new Fake("a", { run: ran++ }).token });
  assert.equal((await stack.up(program)).result, "succeeded");
  assert.equal((await stack.refresh({}, program)).result, "succeeded");
  assert.equal((await stack.destroy({}, program)).changes.delete, 2);
  assert.equal(ran, 3);
});

test("several stacks are deployed at once, each with its own configuration and failures", async () => {
  await using project = await TestProject.create("embedded");
  const deployed = await Promise.all(
    ["one", "two", "three"].map(async (name) => {
      const { stack } = await ground(project, { stack: name, config: { "embedded:name": name } });
      const result = await stack.up(async () => {
        const it = new pulumi.Config().require("name");
        const first = new Fake(it, it === "two" ? { fail: "create" } : {});
        const second = new Fake(`${it}-after`, { from: first.token });
        return { stack: pulumi.getStack(), it, token: second.token };
      });
      return [result.result, result.outputs?.it ?? result.errors[0]];
    }),
  );
  assert.deepEqual(deployed, [
    ["succeeded", "one"],
    ["failed", "cannot create two"],
    ["succeeded", "three"],
  ]);
});

test("without a passphrase a stack holds no secrets; a wrong one is refused", async () => {
  await using project = await TestProject.create("embedded");
  const { stack, settings } = await ground(project, { passphrase: undefined });
  assert.equal((await stack.up(() => void new Fake("a"))).result, "succeeded");
  await assert.rejects(
    stack.up(() => void new Fake("b", { password: pulumi.secret("hunter2") })),
    /has a secret, and the stack has no secrets provider/,
  );
  const sealed = await Stack.open({ ...settings, stack: "sealed", passphrase: "right" });
  await sealed.up(() => ({ hidden: pulumi.secret("hunter2") }));
  await assert.rejects(
    (await Stack.open({ ...settings, stack: "sealed", passphrase: "wrong" })).destroy(),
    /incorrect passphrase/,
  );
});

test("a program that is cancelled lets running steps finish, and can go on later", async () => {
  await using project = await TestProject.create("embedded");
  const { stack, world } = await ground(project);
  const cancel = new AbortController();
  world.interrupt = () => cancel.abort();
  const program = () => {
    const a = new Fake("a");
    new Fake("b", { from: a.token });
  };
  assert.equal((await stack.up(program, { signal: cancel.signal })).result, "canceled");
  assert.deepEqual(world.names(), ["a"]);
  world.interrupt = () => {};
  assert.deepEqual((await stack.up(program)).changes, { create: 1, same: 2 });
});
