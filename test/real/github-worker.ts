import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { GitHub } from "../support/github/github.ts";
import { linkApp, versionedApp } from "../support/github/linked-app.ts";
import type { TestPlatform } from "../support/platform.ts";
import { finish } from "../support/process.ts";
import { until } from "../support/until.ts";

/** What is in a linked repository comes to serve, by hand and on a push, with the real CLI in the runner. */
export async function deploysFromGitHub(t: TestContext, platform: TestPlatform, github: GitHub): Promise<void> {
  const { api, repository, version } = await linkApp(platform, github);
  // Where it cannot run, the runner takes the embedded engine, and says nothing.
  const cli = await finish(["docker", "exec", `${platform.name}-runner`, "pulumi", "version"], platform.directory);
  assert.match(cli.output, /v3\.256\.0/);
  assert.equal(repository.hooks.size, 1);
  await until("a ping was taken", async () => github.deliveries.all.some(({ status }) => status === 202));
  const started = performance.now();
  const head = await repository.commit("main", versionedApp("pushed"));
  await until("the push serves", async () => (await version()) === "pushed", 180);
  t.diagnostic(`served ${((performance.now() - started) / 1000).toFixed(1)} s after the push`);
  const states = () => repository.deployments.map(({ statuses }) => statuses.at(-1)?.state);
  await until("GitHub knows what runs", async () => states().join(" ") === "inactive success");
  const status = repository.statuses.findLast(({ sha }) => sha === head);
  assert.deepEqual([status?.state, status?.context], ["success", "dynoform/shop"]);
  await api.ask("DELETE", "/apps/shop/github");
  assert.equal(repository.hooks.size, 0);
  assert.equal(await version(), "pushed");
}
