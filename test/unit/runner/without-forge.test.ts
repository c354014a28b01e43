import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutForge } from "../../../services/runner/without-forge.ts";
import { type Engine, type Outcome, PulumiError, type StateResource } from "../../../services/stacks/engine.ts";

const done: Outcome = { changes: { same: 1 }, steps: [], outputs: {}, warnings: [] };
const root = { type: "pulumi:pulumi:Stack", urn: "", outputs: { htmlUrl: "https://github.com/octo/hello" } };
const hook = { type: "github:index/repositoryWebhook:RepositoryWebhook", urn: "" };
const key = { type: "github:index/repositoryDeployKey:RepositoryDeployKey", urn: "" };

/** An engine whose state has these, and what it was told to forget. */
function engineWith(...resources: readonly StateResource[]) {
  const forgotten: unknown[] = [];
  const engine = {
    resources: async () => [...resources],
    remove: async (...args: unknown[]) => void forgotten.push(args),
  } as unknown as Engine;
  return { engine, forgotten };
}

const failing = (reason: string) => async () => {
  throw new PulumiError(["destroy"], 1, "Destroying", [reason]);
};

test("a run that the forge takes part in is as any other", async () => {
  const { engine, forgotten } = engineWith(root, hook);
  assert.equal(await withoutForge(engine, { stack: "hello.github", verb: "destroy" }, async () => done), done);
  assert.deepEqual(forgotten, []);
});

test("a link goes though its forge refuses, and what is left there is said in a line", async () => {
  const { engine, forgotten } = engineWith(root, hook, key);
  const request = { stack: "hello.github", verb: "destroy" } as const;
  const { warnings } = await withoutForge(engine, request, failing("cannot reach GitHub (ECONNRESET)\nmore"));
  assert.deepEqual(warnings, [
    "Remove by hand: the webhook whose address names hello.github, at https://github.com/octo/hello/settings/hooks; " +
      'the deploy key "dynoform hello.github", at https://github.com/octo/hello/settings/keys. ' +
      "It could not be removed: cannot reach GitHub (ECONNRESET).",
  ]);
  assert.deepEqual(forgotten, [["hello.github", { force: true }]]);
});

test("where nothing was made there, nothing is left", async () => {
  const { engine, forgotten } = engineWith(root);
  const request = { stack: "hello.github", verb: "destroy" } as const;
  assert.deepEqual((await withoutForge(engine, request, failing("401 Bad credentials"))).warnings, []);
  assert.equal(forgotten.length, 1);
});

test("an edit stands, and its stack is said not to be up", async () => {
  const { engine, forgotten } = engineWith(root, hook);
  const { warnings } = await withoutForge(
    engine,
    { stack: "hello.github", verb: "up" },
    failing("cannot reach GitHub"),
  );
  assert.deepEqual(warnings, [
    "hello.github could not be brought up, and what its file says holds: cannot reach GitHub.",
  ]);
  assert.deepEqual(forgotten, []);
});

test("a stack that somebody else changes is left alone, and so is what nobody foresaw", async () => {
  const { engine, forgotten } = engineWith(root, hook);
  const request = { stack: "hello.github", verb: "destroy" } as const;
  const locked = failing("the stack is currently locked by 1 lock(s). Either wait …");
  await assert.rejects(withoutForge(engine, request, locked), /currently locked/);
  const broken = async () => {
    throw new TypeError("undefined is no function");
  };
  await assert.rejects(withoutForge(engine, request, broken), TypeError);
  assert.deepEqual(forgotten, []);
});
