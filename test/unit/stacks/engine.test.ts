import assert from "node:assert/strict";
import { test } from "node:test";
import { report } from "../../../cli/commands/up.ts";
import { changed, outcomeOf } from "../../../services/stacks/engine.ts";

const step = (op: string, type: string, name: string, outputs = {}) =>
  JSON.stringify({
    resOutputsEvent: { metadata: { op, type, urn: `urn:pulumi:hello::dynoform::${type}::${name}`, new: { outputs } } },
  });

const log = [
  step("create", "pulumi:providers:docker", "default_5_2_0"),
  step("create", "docker:index/service:Service", "web::1"),
  step("same", "dyno:index:Route", "hello"),
  step("same", "pulumi:pulumi:Stack", "dynoform-hello", { url: "http://hello.localhost:8080/" }),
  JSON.stringify({ summaryEvent: { resourceChanges: { same: 2, create: 1 } } }),
  JSON.stringify({ cancelEvent: {} }),
  "",
].join("\n");

test("an outcome holds counts, steps and the stack's outputs", () => {
  const outcome = outcomeOf(log);
  assert.deepEqual(outcome, {
    changes: { same: 2, create: 1 },
    steps: [{ op: "create", type: "docker:index/service:Service", name: "web::1" }],
    outputs: { url: "http://hello.localhost:8080/" },
  });
  assert.equal(changed(outcome), 1);
});

test("a report says what was made and where it answers", () => {
  assert.equal(
    report(new Map([["hello", outcomeOf(log)]])),
    "1 change\n    hello: create docker:Service web::1\nhello answers at http://hello.localhost:8080/\n",
  );
});
