/** Resource hooks and error hooks: a program's functions, called around what is done to its resources. */
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { TestStack } from "./harness.ts";

const moments = ["beforeCreate", "afterCreate", "beforeUpdate", "afterUpdate", "beforeDelete", "afterDelete"];

/** A stack whose hooks and provider write into one file what they do, in the order of things. */
async function hooked(context: TestContext) {
  const stack = await TestStack.create(context);
  const file = path.join(stack.directory, "log.txt");
  const write = (line: string) => appendFileSync(file, `${line}\n`);
  writeFileSync(file, "");
  stack.world.interrupt = (moment, operation, name) => {
    if (moment === "before") write(`${operation} ${name}`);
  };
  const prelude = `
    import { appendFileSync } from "node:fs";
    const log = (line) => appendFileSync(${JSON.stringify(file)}, line + "\\n");
    const hook = (name, told, opts) => new pulumi.ResourceHook(name, (args) => log(name + " " + told(args)), opts);
    const all = (opts, told = ({ name }) => name) => Object.fromEntries(${JSON.stringify(moments)}.map(
      (moment) => [moment, [hook(moment, told, opts)]]));`;
  return {
    stack,
    prelude,
    /** What was written since the last call. */
    log: () => {
      const text = readFileSync(file, "utf8");
      writeFileSync(file, "");
      return text.split("\n").slice(0, -1);
    },
  };
}

test("hooks are called before and after each operation, with what it changes", async (context) => {
  const { stack, prelude, log } = await hooked(context);
  const program = (value: number) => `${prelude}
    const told = ({ name, id, type, newInputs, oldInputs, newOutputs, oldOutputs }) => JSON.stringify(
      [name, id, type, newInputs?.value, oldInputs?.value, newOutputs?.token, oldOutputs?.token]);
    const hooks = all({}, told);
    ${value > 0 ? `new Fake("a", { value: ${value} }, { hooks });` : ""}`;
  const line = (moment: string, ...told: unknown[]) => {
    const [first, id = "", ...rest] = told;
    return `${moment} ${JSON.stringify([first, id, "fake:index:Thing", ...rest])}`;
  };
  assert.deepEqual((await stack.up(program(1))).errors, []);
  const token = "token of a-1";
  assert.deepEqual(log(), [
    line("beforeCreate", "a", "", 1, null, null, null),
    "create a",
    line("afterCreate", "a", "a-1", 1, null, token, null),
  ]);
  assert.deepEqual(stack.resource("a").resourceHooks, {
    BeforeCreate: ["beforeCreate"],
    AfterCreate: ["afterCreate"],
    BeforeUpdate: ["beforeUpdate"],
    AfterUpdate: ["afterUpdate"],
    BeforeDelete: ["beforeDelete"],
    AfterDelete: ["afterDelete"],
  });
  assert.deepEqual((await stack.up(program(1))).changes, { same: 2 });
  assert.deepEqual(log(), [], "nothing is done to what stays as it is");
  assert.deepEqual((await stack.up(program(2))).errors, []);
  assert.deepEqual(log(), [
    line("beforeUpdate", "a", "a-1", 2, 1, null, token),
    "update a",
    line("afterUpdate", "a", "a-1", 2, 1, token, token),
  ]);
  assert.deepEqual((await stack.up(program(0))).errors, []);
  assert.deepEqual(log(), [
    line("beforeDelete", "a", "a-1", null, 2, null, token),
    "delete a",
    line("afterDelete", "a", "a-1", null, 2, null, token),
  ]);
});

test("a replacement is a create and a delete to its hooks, in the order of the two", async (context) => {
  const { stack, prelude, log } = await hooked(context);
  const program = (property: string) => `${prelude} new Fake("a", { ${property} }, { hooks: all() });`;
  await stack.up(program("key: 1"));
  log();
  const created = ["beforeCreate a", "create a", "afterCreate a"];
  const deleted = ["beforeDelete a", "delete a", "afterDelete a"];
  assert.deepEqual((await stack.up(program("key: 2"))).errors, []);
  assert.deepEqual(log(), [...created, ...deleted]);
  assert.deepEqual((await stack.up(program("key: 2, slot: 1"))).errors, []);
  assert.deepEqual(log(), [...deleted, ...created]);
});

