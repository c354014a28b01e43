import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../../lib/errors.ts";
import { until } from "../../../support/until.ts";
import { type Served, serve } from "./served.ts";

/** A pipeline with `blog` in staging and `shop` in production. */
async function piped() {
  const served = await serve();
  const { body } = await served.ask("POST", "/pipelines", { body: { name: "flask", owner: { type: "user" } } });
  for (const [app, stage] of [
    ["shop", "staging"],
    ["blog", "production"],
  ]) {
    const { status } = await served.ask("POST", "/pipeline-couplings", { body: { app, pipeline: body.id, stage } });
    assert.equal(status, 201);
  }
  return { ...served, served, id: String(body.id), [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() };
}

async function idOf(served: Served, app: string): Promise<string> {
  return (await served.ask("GET", `/apps/${app}`)).body.id;
}

/** Promotes to `blog`, as the official command line does. */
async function promote(served: Served, pipeline: string, more: Record<string, unknown> = {}, query = "") {
  const [source, target] = [await idOf(served, "shop"), await idOf(served, "blog")];
  const body = {
    pipeline: { id: pipeline },
    source: { app: { id: source }, ...more },
    targets: [{ app: { id: target } }],
  };
  return served.ask("POST", `/pipeline-promotions${query}`, { body });
}

const said = ({ status, body }: { status: number; body: { message?: string } }) => `${status} ${body.message}`;

test("a pipeline is made, found by name and id, renamed and destroyed", async () => {
  await using served = await serve();
  assert.deepEqual((await served.ask("GET", "/pipelines")).body, []);
  const body = { name: "flask", owner: { type: "user", id: (await served.ask("GET", "/account")).body.id } };
  const { status, body: made } = await served.ask("POST", "/pipelines", { body });
  assert.deepEqual([status, made.name, made.generation.name, made.owner.type], [201, "flask", "cedar", "user"]);
  const found = await served.ask("GET", "/pipelines?eq[name]=flask");
  assert.deepEqual(found.body, [made]);
  assert.deepEqual((await served.ask("GET", "/pipelines?eq[name]=none")).body, []);
  for (const which of ["flask", made.id]) assert.deepEqual((await served.ask("GET", `/pipelines/${which}`)).body, made);
  assert.match(said(await served.ask("POST", "/pipelines", { body })), /^422 Name flask is taken/);
  assert.match(said(await served.ask("POST", "/pipelines", { body: {} })), /^422 name is required/);
  const team = { name: "other", owner: { type: "team", id: "x" } };
  assert.match(said(await served.ask("POST", "/pipelines", { body: team })), /^422 There is no team here/);
  const renamed = await served.ask("PATCH", `/pipelines/${made.id}`, { body: { name: "django" } });
  assert.deepEqual([renamed.body.name, renamed.body.id], ["django", made.id]);
  const dry = await served.ask("DELETE", "/pipelines/django?dry_run=1", { body: { name: "django" } });
  assert.equal(dry.body.description, "Destroy the pipeline django");
  assert.equal((await served.ask("DELETE", "/pipelines/django", { body: { name: "django" } })).body.id, made.id);
  assert.match(said(await served.ask("GET", "/pipelines/django")), /^404 Couldn't find that pipeline/);
  assert.deepEqual(served.problems, []);
});

test("apps are put into stages, moved and taken out, and each is in one pipeline", async () => {
  await using there = await piped();
  const { ask, id } = there;
  const list = (await ask("GET", `/pipelines/${id}/pipeline-couplings`)).body;
  assert.deepEqual(
    list.map((each: { app: { name: string }; stage: string }) => [each.app.name, each.stage]),
    [
      ["shop", "staging"],
      ["blog", "production"],
    ],
  );
  assert.deepEqual((await ask("GET", "/pipeline-couplings")).body, list);
  assert.deepEqual((await ask("GET", "/users/~/pipeline-couplings")).body, list);
  const own = await ask("GET", "/apps/shop/pipeline-couplings");
  assert.deepEqual([own.body, own.body.pipeline.name], [list[0], "flask"]);
  assert.deepEqual((await ask("GET", `/pipeline-couplings/${own.body.id}`)).body, own.body);
  const ids = list.map((each: { app: { id: string } }) => each.app.id);
  const filtered = await ask("POST", "/filters/apps", { body: { in: { id: ids } } });
  assert.deepEqual(filtered.body.map(({ name }: { name: string }) => name).sort(), ["blog", "shop"]);

  await ask("POST", "/pipelines", { body: { name: "other" } });
  const twice = await ask("POST", "/pipeline-couplings", {
    body: { app: "shop", pipeline: "other", stage: "staging" },
  });
  assert.equal(said(twice), "422 shop is in the pipeline flask already.");
  const strange = await ask("PATCH", `/pipeline-couplings/${own.body.id}`, { body: { stage: "review" } });
  assert.equal(said(strange), "422 stage must be one of development, staging, production.");
  const moved = await ask("PATCH", `/pipeline-couplings/${own.body.id}`, { body: { stage: "development" } });
  assert.deepEqual([moved.body.stage, moved.body.id], ["development", own.body.id]);
  await ask("DELETE", `/pipeline-couplings/${own.body.id}`, { body: {} });
  assert.equal((await ask("GET", "/apps/shop/pipeline-couplings")).status, 404);
  assert.deepEqual(there.world.pipelines.acts.slice(-2), [
    "Move shop to development in the pipeline flask by me@example.com",
    "Remove shop from the pipeline flask by me@example.com",
  ]);
});

test("a release is promoted: the same commit and image, by one change of the target", async () => {
  await using there = await piped();
  const { ask, id, world, served } = there;
  world.release("Deploy 2222222");
  const { status, body } = await promote(served, id);
  assert.deepEqual([status, body.status, body.updated_at], [201, "pending", null]);
  const targets = () => ask("GET", `/pipeline-promotions/${body.id}/promotion-targets`);
  await until("it is promoted", async () => (await targets()).body[0].status === "succeeded");
  assert.deepEqual(world.sources, [{ app: "blog", commit: "2".repeat(40), image: "sha256:2" }]);
  assert.deepEqual(world.acts, ["Copy v2 of shop to blog"]);
  assert.equal(world.changes.at(-1)?.act.description, `Promote shop v2 ${"2".repeat(8)}`);
  const [target] = (await targets()).body;
  assert.deepEqual([target.error_message, typeof target.release.id], [null, "string"]);
  assert.equal((await ask("GET", `/pipeline-promotions/${body.id}`)).body.status, "completed");
  assert.ok(world.said("blog").includes(`app[api]: Promote shop v2 22222222 by user me@example.com`));
  assert.deepEqual((await ask("GET", `/pipelines/${id}/promotions`)).body.length, 1);

  const { body: releases } = await ask("GET", "/apps/shop/releases");
  await promote(served, id, { release: { id: releases[0].id } });
  await until("an older release is", async () => world.sources.length === 2);
  assert.equal(world.sources[1]?.image, "sha256:1");
});

test("a promotion that fails says why, and what cannot be promoted is refused before", async () => {
  await using there = await piped();
  const { ask, id, world, served } = there;
  world.failure = new UserError("the release command failed: exit code 1");
  const { body } = await promote(served, id);
  const targets = () => ask("GET", `/pipeline-promotions/${body.id}/promotion-targets`);
  await until("it has failed", async () => (await targets()).body[0].status === "failed");
  const [target] = (await targets()).body;
  assert.deepEqual([target.error_message, target.release], ["the release command failed: exit code 1", null]);
  world.failure = undefined;

  const dry = await promote(served, id, {}, "?dry_run=1");
  assert.deepEqual([dry.body.description, dry.body.app], ["Promote v1 of shop to blog", "blog"]);
  assert.deepEqual(world.sources.length, 1, "a preview changes nothing");
  assert.match(said(await promote(served, id, { release: { id: "none" } })), /^404 Couldn't find that release/);
  Object.assign(world.ledger[0] as object, { image: "sha256:gone" });
  assert.match(
    said(await promote(served, id)),
    /^422 The image of v1 of shop is gone from the host. Deploy shop again/,
  );
  const self = { pipeline: { id }, source: { app: { id: await idOf(served, "shop") } } };
  const targetsOf = async (app: string) => ({ ...self, targets: [{ app: { id: await idOf(served, app) } }] });
  assert.match(
    said(await ask("POST", "/pipeline-promotions", { body: await targetsOf("shop") })),
    /^422 Cannot promote from an app to itself: shop/,
  );
  assert.match(
    said(await ask("POST", "/pipeline-promotions", { body: { ...self, targets: [] } })),
    /^422 Name at least one/,
  );
  const { body: coupling } = await ask("GET", "/apps/blog/pipeline-couplings");
  await ask("DELETE", `/pipeline-couplings/${coupling.id}`, { body: {} });
  assert.match(said(await promote(served, id)), /^422 blog is not in the pipeline flask/);
  assert.deepEqual(served.problems, []);
});

test("images are shared between apps of one owner, and pipelines are their owners'", async () => {
  await using there = await piped();
  const { ask, id, world, served } = there;
  const { accounts } = served;
  const eve = accounts.users.create({ email: "eve@example.com", role: "member", password: undefined });
  const { token } = accounts.authorizations.create({ user: eve.id, description: "tests", expiresIn: undefined });
  const asEve = (method: string, path: string, body?: unknown) =>
    ask(method, path, { body, headers: { authorization: `Bearer ${token}` } });
  assert.deepEqual((await asEve("GET", "/pipelines")).body, []);
  assert.equal((await asEve("GET", "/pipelines/flask")).status, 404);
  accounts.access.add("shop-id", eve.id);
  assert.equal((await asEve("GET", "/pipelines/flask")).status, 200, "with an app of it one sees it");
  assert.equal((await asEve("GET", `/pipelines/${id}/pipeline-couplings`)).body.length, 1, "and no other's apps");
  for (const [method, path, body] of [
    ["PATCH", `/pipelines/${id}`, { name: "mine" }],
    ["DELETE", `/pipelines/${id}`, {}],
    ["GET", `/pipelines/${id}/stage/review/config-vars`, undefined],
    ["POST", "/pipeline-couplings", { app: "shop", pipeline: id, stage: "staging" }],
    ["POST", "/pipeline-transfers", { pipeline: { id }, new_owner: { id: eve.id } }],
  ] as const) {
    assert.match(said(await asEve(method, path, body)), /^403 Only the owner of the pipeline flask/, path);
  }
  const [source, target] = [await idOf(served, "shop"), await idOf(served, "blog")];
  const body = { pipeline: { id }, source: { app: { id: source } }, targets: [{ app: { id: target } }] };
  assert.match(said(await asEve("POST", "/pipeline-promotions", body)), /^404 Couldn't find that app/);

  accounts.access.give("blog-id", eve.id);
  assert.match(said(await promote(served, id)), /^422 blog belongs to eve@example.com and the pipeline flask to me@/);
  assert.deepEqual(world.sources, []);

  accounts.access.give("blog-id", accounts.users.first().id);
  const to = await ask("GET", "/users/eve@example.com");
  const transfer = { pipeline: { id }, new_owner: { id: to.body.id, type: "user" } };
  const moved = await ask("POST", "/pipeline-transfers", { body: transfer });
  assert.deepEqual([moved.status, moved.body.new_owner.id], [201, eve.id]);
  assert.deepEqual(
    [accounts.owner("shop-id").email, accounts.owner("blog-id").email],
    Array(2).fill("eve@example.com"),
  );
  assert.equal((await asEve("PATCH", `/pipelines/${id}`, { name: "mine" })).body.name, "mine");
});

test("review and test config vars are the pipeline's own", async () => {
  await using there = await piped();
  const { ask, id } = there;
  const path = (stage: string) => `/pipelines/${id}/stage/${stage}/config-vars`;
  assert.deepEqual((await ask("GET", path("review"))).body, {});
  assert.deepEqual((await ask("PATCH", path("review"), { body: { A: "1", B: "2" } })).body, { A: "1", B: "2" });
  assert.deepEqual((await ask("PATCH", path("review"), { body: { B: null } })).body, { A: "1" });
  assert.deepEqual((await ask("PATCH", path("test"), { body: { CI: "yes" } })).body, { CI: "yes" });
  assert.deepEqual((await ask("GET", path("review"))).body, { A: "1" });
  assert.match(said(await ask("PATCH", path("review"), { body: { A: 1 } })), /^422 A must be a text, or null/);
  assert.match(said(await ask("GET", path("staging"))), /^422 Only the stages review and test/);
  assert.ok(!there.world.pipelines.acts.join().includes("yes"), "no value is told");
});

test("a pipeline is connected to a repository, by today's command line and by the next", async () => {
  await using there = await piped();
  const { ask, id, served } = there;
  assert.match(said(await ask("GET", `/pipelines/${id}/repo`)), /^404 Couldn't find a repository: the pipeline flask/);
  assert.match(
    said(await ask("POST", `/pipelines/${id}/repo`, { body: { repo_url: "https://github.com/octocat/hello" } })),
    /^422 Connect your GitHub account first/,
  );
  await ask("POST", "/account/github", { body: { token: "github_pat_octocat" } });
  const kolkrabbi = `http://kolkrabbi.heroku.com/pipelines/${id}/repository`;
  const made = await ask("POST", kolkrabbi, { body: { repository: 1 } });
  assert.deepEqual([made.status, made.body.repository.name], [201, "octocat/hello"]);
  assert.deepEqual((await ask("GET", kolkrabbi)).body.repository.name, "octocat/hello");
  assert.deepEqual((await ask("GET", `/pipelines/${id}/repo`)).body.full_name, "octocat/hello");
  const branch = await ask("GET", `/pipelines/${id}/repo/branches/next`);
  assert.deepEqual(branch.body, { name: "next", commit: { sha: "2".repeat(40) } });
  assert.match(said(await ask("GET", `/pipelines/${id}/repo/branches/none`)), /^404 Couldn't find the branch none/);
  assert.equal((await ask("GET", `/pipelines/${id}/repo/compare?base=a&head=b`)).body.ahead_by, 1);
  assert.equal((await ask("DELETE", `/pipelines/${id}/repo`, { body: {} })).status, 200);
  assert.equal((await ask("GET", kolkrabbi)).status, 404);
  const next = { repo_url: "https://github.com/octocat/spoon-knife" };
  assert.equal((await ask("POST", `/pipelines/${id}/repo`, { body: next })).body.full_name, "octocat/spoon-knife");
  assert.match(said(await ask("POST", kolkrabbi, { body: { repository: "x" } })), /^422 repository must be/);
  assert.deepEqual(served.problems, []);
});

test("what ran in a release can be looked at, for a comparison", async () => {
  await using served = await serve();
  const { body: releases } = await served.ask("GET", "/apps/shop/releases");
  const { status, body } = await served.ask("GET", `/apps/shop/slugs/${releases[0].slug.id}`);
  assert.deepEqual([status, body.commit, body.process_types.web], [200, "1".repeat(40), "uwsgi uwsgi.ini"]);
  assert.equal((await served.ask("GET", "/apps/shop/slugs/none")).status, 404);
});

test("pipelines:setup: two apps made of a repository's app.json, and the staging one deployed by itself", async () => {
  await using served = await serve();
  const { ask } = served;
  await ask("POST", "/account/github", { body: { token: "github_pat_octocat" } });
  const { body: pipeline } = await ask("POST", "/pipelines", { body: { name: "pipe" } });
  const kolkrabbi = "http://kolkrabbi.heroku.com";
  await ask("POST", `${kolkrabbi}/pipelines/${pipeline.id}/repository`, { body: { repository: 1 } });
  const { body: archive } = await ask("GET", `${kolkrabbi}/github/repos/octocat/hello/tarball/main`);
  assert.deepEqual(archive, { archive_link: "https://github.com/octocat/hello/tarball/main" });
  assert.deepEqual((await ask("GET", "/repos/octocat/hello/archives/main")).body, archive);
  const setUp = async (name: string, stage: string) => {
    const body = {
      app: { name, personal: true },
      pipeline_coupling: { pipeline: pipeline.id, stage },
      source_blob: { url: archive.archive_link },
      overrides: { env: { A: "1" } },
    };
    const made = await ask("POST", "/app-setups", { body });
    assert.deepEqual([made.status, made.body.app.name, made.body.status], [201, name, "pending"]);
    await until(
      "it is set up",
      async () => (await ask("GET", `/app-setups/${made.body.id}`)).body.status === "succeeded",
    );
    return made.body.app.id;
  };
  await setUp("pipe", "production");
  const staging = await setUp("pipe-staging", "staging");
  assert.deepEqual(served.world.setups, [
    { app: "pipe", commit: "1".repeat(40), config: { A: "1" } },
    { app: "pipe-staging", commit: "1".repeat(40), config: { A: "1" } },
  ]);
  const shared = await ask("GET", `${kolkrabbi}/apps/${staging}/github`);
  assert.deepEqual(
    [shared.body.repo, shared.body.branch],
    ["octocat/hello", null],
    "of its pipeline, for a comparison",
  );
  assert.equal((await ask("GET", `/apps/${staging}/github`)).status, 404, "the app itself is connected to none");
  assert.equal((await ask("GET", `${kolkrabbi}/apps/shop/github`)).status, 404);
  const link = await ask("PATCH", `${kolkrabbi}/apps/${staging}/github`, {
    body: { auto_deploy: true, wait_for_ci: true, pull_requests: { enabled: true } },
  });
  assert.deepEqual([link.body.repo, link.body.auto_deploy, link.body.wait_for_ci], ["octocat/hello", true, true]);
  const ci = await ask("PATCH", `${kolkrabbi}/pipelines/${pipeline.id}/repository`, { body: { ci: true } });
  assert.equal(ci.body.ci, false);
  assert.match(String(ci.headers["warning-message"]), /Test runs are not part of this platform yet/);
  const stages = (await ask("GET", `/pipelines/${pipeline.id}/pipeline-couplings`)).body;
  assert.deepEqual(
    stages.map(({ stage }: { stage: string }) => stage),
    ["staging", "production"],
  );
  assert.deepEqual(served.problems, []);
});

test("an app is set up of an archive too, and of nothing from elsewhere", async () => {
  await using served = await serve();
  const { ask } = served;
  const setUp = (body: unknown) => ask("POST", "/app-setups", { body });
  assert.match(said(await setUp({ app: { name: "new" } })), /^422 source_blob/);
  const url = "https://github.com/octocat/hello/tarball/main/";
  assert.match(said(await setUp({ source_blob: { url } })), /^422 Connect your GitHub account first/);
  assert.match(
    said(await setUp({ app: { name: "new", team: "x" }, source_blob: { url: "https://example.com/x.tgz" } })),
    /^422 There is no team here/,
  );
  assert.match(
    said(await setUp({ source_blob: { url }, overrides: { env: { A: 1 } } })),
    /^422 overrides\.env\.A must be/,
  );
  assert.equal((await ask("GET", "/app-setups/none")).status, 404);
  assert.ok(!served.world.apps.has("new"), "nothing is made of what is refused");
});
