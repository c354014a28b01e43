/** The SDK's own Automation API drives the embedded engine as it drives the real CLI. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  ComponentResource,
  type ComponentResourceOptions,
  Config,
  ResourceHook,
  type ResourceHookOptions,
  secret,
} from "@pulumi/pulumi";
import {
  ConcurrentUpdateError,
  type EngineEvent,
  LocalWorkspace,
  type Stack,
  StackAlreadyExistsError,
  StackNotFoundError,
} from "@pulumi/pulumi/automation/index.js";
import { finish } from "../../support/process.ts";
import { TestProject } from "./harness.ts";

let project: TestProject;
before(async () => {
  project = await TestProject.create("auto", {
    "index.ts": 'import { Config } from "@pulumi/pulumi";\nexport const bar = new Config().require("bar");\n',
  });
  // The SDK asks whatever `pulumi` is on this process's PATH for its version.
  Object.assign(process.env, project.environment);
});
after(() => project[Symbol.asyncDispose]());

class Thing extends ComponentResource {
  constructor(name: string, value: string, options: ComponentResourceOptions = {}) {
    super("test:index:Thing", name, { value }, options);
    this.registerOutputs({ value });
  }
}

async function program() {
  const config = new Config();
  for (const name of ["one", "two"]) new Thing(name, config.require("bar"));
  return {
    plain: "foo",
    configured: config.require("bar"),
    hidden: config.requireSecret("buzz"),
    own: secret({ a: 1 }),
  };
}

function inline(stackName: string, run: () => Promise<Record<string, unknown>> = program): Promise<Stack> {
  return LocalWorkspace.createOrSelectStack({ stackName, projectName: "inline", program: run });
}

describe("an inline program", () => {
  const stackName = "organization/inline/dev";
  let stack: Stack;
  before(async () => {
    stack = await inline(stackName);
    await stack.setAllConfig({ bar: { value: "abc" }, buzz: { value: "hunter2", secret: true } });
  });

  test("comes up, with events and outputs", async () => {
    const events: EngineEvent[] = [];
    const chunks: string[] = [];
    const result = await stack.up({ onEvent: (event) => events.push(event), onOutput: (text) => chunks.push(text) });
    assert.deepEqual(result.outputs, {
      plain: { value: "foo", secret: false },
      configured: { value: "abc", secret: false },
      hidden: { value: "hunter2", secret: true },
      own: { value: { a: 1 }, secret: true },
    });
    assert.equal(result.summary.kind, "update");
    assert.equal(result.summary.result, "succeeded");
    assert.deepEqual(result.summary.resourceChanges, { create: 3 });
    const config = result.summary.config as Record<string, { value?: string; secret?: boolean }>;
    assert.deepEqual(config["inline:bar"], { value: "abc", secret: false });
    assert.equal(config["inline:buzz"]?.secret, true);
    assert.match(chunks.join(""), /\+ {2}test:index:Thing one created/);
    assert.deepEqual(events[0]?.preludeEvent?.config, { "inline:bar": "abc", "inline:buzz": "[secret]" });
    assert.deepEqual(
      events.map(({ sequence }) => sequence),
      events.map((_, index) => index),
    );
    const made = events.filter(({ resOutputsEvent }) => resOutputsEvent !== undefined);
    assert.deepEqual(
      made.map(({ resOutputsEvent }) => resOutputsEvent?.metadata.op),
      ["create", "create", "create"],
    );
    assert.deepEqual(events.at(-2)?.summaryEvent?.resourceChanges, { create: 3 });
    assert.notEqual(events.at(-1)?.cancelEvent, undefined);
    assert.ok(!JSON.stringify(events).includes("hunter2"), "no secret in the events");
  });

  test("has nothing to do a second time, and says what another value would change", async () => {
    assert.deepEqual((await stack.preview()).changeSummary, { same: 3 });
    await stack.setConfig("bar", { value: "new" });
    const preview = await stack.preview({ diff: true });
    assert.deepEqual(preview.changeSummary, { same: 1, update: 2 });
    assert.match(preview.stdout, /~ {2}test:index:Thing one update \[diff: ~value\]\n +~ value: "abc" => "new"\n/);
    await assert.rejects(
      stack.up({ expectNoChanges: true }),
      /no changes were expected for update but changes were proposed/,
    );
    assert.equal((await stack.outputs()).configured?.value, "new", "the real CLI applies them nevertheless");
  });

  test("remembers what was done", async () => {
    await stack.up({ message: "again" });
    const [latest, ...others] = await stack.history(10, 1, true);
    assert.equal(latest?.message, "again");
    assert.deepEqual(latest?.resourceChanges, { same: 3 });
    assert.ok(latest?.endTime instanceof Date);
    const used = latest?.config as Record<string, unknown> | undefined;
    assert.deepEqual(used?.["inline:buzz"], { value: "hunter2", secret: true });
    assert.equal(others.length, 2);
    assert.equal((await stack.refresh()).summary.kind, "refresh");
  });

  test("its state goes to another stack, which gets another name and goes", async () => {
    const state = await stack.exportStack();
    assert.match(JSON.stringify(state.deployment), /"plaintext":"\\"hunter2\\""/);
    await stack.importStack(state);
    assert.equal((await stack.outputs()).hidden?.value, "hunter2");
    await stack.rename({ stackName: "organization/inline/renamed" });
    const renamed = await LocalWorkspace.selectStack({
      stackName: "organization/inline/renamed",
      projectName: "inline",
      program,
    });
    assert.equal((await renamed.outputs()).hidden?.value, "hunter2");
    await renamed.setAllConfig({ bar: { value: "new" }, buzz: { value: "hunter2", secret: true } });
    assert.deepEqual((await renamed.preview()).changeSummary, { same: 3 }, "every URN has the new name");
    assert.deepEqual((await renamed.destroy()).summary.resourceChanges, { delete: 3 });
    assert.deepEqual(
      (await renamed.workspace.listStacks()).map(({ name }) => name),
      ["renamed"],
    );
    await renamed.workspace.removeStack("renamed");
    assert.deepEqual(await renamed.workspace.listStacks(), []);
  });
});

test("a local program, its files, tags and configuration", async () => {
  const stack = await LocalWorkspace.createStack({ stackName: "local", workDir: project.path() });
  await assert.rejects(
    LocalWorkspace.createStack({ stackName: "local", workDir: project.path() }),
    StackAlreadyExistsError,
  );
  await assert.rejects(LocalWorkspace.selectStack({ stackName: "none", workDir: project.path() }), StackNotFoundError);
  await assert.rejects(stack.up(), /Missing required configuration variable 'auto:bar'/);
  assert.equal((await stack.info())?.result, "failed");
  await stack.setConfig("bar", { value: "-x", secret: true });
  await stack.setConfig("nested.list[0].deep", { value: "true" }, true);
  await stack.setAllConfigJson(
    JSON.stringify({ "auto:json": { value: '{"a":1}', objectValue: { a: 1 }, secret: false } }),
  );
  assert.deepEqual(await stack.getConfig("bar"), { value: "-x", secret: true });
  assert.deepEqual(await stack.getConfig("nested.list[0].deep", true), { value: "true", secret: false });
  const all = await stack.getAllConfig();
  assert.equal(all["auto:nested"]?.value, '{"list":[{"deep":true}]}');
  assert.equal(all["auto:json"]?.value, '{"a":1}');
  const { outputs } = await stack.up();
  assert.deepEqual(outputs, { bar: { value: "-x", secret: false } });
  await stack.removeAllConfig(["nested", "json"]);
  await stack.removeConfig("bar");
  await assert.rejects(stack.getConfig("bar"), /configuration key 'bar' not found for stack 'local'/);
  assert.equal((await stack.refreshConfig())["auto:bar"]?.value, "-x", "as the last update used it");
  await stack.setTag("k", "v");
  assert.deepEqual(await stack.listTags(), { k: "v" });
  assert.equal((await stack.workspace.whoAmI()).url, project.environment.PULUMI_BACKEND_URL);
  await stack.destroy({ remove: true });
  await assert.rejects(LocalWorkspace.selectStack({ stackName: "local", workDir: project.path() }), StackNotFoundError);
});

test("one change of a stack at a time, until it is cancelled", async () => {
  let reached: () => void = () => undefined;
  let finish: () => void = () => undefined;
  const running = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const wait = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const slow = await inline("organization/inline/slow", async () => {
    reached();
    await wait;
    return {};
  });
  const first = slow.up();
  try {
    await Promise.race([running, first]);
    const second = await inline("organization/inline/slow", async () => ({}));
    await assert.rejects(second.up(), ConcurrentUpdateError);
    assert.deepEqual((await second.preview()).changeSummary, { same: 1 }, "previews need no lock");
    await second.cancel();
    await second.up();
  } finally {
    finish();
    await first;
  }
  await slow.destroy({ remove: true });
});

describe("hooks of an inline program", () => {
  const called: string[] = [];
  const hook = (name: string, opts?: ResourceHookOptions) =>
    new ResourceHook(
      name,
      ({ newOutputs, oldOutputs }) => {
        called.push(`${name} ${newOutputs?.value} ${oldOutputs?.value}`);
      },
      opts,
    );
  const hooked = (value: string) =>
    inline("organization/inline/hooks", async () => {
      const deletes = [hook("delete")];
      const hooks = {
        beforeCreate: [hook("planned", { onDryRun: true })],
        afterCreate: [hook("create")],
        afterUpdate: [hook("update")],
      };
      new Thing("one", value, { hooks: { ...hooks, beforeDelete: deletes, afterDelete: deletes } });
      return {};
    });
  const taken = () => called.splice(0);

  test("are called in this process, and in a preview only where they ask for it", async () => {
    const stack = await hooked("a");
    await stack.preview();
    assert.deepEqual(taken(), ["planned undefined undefined"]);
    await stack.up();
    assert.deepEqual(taken(), ["planned undefined undefined", "create a undefined"]);
    await (await hooked("b")).up();
    assert.deepEqual(taken(), ["update b a"]);
  });

  test("of deletes are called by a destroy that runs the program, and no other destroy is done", async () => {
    const stack = await hooked("b");
    await assert.rejects(stack.destroy(), /You must run with the `--run-program` flag to use delete hooks/);
    await stack.destroy({ runProgram: true, remove: true });
    assert.deepEqual(taken(), ["delete undefined b", "delete undefined b"]);
  });

  test("that fail before an operation fail the update", async () => {
    const stack = await inline("organization/inline/failing-hook", async () => {
      const no = new ResourceHook("no", () => {
        throw new Error("not today");
      });
      new Thing("one", "a", { hooks: { beforeCreate: [no] } });
      return {};
    });
    await assert.rejects(stack.up(), /before hook "no" failed: not today/);
    assert.deepEqual((await stack.exportStack()).deployment.resources.length, 1);
    await stack.destroy({ remove: true });
  });
});

test("an inline program that needs what the engine has not ends, and is told so", async () => {
  await project.write(
    "calling.ts",
    `import { ComponentResource, runtime } from "@pulumi/pulumi";
     import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
     const program = async () => {
       const thing = new ComponentResource("test:index:Thing", "one", {});
       return { answer: runtime.call("test:index:Thing/ask", {}, thing) };
     };
     const stack = await LocalWorkspace.createOrSelectStack({ stackName: "calling", projectName: "inline", program });
     await stack.up().catch((error) => console.log(error.message));
     process.exit(0);`,
  );
  const { output } = await finish([process.execPath, project.path("calling.ts")], project.path());
  assert.match(output, /methods of resources are not supported by the embedded engine/);
});