test("a preview calls only hooks that ask for it, which know no outputs yet", async (context) => {
  const { stack, prelude, log } = await hooked(context);
  const program = (value: number) => `${prelude}
    const quiet = hook("quiet", () => "never in a preview");
    const told = ({ name, id, newOutputs }) => JSON.stringify([name, id, newOutputs?.value]);
    const loud = hook("loud", told, { onDryRun: true });
    new Fake("a", { value: ${value} }, { hooks: {
      beforeCreate: [quiet, loud], afterCreate: [quiet, loud], beforeUpdate: [quiet, loud], beforeDelete: [loud] } });`;
  const preview = await stack.preview(program(1));
  assert.deepEqual(preview.errors, []);
  assert.deepEqual(log(), ['loud ["a","",null]', 'loud ["a","",1]']);
  await stack.up(program(1));
  log();
  await stack.preview(program(2));
  assert.deepEqual(log(), ['loud ["a","a-1",null]']);
  assert.deepEqual((await stack.up(program(2), { kind: "destroy", dryRun: true })).errors, []);
  assert.deepEqual(log(), ['loud ["a","a-1",null]']);
});

test("a hook before an operation that fails keeps it from being done", async (context) => {
  const { stack, prelude, log } = await hooked(context);
  const failing = `const no = new pulumi.ResourceHook("no", () => { throw new Error("not today"); });`;
  const program = (moment: string, value: number) => `${prelude} ${failing}
    ${value > 0 ? `new Fake("a", { value: ${value} }, { hooks: { ${moment}: [no, hook("later", () => "")] } });` : ""}`;
  const created = await stack.up(program("beforeCreate", 1));
  assert.deepEqual(created.errors, ['before hook "no" failed: not today', "update failed"]);
  assert.deepEqual([log(), stack.world.names(), stack.state.pendingOperations], [[], [], []]);
  await stack.up(program("beforeUpdate", 1));
  log();
  const updated = await stack.up(program("beforeUpdate", 2));
  assert.deepEqual(updated.errors, ['before hook "no" failed: not today', "update failed"]);
  assert.equal(stack.resource("a").inputs.value, 1);
  await stack.up(program("beforeDelete", 1));
  const deleted = await stack.up(program("beforeDelete", 0));
  assert.deepEqual(deleted.errors, ['before hook "no" failed: not today', "update failed"]);
  assert.deepEqual([log(), stack.world.names()], [[], ["a"]]);
});

test("a hook after an operation that fails fails the deployment, and the state has what was done", async (context) => {
  const { stack, prelude, log } = await hooked(context);
  const program = (moment: string, value: number, ignoreErrors = false) => `${prelude}
    const no = new pulumi.ResourceHook("no", () => { throw new Error("too late"); }, { ignoreErrors: ${ignoreErrors} });
    const a = ${value} > 0 ? new Fake("a", { value: ${value} }, { hooks: { ${moment}: [no] } }) : undefined;
    new Fake("b", {}, { dependsOn: a ? [a] : [] });`;
  const created = await stack.up(program("afterCreate", 1));
  assert.deepEqual(created.errors, ['after hook "no" failed: too late', "update failed"]);
  assert.deepEqual([stack.resource("a").id, log()], ["a-1", ["create a"]]);
  const went = await stack.up(program("afterUpdate", 2), { continueOnError: true });
  assert.deepEqual(went.errors, ['after hook "no" failed: too late', "update failed"]);
  assert.deepEqual([stack.resource("a").inputs.value, log()], [2, ["update a", "create b"]]);
  const ignored = await stack.up(program("afterUpdate", 3, true));
  assert.equal(ignored.result, "succeeded");
  const warnings = ignored.events.filter((event) => event.kind === "diagnostic" && event.severity === "warning");
  assert.deepEqual(
    warnings.map((event) => event.kind === "diagnostic" && event.message),
    ['AfterUpdate hook "no" failed: too late'],
  );
  await stack.up(program("afterDelete", 3));
  const deleted = await stack.up(program("afterDelete", 0));
  assert.deepEqual(deleted.errors, ['after hook "no" failed: too late', "update failed"]);
  assert.deepEqual([stack.world.names(), deleted.saved.at(-1)?.resources.length], [["b"], 3]);
});

