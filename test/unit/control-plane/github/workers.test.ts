import assert from "node:assert/strict";
import { test } from "node:test";
import type { LinkMode } from "../../../../model/github/settings.ts";
import { ForgeError, type RepositoryForge } from "../../../../services/control-plane/github/forge/forge.ts";
import { Deliveries } from "../../../../services/control-plane/github/hooks/deliveries.ts";
import { LinkOutputsReader } from "../../../../services/control-plane/github/outputs.ts";
import type { DeclaredLink } from "../../../../services/control-plane/github/ports.ts";
import { DealtHeads } from "../../../../services/control-plane/github/worker/heads.ts";
import { Schedule } from "../../../../services/control-plane/github/worker/schedule.ts";
import { Workers } from "../../../../services/control-plane/github/worker/workers.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import { until } from "../../../support/until.ts";
import { repository } from "./model.ts";

const NEVER = 3_600_000;
const STACK = "flask.github";

test("whatever tells of a repository while it is looked at has it looked at once more", async () => {
  let looks = 0;
  let running = 0;
  const gate = Promise.withResolvers<void>();
  await using schedule = new Schedule({
    async look(told) {
      looks++;
      assert.equal(++running, 1, "one at a time");
      assert.equal(told, true);
      await gate.promise;
      running--;
      return NEVER;
    },
    clock: Date.now,
    apart: 20,
  });
  for (let count = 0; count < 10; count++) schedule.wake();
  await until("it is looked at", async () => looks === 1);
  for (let count = 0; count < 100; count++) schedule.wake();
  gate.resolve();
  await until("it is looked at again", async () => looks === 2 && running === 0);
  schedule.wake();
  await until("it is looked at for the third time", async () => looks > 2);
  assert.equal(looks, 3);
});

test("without being told it is looked at when it is time, and no more once it has ended", async () => {
  let looks = 0;
  const schedule = new Schedule({
    async look() {
      looks++;
      return looks < 3 ? 5 : NEVER;
    },
    clock: Date.now,
    apart: 1,
  });
  schedule.wake();
  await until("it was looked at three times", async () => looks === 3);
  schedule.soon(10);
  await until("sooner than it was time", async () => looks === 4);
  await schedule[Symbol.asyncDispose]();
  assert.equal(schedule.wake(), false);
});

/** A link with a webhook whose branch `main` is deployed by itself, and a forge that can be changed. */
function ground(mode: LinkMode = "auto") {
  const store = openStore(":memory:");
  const deliveries = new Deliveries(store, Date.now);
  const state = { head: "one", links: true, problem: undefined as ForgeError | undefined };
  const looks: string[] = [];
  const pings: string[] = [];
  const gone: string[] = [];
  const link: DeclaredLink = {
    stack: STACK,
    path: "",
    repository: "me/flask",
    baseUrl: "https://github.com",
    mode,
    apps: { shop: { branch: "main", autoDeploy: true, waitForCi: false } },
  };
  const forge = {
    repositoryById: async () => repository("me/flask"),
    async heads() {
      looks.push(state.head);
      if (state.problem !== undefined) throw state.problem;
      return new Map([["main", state.head]]);
    },
  } satisfies Partial<RepositoryForge> as unknown as RepositoryForge;
  const url = "http://here/hooks/github/flask.github?generation=2";
  const webhook = { id: "7", url, generation: 2, previousSecret: "r", secret: "s", nextSecret: "t" };
  const workers = new Workers({
    list: async () => (state.links ? [link] : []),
    outputs: new LinkOutputsReader({
      outputs: async () => ({ repositoryId: 7, credential: { token: "t" }, webhook }),
      written: async () => 1,
    }),
    deliveries,
    clock: Date.now,
    ports: () => ({
      link: async () => link,
      // There is no such app, so nothing is deployed.
      app: async () => undefined,
      open: async () => ({ forge, repository: 7 }),
      fetch: () => assert.fail(),
      follows: () => assert.fail(),
      deploy: () => assert.fail(),
      tell: () => {},
      heads: new DealtHeads(store),
    }),
    ping: async (_stack, hook) => void pings.push(hook),
    gone: (stack) => gone.push(stack),
    report: (problem) => assert.fail(problem),
    pace: { apart: 1, polling: 20, sweep: 40 },
  });
  return {
    workers,
    deliveries,
    state,
    looks,
    pings,
    gone,
    hear: () => deliveries.note(STACK, crypto.randomUUID(), "7 http://here/hooks/github/flask.github"),
    async [Symbol.asyncDispose]() {
      await workers[Symbol.asyncDispose]();
      store.close();
    },
  };
}

test("a webhook counts once it was heard from, and is asked for a ping once", async () => {
  await using there = ground();
  const { workers, pings, hear, looks } = there;
  assert.equal(
    workers.secrets(STACK),
    "unknown",
    "a delivery that comes while the control plane starts is wanted again",
  );
  await workers.sync();
  assert.equal(workers.secrets("other.github"), "absent");
  const secrets = workers.secrets(STACK);
  assert.ok(typeof secrets === "object");
  assert.equal(secrets.hook, "7 http://here/hooks/github/flask.github");
  assert.deepEqual([undefined, 1, 2, 3, 4].map(secrets.secretOf), ["s", "r", "s", "t", undefined]);
  await until("it is polled", async () => looks.length >= 3);
  assert.equal(workers.by(STACK), "polling");
  assert.deepEqual(pings, ["7"]);
  hear();
  assert.equal(workers.by(STACK), "webhook");
});

test("a webhook that did not tell of a move is deaf until it is heard again", async () => {
  await using there = ground();
  const { workers, hear, looks, state } = there;
  await workers.sync();
  hear();
  await until("it was looked at", async () => looks.length > 0);
  state.head = "two";
  workers.mark(STACK);
  await until("it saw the move", async () => looks.includes("two"));
  assert.equal(workers.by(STACK), "webhook");
  state.head = "three";
  await until(
    "it found the next one by itself",
    async () => looks.includes("three") && workers.by(STACK) === "polling",
  );
  hear();
  assert.equal(workers.by(STACK), "webhook");
});

test("what is declared wins over what was heard", async () => {
  await using polling = ground("polling");
  await polling.workers.sync();
  polling.hear();
  assert.equal(polling.workers.by(STACK), "polling");
  await until("it is looked at", async () => polling.looks.length > 1);
  assert.deepEqual(polling.pings, []);
  await using hooked = ground("webhook");
  await hooked.workers.sync();
  assert.equal(hooked.workers.by(STACK), "webhook");
});

test("a forge that is away is asked again, one that sets a limit after it, and a link that is gone not at all", async () => {
  await using there = ground();
  const { workers, looks, state, gone } = there;
  state.problem = new ForgeError("unreachable", "GitHub cannot be reached");
  await workers.sync();
  await until("it is asked again", async () => looks.length >= 3);
  assert.equal(workers.of(STACK)?.problem("shop"), "GitHub cannot be reached");
  state.problem = new ForgeError("limited", "GitHub wants to be asked less", Date.now() + NEVER);
  const before = looks.length;
  await until("it hears of the limit", async () => looks.length > before);
  const limited = looks.length;
  await using another = ground();
  await another.workers.sync();
  await until("another one was looked at several times", async () => another.looks.length >= 5);
  assert.equal(looks.length, limited);
  state.links = false;
  await workers.sync();
  assert.deepEqual(gone, [STACK]);
  assert.equal(workers.mark(STACK), false);
  assert.equal(workers.secrets(STACK), "absent");
});
