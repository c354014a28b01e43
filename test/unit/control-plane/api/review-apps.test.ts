import assert from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./served.ts";

const PULL = { number: 12, title: "", url: "", open: true, draft: false, branch: "feature", fork: false, commit: "a" };

/** A pipeline that is connected to a repository. */
async function connected() {
  const served = await serve();
  const { body } = await served.ask("POST", "/pipelines", { body: { name: "flask" } });
  await served.ask("POST", "/account/github", { body: { token: "github_pat_octocat" } });
  const repo = { repo_url: "https://github.com/octocat/hello" };
  assert.equal((await served.ask("POST", "/pipelines/flask/repo", { body: repo })).status, 201);
  return { ...served, id: String(body.id), [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() };
}

test("review apps are enabled, changed and disabled, as the official command line does", async () => {
  await using there = await connected();
  const { ask, id, world } = there;
  const config = `/pipelines/${id}/review-app-config`;
  assert.equal((await ask("GET", "/account/features/dashboard-repositories-api")).body.enabled, true);
  assert.equal((await ask("GET", config)).status, 404);
  const enabled = await ask("POST", config, { body: { pipeline: id, repo: "octocat/hello" } });
  assert.deepEqual([enabled.status, enabled.body.automatic_review_apps], [201, false]);
  const changes = { automatic_review_apps: true, destroy_stale_apps: true, base_name: "shop" };
  const changed = await ask("PATCH", config, { body: changes });
  const { automatic_review_apps, stale_days, base_name } = changed.body;
  assert.deepEqual([automatic_review_apps, stale_days, base_name], [true, 5, "shop"]);
  const [pipeline] = world.pipelines.all.values();
  assert.deepEqual(pipeline?.reviewApps, { automatic: true, ttl: "5 days", baseName: "shop" });
  assert.equal((await ask("DELETE", config, { body: {} })).status, 200);
  assert.equal((await ask("GET", config)).status, 404);
  assert.deepEqual(world.reviews.done, [
    "look flask",
    "look flask",
    "remove all of flask-id: review apps were disabled",
  ]);
  assert.deepEqual(there.problems, []);
});

test("a review app is made by hand, and a fork's commit is approved by whoever is known to the forge", async () => {
  await using there = await connected();
  const { ask, world } = there;
  world.reviews.open.push(PULL);
  const wish = { branch: "feature", pipeline: "flask", source_blob: { url: "resolve", version: null } };
  assert.equal((await ask("POST", "/review-apps", { body: wish })).status, 404, "they are not enabled");
  await ask("POST", "/pipelines/flask/review-app-config", { body: {} });
  const none = await ask("POST", "/review-apps", { body: { ...wish, branch: "none" } });
  assert.match(`${none.status} ${none.body.message}`, /^422 There is no open pull request of the branch none/);
  const { status, body } = await ask("POST", "/review-apps", { body: wish });
  assert.deepEqual([status, body.status, body.pr_number, body.app], [201, "pending", 12, null]);
  assert.deepEqual((await ask("GET", `/review-apps/${body.id}`)).body, body);
  assert.deepEqual((await ask("GET", "/pipelines/flask/review-apps")).body, [body]);
  assert.equal((await ask("POST", "/pipelines/flask/review-apps/12/approve", { body: { commit: "a" } })).status, 200);
  assert.match(world.reviews.done.at(-1) ?? "", /^\w+ approves a of 12$/);
  assert.equal((await ask("GET", "/apps/shop/review-app")).status, 404);
  assert.deepEqual(there.problems, []);
});

test("a pipeline's review apps go before it, and before the way to its repository", async () => {
  await using there = await connected();
  const { ask, world } = there;
  await ask("DELETE", "/pipelines/flask/repo", { body: {} });
  await ask("DELETE", "/pipelines/flask", { body: { name: "flask" } });
  assert.deepEqual(world.reviews.done, [
    "remove all of flask-id: its pipeline was disconnected",
    "remove all of flask-id: its pipeline was destroyed",
  ]);
  assert.deepEqual([...world.pipelines.all.values()], []);
});
