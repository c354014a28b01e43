import assert from "node:assert/strict";
import { test } from "node:test";
import { report } from "../../../cli/commands/up.ts";
import { changed, diagnosed, outcomeOf, PulumiError } from "../../../services/stacks/engine.ts";

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
    warnings: [],
  });
  assert.equal(changed(outcome), 1);
});

test("a report says what was made and where it answers", () => {
  assert.equal(
    report(new Map([["hello", outcomeOf(log)]])),
    "1 change\n    hello: create docker:Service web::1\nhello answers at http://hello.localhost:8080/\n",
  );
});

const said = (severity: string, message: string, more = {}) =>
  JSON.stringify({ diagnosticEvent: { severity, message, ...more } });

test("what went wrong, and what is warned of, is told in the words of whoever found it", () => {
  const events = [
    said("warning", "<{%fg 3%}>web.1 answers 500. Its last lines:\n    KeyError<{%reset%}>\n", { color: "raw" }),
    said("info", "started"),
    said("error", "\x1b[31mweb.1 exited 3 times\x1b[0m\n"),
    said("warning", "soon gone", { ephemeral: true }),
    said("error", `long${"\nmore".repeat(100)}`),
    said("error", "update failed\n"),
    said("error", "cut off").slice(0, -5),
  ].join("\n");
  assert.deepEqual(diagnosed(events, "warning"), ["web.1 answers 500. Its last lines:\n    KeyError"]);
  assert.deepEqual(diagnosed(events, "error"), ["web.1 exited 3 times", `long${"\nmore".repeat(29)}`]);
  assert.deepEqual(outcomeOf(events.slice(0, events.lastIndexOf("\n"))).warnings, diagnosed(events, "warning"));
});

test("what Pulumi and its plugins put around a reason is left out", () => {
  const event = (message: string) => JSON.stringify({ diagnosticEvent: { severity: "error", message } });
  const reasons = [
    "deleting urn:pulumi:s::p::github:index/repositoryWebhook:RepositoryWebhook::hook: 1 error occurred:\n\t* DELETE x: 401 Bad credentials []\n\n",
    'error serializing property "outputs": error serializing property "repository": octo/hello cannot be looked up',
    "creating urn:pulumi:s::p::dyno:index:Route::web: the dyno web.1 did not answer",
  ];
  assert.deepEqual(diagnosed(reasons.map(event).join("\n"), "error"), [
    "DELETE x: 401 Bad credentials []",
    "octo/hello cannot be looked up",
    "the dyno web.1 did not answer",
  ]);
});

test("an error says the cause first, and not thirty lines of output", () => {
  const message = (output: string, reasons?: string[]) => new PulumiError(["up"], 255, output, reasons).message;
  const output = "Updating (shop):\n  error: the stack is currently locked by 1 lock(s)\n  error: update failed\n";
  assert.equal(message(output, ["web.1 crashed:\n    KeyError"]), "web.1 crashed:\n    KeyError");
  assert.equal(message(output), "the stack is currently locked by 1 lock(s)");
  assert.equal(message("Killed"), "`pulumi up` failed (exit code 255):\nKilled");
  assert.equal(
    message("", ["web.1 crashed:\nmore"]),
    "web.1 crashed:\n`pulumi up` failed (exit code 255); more stands above",
  );
  assert.equal(message(""), "`pulumi up` failed (exit code 255); the reason stands above");
});