test("a component's hooks are called when its outputs are there", async (context) => {
  const { stack, prelude, log } = await hooked(context);
  const program = (value: number) => `${prelude}
    class Pair extends pulumi.ComponentResource {
      constructor(name, value, hooks) {
        super("fake:index:Pair", name, { value }, { hooks });
        const child = new Fake("child", { value }, { parent: this });
        this.registerOutputs({ token: child.token, value });
      }
    }
    const hooks = all({}, ({ name, newOutputs, oldOutputs }) => JSON.stringify([name, newOutputs, oldOutputs]));
    ${value > 0 ? `new Pair("pair", ${value}, hooks);` : ""}`;
  const outputs = (value: number) => ({ token: "token of child-1", value });
  const line = (moment: string, ...told: unknown[]) => `${moment} ${JSON.stringify(["pair", ...told])}`;
  assert.deepEqual((await stack.up(program(1))).errors, []);
  assert.deepEqual(log(), [line("beforeCreate", null, null), "create child", line("afterCreate", outputs(1), null)]);
  assert.deepEqual((await stack.up(program(2))).errors, []);
  assert.deepEqual(log(), [
    line("beforeUpdate", null, outputs(1)),
    "update child",
    line("afterUpdate", outputs(2), outputs(1)),
  ]);
  assert.deepEqual((await stack.up(program(0))).errors, []);
  assert.deepEqual(log(), [
    "delete child",
    line("beforeDelete", null, outputs(2)),
    line("afterDelete", null, outputs(2)),
  ]);
});

test("a destroy calls the hooks of deletes when it runs the program, and else refuses", async (context) => {
  const { stack, prelude, log } = await hooked(context);
  const program = (name: string) => `${prelude}
    const deletes = hook(${JSON.stringify(name)}, ({ name }) => name);
    new Fake("a", {}, { hooks: { beforeDelete: [deletes], afterDelete: [deletes] } });`;
  await stack.up(program("first"));
  log();
  const refused = await stack.run({ kind: "destroy" });
  assert.deepEqual(refused.errors, [
    "Resource has delete hooks registered, but the program is not running. Hooks: first, first",
    "You must run with the `--run-program` flag to use delete hooks during destroy.",
    "destroy failed",
  ]);
  assert.deepEqual([stack.world.names(), log()], [["a"], []]);
  const destroyed = await stack.up(program("second"), { kind: "destroy" });
  assert.deepEqual(destroyed.errors, []);
  assert.deepEqual([stack.world.names(), log()], [[], ["second a", "delete a", "second a"]]);
});

test("a hook that the program does not have any more is told, and nothing is deleted", async (context) => {
  const { stack, prelude } = await hooked(context);
  await stack.up(`${prelude} new Fake("a", {}, { hooks: { beforeDelete: [hook("gone", () => "")] } });`);
  const deleted = await stack.up("");
  assert.deepEqual(deleted.errors, ['hook "gone" was not registered', "update failed"]);
  assert.deepEqual(stack.world.names(), ["a"]);
});

test("two hooks of one name are refused", async (context) => {
  const { stack, prelude } = await hooked(context);
  const twice = await stack.up(`${prelude}
    for (const name of ["a", "b"]) new Fake(name, {}, { hooks: { afterCreate: [hook("same", () => "")] } });`);
  assert.equal(twice.result, "failed");
  assert.match(
    twice.events.map((event) => (event.kind === "diagnostic" ? event.message : "")).join("\n"),
    /resource hook already registered for name "same"/,
  );
});

