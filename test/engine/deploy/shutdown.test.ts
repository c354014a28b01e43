/** A program says that it registers nothing more, and waits until all is done: SignalAndWaitForShutdown. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { FakeProvider } from "./fake-provider.ts";
import { TestStack } from "./harness.ts";
import { type InlineMonitor, InlineServer } from "./inline.ts";

const stack = { type: "pulumi:pulumi:Stack", name: "project-test" };

/** A stack with one resource more than the program registers, and what runs that. */
async function played(context: TestContext, program: (monitor: InlineMonitor) => Promise<void>, signals = true) {
  const deployed = await TestStack.create(context);
  const server = await InlineServer.start();
  context.after(() => server[Symbol.asyncDispose]());
  deployed.providers.fake = () => new FakeProvider(deployed.world);
  const up = (run: typeof program, continueOnError = false) => {
    server.program = run;
    return deployed.up({ languageServer: server.address }, { continueOnError });
  };
  await up(async (monitor) => {
    await monitor.register(stack);
    await monitor.register({ name: "gone" });
  });
  server.signals = signals;
  return { world: deployed.world, up: (continueOnError?: boolean) => up(program, continueOnError) };
}

test("it is answered when all is done, deletes included", async (context) => {
  let names: string[] = [];
  const program = async (monitor: InlineMonitor) => {
    await monitor.register(stack);
    await monitor.shutDown();
    names = world.names();
  };
  const { world, up } = await played(context, program, false);
  assert.deepEqual([(await up()).errors, names], [[], []]);
});

test("who asks while another waits, or after that, is told so", async (context) => {
  const told: unknown[] = [];
  const program = async (monitor: InlineMonitor) => {
    await monitor.register(stack);
    const both = await Promise.allSettled([monitor.shutDown(), monitor.shutDown()]);
    const later = await monitor.shutDown().catch((error: Error) => error);
    told.push(...both.filter(({ status }) => status === "rejected").map((it) => (it as PromiseRejectedResult).reason));
    told.push(later);
  };
  const { world, up } = await played(context, program, false);
  const { errors } = await up();
  assert.equal(told.length, 2);
  for (const error of told) assert.match(String(error), /Already waiting for shutdown/);
  assert.deepEqual([errors, world.names()], [[], []], "and nothing comes of it");
});

test("a program that does not ask is done all the same", async (context) => {
  const program = async (monitor: InlineMonitor) => void (await monitor.register(stack));
  const { world, up } = await played(context, program, false);
  const { errors, changes } = await up();
  assert.deepEqual([errors, changes, world.names()], [[], { same: 1, delete: 1 }, []]);
});

test("an error afterwards fails the update, and what was done stays done", async (context) => {
  const program = async (monitor: InlineMonitor) => {
    await monitor.register(stack);
    await monitor.shutDown();
    throw new Error("too late");
  };
  const { world, up } = await played(context, program);
  const { result, errors } = await up();
  assert.deepEqual([result, world.names()], ["failed", []]);
  assert.match(errors[0] ?? "", /too late/);
});

test("with --continue-on-error it is answered though something failed", async (context) => {
  let answered = false;
  const program = async (monitor: InlineMonitor) => {
    await monitor.register(stack);
    await assert.rejects(monitor.register({ name: "bad", inputs: { fail: "create" } }));
    await monitor.shutDown();
    answered = true;
  };
  const { up } = await played(context, program, false);
  const { result, errors } = await up(true);
  assert.deepEqual([result, answered, errors], ["failed", true, ["cannot create bad", "update failed"]]);
});
