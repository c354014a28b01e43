import assert from "node:assert/strict";
import { test } from "node:test";
import { ForgeError, type RepositoryForge } from "../../../../services/control-plane/github/forge/forge.ts";
import { Outbox } from "../../../../services/control-plane/github/reports/outbox.ts";
import { Reporter } from "../../../../services/control-plane/github/reports/reporter.ts";
import { openStore } from "../../../../services/control-plane/store.ts";

/** An outbox, and a forge that writes down what it is told. */
function ground() {
  const store = openStore(":memory:");
  const time = { now: 1_000_000 };
  const clock = () => time.now;
  const outbox = new Outbox(store, clock);
  const written: string[] = [];
  const log: string[] = [];
  const problems: string[] = [];
  const state: { fails?: (what: string) => ForgeError | undefined } = {};
  let deployments = 0;
  const write = (line: string) => {
    const error = state.fails?.(line);
    if (error !== undefined) throw error;
    written.push(line);
  };
  const forge = {
    async setStatus(_name, commit, status) {
      write(`status ${commit} ${status.state} ${status.context}: ${status.description}`);
    },
    async deployment(_name, { commit, environment }, { find }) {
      write(`${find ? "find" : "make"} ${commit} in ${environment}`);
      return ++deployments;
    },
    async setDeployment(_name, id, { state: deployed, environmentUrl = "" }) {
      write(`deployment ${id} ${deployed} ${environmentUrl}`.trim());
    },
  } satisfies Partial<RepositoryForge> as unknown as RepositoryForge;
  const reporter = new Reporter({
    outbox,
    clock,
    addressee: async (stack) => (stack === "gone" ? undefined : { forge, repository: "me/flask" }),
    tell: (app, text) => log.push(`${app}: ${text}`),
    report: (problem) => problems.push(problem),
    apart: 0,
  });
  const begin = (build: string, commit: string, stack = "flask.github") =>
    outbox.begin({
      stack,
      app: "shop",
      commit,
      build,
      description: "Deploying to shop",
      environmentUrl: "http://shop.localhost/",
      logUrl: "http://dashboard.localhost/apps/shop/activity",
    });
  const take = () => written.splice(0);
  return { outbox, reporter, begin, take, log, problems, state, time, clock, store };
}

test("a forge is told how a deployment goes on, and that the one before serves no more", async () => {
  const { begin, outbox, reporter, take } = ground();
  begin("one", "aaa");
  await reporter.drain();
  assert.deepEqual(take(), [
    "status aaa pending dynoform/shop: Deploying to shop",
    "make aaa in shop",
    "deployment 1 in_progress",
  ]);
  outbox.end("one", "success", "Released v1");
  await reporter.drain();
  assert.deepEqual(take(), [
    "status aaa success dynoform/shop: Released v1",
    "deployment 1 success http://shop.localhost/",
  ]);
  begin("two", "bbb");
  outbox.end("two", "success", "Released v2");
  await reporter.drain();
  assert.deepEqual(take(), [
    "status bbb success dynoform/shop: Released v2",
    "make bbb in shop",
    "deployment 2 success http://shop.localhost/",
    "deployment 1 inactive",
  ]);
  assert.equal(outbox.nextAt(), undefined);
});

test("one that failed leaves the one before active", async () => {
  const { begin, outbox, reporter, take } = ground();
  begin("one", "aaa");
  outbox.end("one", "success", "Released v1");
  begin("two", "bbb");
  await reporter.drain();
  take();
  outbox.end("two", "failure", "Not deployed: build failed");
  await reporter.drain();
  assert.deepEqual(take(), ["status bbb failure dynoform/shop: Not deployed: build failed", "deployment 2 failure"]);
});

test("a forge that does not answer is told later, what has changed meanwhile only as it is", async () => {
  const { begin, outbox, reporter, take, state, time } = ground();
  state.fails = () => new ForgeError("unreachable", "GitHub cannot be reached");
  begin("one", "aaa");
  await reporter.drain();
  assert.deepEqual(take(), []);
  assert.equal(outbox.nextAt(), time.now + 5000);
  delete state.fails;
  await reporter.drain();
  assert.deepEqual(take(), [], "not before it is time");
  outbox.end("one", "success", "Released v1");
  await reporter.drain();
  assert.deepEqual(take(), [
    "status aaa success dynoform/shop: Released v1",
    "make aaa in shop",
    "deployment 1 success http://shop.localhost/",
  ]);
});

test("a limit is kept to", async () => {
  const { begin, outbox, reporter, state, time } = ground();
  state.fails = () => new ForgeError("limited", "less", time.now + 600_000);
  begin("one", "aaa");
  await reporter.drain();
  assert.equal(outbox.nextAt(), time.now + 600_000);
});

test("what was told is not told again by the next control plane, and a deployment is made once", async () => {
  const { begin, outbox, reporter, take, state, clock, store } = ground();
  begin("one", "aaa");
  state.fails = (line) => (line.startsWith("make") ? new ForgeError("unreachable", "cut") : undefined);
  await reporter.drain();
  assert.deepEqual(take(), ["status aaa pending dynoform/shop: Deploying to shop"]);
  delete state.fails;
  const next = new Outbox(store, clock);
  assert.deepEqual(next.open(), ["one"]);
  next.end("one", "success", "Released v1");
  await reporter.drain();
  assert.deepEqual(take(), [
    "status aaa success dynoform/shop: Released v1",
    "find aaa in shop",
    "deployment 1 success http://shop.localhost/",
  ]);
  assert.equal(outbox.nextAt(), undefined);
});

test("what a credential may not do is said once and left out", async () => {
  const { begin, outbox, reporter, take, log, state } = ground();
  state.fails = (line) => (line.startsWith("status") ? undefined : new ForgeError("forbidden", "the token may not"));
  begin("one", "aaa");
  outbox.end("one", "success", "Released v1");
  begin("two", "bbb");
  outbox.end("two", "success", "Released v2");
  await reporter.drain();
  assert.deepEqual(take(), [
    "status aaa success dynoform/shop: Released v1",
    "status bbb success dynoform/shop: Released v2",
  ]);
  assert.deepEqual(log, ["shop: GitHub: deployments of this repository are left out from now on: the token may not"]);
  delete state.fails;
  outbox.gained("flask.github");
  begin("three", "ccc");
  await reporter.drain();
  assert.equal(take().includes("deployment 1 in_progress"), true);
});

test("what a forge will never take is dropped, with a line for the operator", async () => {
  const { begin, outbox, reporter, problems, state } = ground();
  state.fails = () => new ForgeError("other", "GitHub refuses this for me/flask: no such commit");
  begin("one", "aaa");
  begin("two", "bbb", "gone");
  await reporter.drain();
  assert.deepEqual(problems, [
    "a deployment of shop cannot be told of: GitHub refuses this for me/flask: no such commit",
  ]);
  assert.equal(outbox.nextAt(), undefined);
});