test("transforms see hooks and give others", async (context) => {
  const { stack, prelude, log } = await hooked(context);
  const transformed = await stack.up(`${prelude}
    const own = hook("own", ({ name }) => name);
    const given = hook("given", ({ name }) => name);
    pulumi.runtime.registerResourceTransform(({ type, props, opts }) => {
      if (type !== "fake:index:Thing") return undefined;
      return { props, opts: { ...opts, hooks: { ...opts.hooks, afterCreate: [...opts.hooks.afterCreate, given] } } };
    });
    new Fake("a", {}, { hooks: { afterCreate: [own] } });`);
  assert.deepEqual(transformed.errors, []);
  assert.deepEqual(log(), ["create a", "own a", "given a"]);
});

test("error hooks have a failed operation tried again until it works or they give up", async (context) => {
  const { stack, prelude, log } = await hooked(context);
  let failures = 2;
  const note = stack.world.interrupt;
  stack.world.interrupt = (moment, operation, name, signal) => {
    note(moment, operation, name, signal);
    if (moment === "before" && failures-- > 0) throw new Error(`${operation} ${failures}`);
  };
  const program = (value: number) => `${prelude}
    const told = ({ name, failedOperation, errors }) => log(name + " " + failedOperation + ": " + errors.join(", "));
    const retry = new pulumi.ErrorHook("retry", (args) => { told(args); return args.errors.length < 3; });
    const never = new pulumi.ErrorHook("never", () => false);
    ${value > 0 ? `new Fake("a", { value: ${value} }, { hooks: { onError: [never, retry] } });` : ""}`;
  const created = await stack.up(program(1));
  assert.deepEqual(created.errors, []);
  assert.deepEqual(log(), ["create a", "a create: create 1", "create a", "a create: create 0, create 1", "create a"]);
  const warnings = created.events.filter((event) => event.kind === "diagnostic" && event.severity === "warning");
  assert.deepEqual(
    warnings.map((event) => event.kind === "diagnostic" && event.message),
    [1, 2].map((attempt) => `retrying create due to on-error hook request (${attempt}/100)`),
  );
  failures = 5;
  const updated = await stack.up(program(2));
  assert.deepEqual(updated.errors, ["update 2", "update failed"]);
  assert.deepEqual(log().at(-1), "a update: update 2, update 3, update 4");
  assert.equal(stack.resource("a").inputs.value, 1);
  failures = 1;
  assert.deepEqual((await stack.up(program(0))).errors, []);
  assert.deepEqual(log(), ["delete a", "a delete: delete 0", "delete a"]);
});

test("an operation is tried a hundred times at most, and an error hook that fails ends it", async (context) => {
  const { stack, prelude, log } = await hooked(context);
  const program = (answer: string) => `${prelude}
    const onError = new pulumi.ErrorHook("forever", () => { ${answer} });
    new Fake("a", { fail: "create" }, { hooks: { onError: [onError] } });`;
  const endless = await stack.up(program("return true;"));
  assert.deepEqual(endless.errors, ["cannot create a", "update failed"]);
  assert.equal(stack.world.log.filter((line) => line === "create a").length, 100);
  const last = endless.events.findLast((event) => event.kind === "diagnostic" && event.severity === "warning");
  assert.equal(last?.kind === "diagnostic" && last.message, "maximum number of error hook retries (100) reached");
  const broken = await stack.up(program('throw new Error("no idea");'));
  assert.deepEqual(broken.errors, [
    'error hooks execution failed: error hook "forever" failed: no idea',
    "update failed",
  ]);
  assert.deepEqual(log(), []);
});

test("what came up but is not in order is tried again too", async (context) => {
  const { stack, prelude } = await hooked(context);
  const program = `${prelude}
    const onError = new pulumi.ErrorHook("twice", ({ errors }) => { log(errors.join(", ")); return errors.length < 2; });
    new Fake("a", { unwell: "create" }, { hooks: { onError: [onError] } });`;
  const unwell = await stack.up(program);
  assert.deepEqual(unwell.errors, ["not ready yet", "update failed"]);
  assert.equal(stack.resource("a").id, "a-2");
  assert.deepEqual(stack.resource("a").initErrors, ["not ready yet"]);
});
