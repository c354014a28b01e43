import assert from "node:assert/strict";
import { test } from "node:test";
import { openForge } from "../../../../services/control-plane/github/forge/open.ts";
import type { DeclaredLink } from "../../../../services/control-plane/github/ports.ts";
import { DealtHeads } from "../../../../services/control-plane/github/worker/heads.ts";
import { Reconciler } from "../../../../services/control-plane/github/worker/reconciler.ts";
import { PACE } from "../../../../services/control-plane/github/worker/schedule.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import { startGitHub } from "../../../support/github/github.ts";

/** Milliseconds. */
const HOUR = 3_600_000;

/** A link that is polled, whose two apps run the heads of their branches, and its worker by a clock of ours. */
async function ground() {
  const github = await startGitHub();
  const repository = await github.repository("octo/flask");
  const heads = new Map([
    ["shop", await repository.commit("main", { "run.py": "1" })],
    ["other", await repository.commit("next", { "run.py": "2" })],
  ]);
  const apps = {
    shop: { branch: "main", autoDeploy: true, waitForCi: true },
    other: { branch: "next", autoDeploy: true, waitForCi: false },
  };
  const forge = openForge({ baseUrl: github.url, credential: { token: github.token("octo").value } });
  const link: DeclaredLink = {
    stack: "flask.github",
    path: "",
    repository: "octo/flask",
    baseUrl: github.url,
    mode: "polling",
    apps,
  };
  const store = openStore(":memory:");
  const time = { now: 0 };
  const reconciler = new Reconciler({
    link: async () => link,
    app: async (stack) => ({ name: stack, id: stack, stack, commit: heads.get(stack) }),
    open: async () => ({ forge, repository: repository.id }),
    fetch: () => assert.fail(),
    follows: () => assert.fail(),
    deploy: () => assert.fail(),
    tell: () => {},
    again: () => {},
    heads: new DealtHeads(store),
    clock: () => time.now,
    report: (problem) => assert.fail(problem),
  });
  return {
    github,
    reconciler,
    time,
    async [Symbol.asyncDispose]() {
      store.close();
      await github[Symbol.asyncDispose]();
    },
  };
}

test("an hour of a link that is polled and idle costs at most 120 requests, and none that counts", async () => {
  await using there = await ground();
  const { github, reconciler, time } = there;
  await reconciler.look();
  github.requests.length = 0;
  for (time.now = PACE.polling; time.now <= HOUR; time.now += PACE.polling) await reconciler.look();
  const statuses = new Set(github.requests.map(({ status }) => status));
  assert.deepEqual([...statuses], [304]);
  assert.ok(github.requests.length <= 120, `${github.requests.length} requests`);
});
