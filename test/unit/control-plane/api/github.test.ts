import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, serve } from "./served.ts";

/** A server whose caller has connected `octocat`. */
async function connected() {
  const served = await serve();
  const { status } = await served.ask("POST", "/account/github", { body: { token: "github_pat_octocat" } });
  assert.equal(status, 201);
  return served;
}

const PATH = "/apps/shop/github";

test("an account is connected by a token, which nothing ever shows again", async () => {
  await using served = await serve();
  const nobody = await served.ask("GET", "/account/github");
  assert.deepEqual([nobody.body.connected, nobody.body.login, nobody.body.by_code], [false, null, false]);
  assert.equal((await served.ask("GET", "/account/github/token")).status, 404);

  const refused = await served.ask("POST", "/account/github", { body: { token: "github_pat_wrong" } });
  assert.deepEqual(
    [refused.status, refused.body.message],
    [422, "GitHub does not take the credential: it was revoked, or is wrong."],
  );
  const strange = await served.ask("POST", "/account/github", { body: { token: "two words" } });
  assert.match(strange.body.message, /no token of GitHub's/);

  const { status, body } = await served.ask("POST", "/account/github", { body: { token: " github_pat_octocat\n" } });
  assert.deepEqual([status, body.connected, body.login, body.way], [201, true, "octocat", "token"]);
  const shown = [await served.ask("GET", "/account/github"), await served.ask("GET", "/account/github/token")];
  for (const answer of [body, ...shown]) assert.ok(!JSON.stringify(answer).includes("github_pat_octocat"));

  assert.equal((await served.ask("DELETE", "/account/github")).body.login, "octocat");
  assert.equal((await served.ask("GET", "/account/github")).body.connected, false);
  assert.equal((await served.ask("DELETE", "/account/github")).status, 404);
});

test("an app is connected, changed and disconnected, as Heroku's dashboard does it", async () => {
  await using served = await connected();
  const { world } = served;
  assert.deepEqual((await served.ask("GET", PATH)).body.id, "not_found");
  const made = await served.ask("POST", PATH, { body: { repo: "octocat/hello" } });
  assert.equal(made.status, 201);
  const { id, app_id, owner, ...link } = made.body;
  assert.match(`${id} ${app_id}`, /^[\w-]{36} [\w-]{36}$/);
  assert.equal(owner.email, "me@example.com");
  assert.deepEqual(link, {
    repo: "octocat/hello",
    repo_id: 1,
    branch: "main",
    auto_deploy: false,
    wait_for_ci: false,
    stale_days: null,
    pull_requests: { enabled: false, auto_deploy: false, auto_destroy: false },
    html_url: "https://github.com/octocat/hello",
    stack: "hello.github",
    forge: "github",
    status: { by: "polling", head: "1".repeat(40), looked_at: null, waiting: null, problem: null },
  });
  assert.deepEqual((await served.ask("GET", PATH)).body, made.body);

  const changed = await served.ask("PATCH", PATH, { body: { branch: "next", auto_deploy: true, wait_for_ci: true } });
  const { branch, auto_deploy, wait_for_ci } = changed.body;
  assert.deepEqual([branch, auto_deploy, wait_for_ci], ["next", true, true]);
  assert.equal((await served.ask("PATCH", PATH, { body: { auto_deploy: true } })).status, 200);
  const off = await served.ask("PATCH", PATH, { body: { auto_deploy: false } });
  assert.deepEqual([off.body.auto_deploy, off.body.branch], [false, "next"]);

  assert.deepEqual((await served.ask("GET", `${PATH}/branches`)).body, [
    { name: "main", commit: { sha: "1".repeat(40) } },
    { name: "next", commit: { sha: "2".repeat(40) } },
  ]);
  const repo = await served.ask("GET", "/apps/shop/repo");
  assert.deepEqual(repo.body, { id: 1, full_name: "octocat/hello", default_branch: "main" });
  assert.equal((await served.ask("DELETE", PATH)).body.repo, "octocat/hello");
  assert.equal((await served.ask("GET", PATH)).status, 404);

  const acts = [
    "Connect to octocat/hello",
    "Enable automatic deploys, take branch next, wait for CI",
    "Disable automatic deploys",
    "Disconnect from octocat/hello",
  ];
  assert.deepEqual(
    world.github.acts.map(({ app, act }) => [app, act.user, act.description]),
    acts.map((description) => ["shop", "me@example.com", description]),
    "what changes nothing is no act",
  );
  assert.deepEqual(world.acts, [], "links note their acts themselves");
  assert.ok(world.said("shop").includes("app[api]: Connect to octocat/hello by user me@example.com"));
});

test("a push by hand deploys a branch's head, and answers with the build", async () => {
  await using served = await connected();
  await served.ask("POST", PATH, { body: { repo: "https://github.com/octocat/hello.git" } });
  const { status, body } = await served.ask("POST", `${PATH}/push`, { body: { branch: "next" } });
  assert.deepEqual([status, body.status, body.source_blob.version], [201, "pending", "2".repeat(40)]);
  assert.equal((await served.ask("GET", `/apps/shop/builds/${body.id}`)).body.id, body.id);
  await served.ask("POST", `${PATH}/push`, { body: {} });
  assert.deepEqual(served.world.github.deployed, ["shop next", "shop main"]);
});

test("each mistake has one line", async () => {
  await using served = await serve();
  const said = async (method: string, path: string, body?: unknown) => {
    const answer = await served.ask(method, path, { body });
    return `${answer.status} ${answer.body.message}`;
  };
  const repo = "octocat/hello";
  assert.match(await said("POST", PATH, { repo }), /^422 Connect your GitHub account first: .*Account page/);
  assert.match(await said("GET", "/github/search/repositories?q=x"), /^422 Connect your GitHub account first/);
  await served.ask("POST", "/account/github", { body: { token: "github_pat_octocat" } });
  assert.equal(await said("POST", PATH, {}), "422 repo is required.");
  for (const wrong of ["hello", "a/b/c", "../x", "a/..", "https://gitlab.com/a/b", "a b/c"]) {
    assert.match(await said("POST", PATH, { repo: wrong }), /^422 That is no repository: write OWNER\/NAME/, wrong);
  }
  assert.match(await said("POST", PATH, { repo: "octocat/none" }), /^422 octocat\/none is not there, or/);
  assert.equal(await said("POST", PATH, { repo, branch: "none" }), "422 octocat/hello has no branch none.");
  assert.equal(await said("POST", PATH, { repo, auto_deploy: "yes" }), "422 auto_deploy must be true or false.");
  for (const [method, path] of [
    ["PATCH", PATH],
    ["DELETE", PATH],
    ["GET", `${PATH}/branches`],
    ["POST", `${PATH}/push`],
    ["GET", "/apps/shop/repo"],
  ] as const) {
    const body = method === "GET" ? undefined : {};
    assert.match(
      await said(method, path, body),
      /^404 Couldn't find a repository: shop is connected to none at GitHub/,
    );
  }
  await served.ask("POST", PATH, { body: { repo } });
  assert.match(await said("POST", PATH, { repo }), /^422 shop is connected already/);
  assert.match(await said("POST", `${PATH}/push`, { branch: "none" }), /^422 octocat\/hello has no branch none/);
  assert.match(await said("PATCH", PATH, { branch: "" }), /^422 branch is empty/);
  served.world.github.logins.clear();
  assert.match(await said("GET", "/github/search/repositories?q=x"), /^422 .*it was revoked/);
  assert.deepEqual(served.problems, []);
});

test("what would happen is said, and nothing does", async () => {
  await using served = await connected();
  const dry = async (method: string, path: string, body?: unknown) =>
    (await served.ask(method, `${path}?dry_run=1`, { body })).body.description;
  assert.equal(await dry("POST", PATH, { repo: "octocat/hello" }), "Connect to octocat/hello");
  await served.ask("POST", PATH, { body: { repo: "octocat/hello" } });
  assert.equal(await dry("PATCH", PATH, { auto_deploy: true }), "Enable automatic deploys");
  assert.equal(await dry("POST", `${PATH}/push`, { branch: "main" }), "Deploy branch main");
  assert.equal(await dry("DELETE", PATH), "Disconnect from octocat/hello");
  assert.equal(await dry("DELETE", "/account/github"), "Forget the GitHub account");
  assert.equal(served.world.github.acts.length, 1);
  assert.deepEqual(served.world.github.deployed, []);
  assert.equal((await served.ask("GET", "/account/github")).body.connected, true);
});

test("repositories are searched and looked at by the caller's own account", async () => {
  await using served = await connected();
  const { body } = await served.ask("GET", "/github/search/repositories?q=spoon");
  assert.deepEqual([body.total_count, body.items[0].full_name], [1, "octocat/spoon-knife"]);
  const one = await served.ask("GET", "/repos/octocat/hello");
  assert.deepEqual([one.body.id, one.body.default_branch, one.body.private], [1, "main", true]);
  const { body: way } = await served.ask("GET", "/repos/octocat/hello/compare/v1...v2");
  assert.deepEqual([way.ahead_by, way.commits[0].commit.author.name], [1, "Octo"]);
  assert.equal((await served.ask("GET", "/repos/octocat/hello/compare/v1")).status, 422);
});

test("official clients get a token that is good where this platform stands for GitHub, and nowhere else", async () => {
  let now = Date.UTC(2026, 0, 1);
  await using served = await serve(() => now);
  await served.ask("POST", "/account/github", { body: { token: "github_pat_octocat" } });
  const { body } = await served.ask("GET", "http://kolkrabbi.heroku.com/account/github/token");
  const { token } = body.github;
  const github = (authorization: string) =>
    ask(served.port, "GET", "http://api.github.com/repos/octocat/hello", undefined, { authorization });
  assert.equal((await github(`Token ${token}`)).body.full_name, "octocat/hello");
  assert.equal((await github(`bearer ${token}`)).status, 200);
  assert.equal((await github(`Token ${token}x`)).status, 401);
  assert.equal((await github("Token github_pat_octocat")).status, 401);
  const own = await ask(served.port, "GET", "/account", undefined, { authorization: `Bearer ${token}` });
  assert.equal(own.status, 401, "it opens nothing else");
  const other = await ask(served.port, "GET", "http://api.github.com/user", undefined, {});
  assert.deepEqual([other.status, other.body.message], [404, "That is not part of this platform yet."]);
  now += 3_600_001;
  assert.equal((await github(`Token ${token}`)).status, 401);
});

test("what scripts ask of kolkrabbi is the same as here, and test runs are not", async () => {
  await using served = await connected();
  const base = "http://kolkrabbi.heroku.com";
  const { body } = await served.ask("POST", `${base}/apps/shop/github`, { body: { repo: "octocat/hello" } });
  assert.deepEqual((await served.ask("GET", PATH)).body, body);
  assert.equal((await served.ask("POST", `${base}/apps/shop/github/push`, { body: { branch: "main" } })).status, 201);
  const { status, body: said } = await served.ask("GET", `${base}/pipelines/x/github`);
  assert.deepEqual([status, said.message], [404, "Heroku CI is not part of this platform yet."]);
  assert.equal((await served.ask("GET", `${base}/account`)).status, 404);
});
