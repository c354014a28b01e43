import assert from "node:assert/strict";
import { test } from "node:test";
import { type Deployed, TestStack } from "./harness.ts";

function logged(run: Deployed, ...severities: string[]): string[] {
  return run.events.flatMap((event) =>
    event.kind === "diagnostic" && severities.includes(event.severity) ? [event.message] : [],
  );
}

test("what is logged for debugging is sent when it is wanted", async (context) => {
  const stack = await TestStack.create(context);
  const body = `pulumi.log.debug("mine");
new Fake("a");
pulumi.log.info("first");
pulumi.log.warn("second");`;
  const usual = await stack.up(body);
  assert.deepEqual(logged(usual, "debug", "info", "warning"), ["first", "second"]);
  const debugged = await stack.up(body, { debug: true });
  const messages = logged(debugged, "debug");
  assert.ok(messages.includes("mine"), messages.join("\n"));
  assert.ok(messages.some((message) => message.startsWith("Registering resource: t=fake:index:Thing, name=a")));
  assert.deepEqual(logged(debugged, "info", "warning"), ["first", "second"]);
});

test("a promise that is never kept is told, and where it began when that is wanted", async (context) => {
  const stack = await TestStack.create(context);
  const body = `new Fake("a", {}, { dependsOn: new Promise(() => {}) });`;
  const usual = await stack.up(body);
  assert.equal(usual.result, "failed");
  assert.match(logged(usual, "info#err").join("\n"), /"a" \[fake:index:Thing\] was/);
  process.env.PULUMI_DEBUG_PROMISE_LEAKS = "true";
  context.after(() => delete process.env.PULUMI_DEBUG_PROMISE_LEAKS);
  const traced = logged(await stack.up(body), "info#err").join("\n");
  assert.match(
    traced,
    /CONTEXT\(\d+\): resource:a\[fake:index:Thing\]\nSTACK_TRACE:\nError\n(.*\n)*? +at .*index\.js:/,
  );
});

test("all that a program printed is told, even if it leaves a process that holds its output open", async (context) => {
  const stack = await TestStack.create(context);
  const run = await stack.up(`import { spawn } from "node:child_process";
const left = spawn("sleep", ["600"], { stdio: "inherit", detached: true });
left.unref();
console.log(left.pid);
for (let line = 1; line <= 5000; line++) console.log(\`line \${line}\`);`);
  const [left, ...lines] = logged(run, "info");
  process.kill(Number(left), "SIGKILL");
  assert.equal(run.result, "succeeded");
  assert.deepEqual(
    lines,
    Array.from({ length: 5000 }, (_, index) => `line ${index + 1}`),
  );
});
