import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../../lib/errors.ts";
import { NOW, type Served, serveDashboard } from "./ground.ts";

const DEPLOY = "/apps/shop/deploy";
const HOSTILE = `"><img src=x onerror=alert(1)>`;

/** What stands on a page, without its markup. */
function words(body: string): string {
  return body
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .replaceAll("&#39;", "'");
}

async function connect(site: Served): Promise<void> {
  const { status, headers } = await site.post("/github/token", { token: "github_pat_octocat", app: "shop" });
  assert.deepEqual([status, headers.location], [303, `${DEPLOY}?method=github`]);
}

async function link(site: Served): Promise<void> {
  await connect(site);
  const { headers } = await site.post("/apps/shop/github/connect", { repo: "octocat/hello" });
  assert.match(String(headers.location), /^\/apps\/shop\/deploy\?method=github&done=/);
}

/** What a form's act ends with that is done at once: where it leads, or the page that says why not. */
async function outcome(site: Served, path: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const { headers } = await site.post(path, fields);
  const place = String(headers.location);
  return place.startsWith("/progress/") ? words((await site.get(place, "ann")).body) : place;
}

test("a new app is one click away from GitHub, and Git stays another", async () => {
  await using site = await serveDashboard();
  const { body } = await site.get(DEPLOY, "ann");
  assert.match(body, /<h2 id="method-name">Deployment method<\/h2>/);
  assert.match(body, /href="\/apps\/shop\/deploy\?method=github">GitHub<\/a>/);
  assert.match(body, /git push heroku main/);
  const { body: github } = await site.get(`${DEPLOY}?method=github`, "ann");
  assert.match(github, /href="\/github\/connect\?app=shop">Connect to GitHub<\/a>/);
  assert.ok(!github.includes("git push heroku main"));
});

test("an account is connected by a token, which no page shows", async () => {
  await using site = await serveDashboard();
  const page = await site.get("/github/connect?app=shop", "ann");
  assert.match(words(page.body), /With a code Not here: dynoform:platform\.github\.clientId is not set\./);
  const refused = await site.post("/github/token", { token: "github_pat_wrong", app: "shop" });
  assert.equal(refused.status, 422);
  assert.match(words(refused.body), /GitHub does not take the credential: it was revoked, or is wrong\./);
  assert.ok(!refused.body.includes("github_pat_wrong"));
  await connect(site);
  for (const path of ["/account", "/github/connect", `${DEPLOY}?method=github`]) {
    const { body } = await site.get(path, "ann");
    assert.match(words(body), /octocat/);
    assert.ok(!body.includes("github_pat_octocat"));
    assert.ok(!(await site.get(path, "ada")).body.includes("octocat"), "it is nobody else's");
  }
  assert.ok(!JSON.stringify(site.audited).includes("github_pat_octocat"));
  assert.deepEqual(
    site.audited.map(({ method, route, status }) => [method, route, status]),
    [
      ["POST", "/account/github", 422],
      ["POST", "/account/github", 201],
    ],
  );
  await site.post("/github/disconnect", {});
  assert.match(words((await site.get("/account", "ann")).body), /None is connected/);
});

test("the form of an App goes to GitHub, and nothing of ours with it", async () => {
  await using site = await serveDashboard();
  const { body, headers } = await site.get("/github/connect?app=shop", "ann");
  assert.match(String(headers["content-security-policy"]), /form-action 'self' https:\/\/github\.com;/);
  const [form = ""] = /<form class="gap" method="post" action="https:\/\/github\.com.*?<\/form>/s.exec(body) ?? [];
  assert.match(
    form,
    /^<form class="gap" method="post" action="https:\/\/github\.com\/settings\/apps\/new\?state=[\w.%-]+">/,
  );
  assert.ok(!form.includes("_csrf"));
  assert.match(form, /http:\/\/dashboard\.localhost:8080\/github\/made/);
  const other = await site.get(DEPLOY, "ann");
  assert.match(String(other.headers["content-security-policy"]), /form-action 'self';/);
  const org = await site.get("/github/connect?app=shop&organization=octo-org", "ann");
  assert.match(org.body, /action="https:\/\/github\.com\/organizations\/octo-org\/settings\/apps\/new\?/);
  const strange = await site.get("/github/connect?app=shop&organization=a/b", "ann");
  assert.match(words(strange.body), /That is no organisation's name at GitHub/);
});

test("an account at a Gitea is connected by a token alone", async () => {
  await using site = await serveDashboard(undefined, { forge: "gitea", baseUrl: "https://git.example.com" });
  const { body } = await site.get("/github/connect?app=shop", "ann");
  assert.match(body, /<h1>Connect to Gitea<\/h1>/);
  assert.match(body, /href="https:\/\/git\.example\.com\/user\/settings\/applications"/);
  for (const other of ['id="app"', 'id="code"', "GitHub App"]) assert.ok(!body.includes(other), other);
  assert.match(words((await site.get(`${DEPLOY}?method=github`, "ann")).body), /Connect a Gitea account/);
});

test("what a disconnection leaves at GitHub is said where it is done", async () => {
  await using site = await serveDashboard();
  await link(site);
  site.world.github.left = ["Remove by hand: the webhook whose address names hello.github"];
  const { headers } = await site.post("/apps/shop/github/disconnect", { repo: "octocat/hello", confirmed: "yes" });
  const { body } = await site.get(String(headers.location), "ann");
  assert.match(
    words(body),
    /shop is disconnected from octocat\/hello\. Warning: Remove by hand: the webhook whose address names/,
  );
});

test("what comes back from GitHub and was not begun here is refused in one line", async () => {
  await using site = await serveDashboard();
  const made = await site.get("/github/made?code=abc&state=forged.x", "ann");
  assert.deepEqual([made.status, /something that you did not begin here/.test(made.body)], [422, true]);
  const { body } = await site.get("/github/connect", "ada");
  const [, state = ""] = /apps\/new\?state=([^"]+)"/.exec(body) ?? [];
  assert.match((await site.get(`/github/made?code=abc&state=${state}`, "ann")).body, /you did not begin here/);
  const installed = await site.get("/github/installed?installation_id=1&setup_action=install", "ann");
  assert.match(installed.body, /No GitHub App of yours is known here/);
  const asked = await site.get("/github/installed?setup_action=request", "ann");
  assert.match(words(asked.body), /owners were asked to install the App/);
  assert.match((await site.get("/github/made", "ann")).body, /code is required/);
});

test("a repository is searched, and one that cannot be seen is said to be", async () => {
  await using site = await serveDashboard();
  await connect(site);
  const look = async (q: string) =>
    (await site.get(`${DEPLOY}?${new URLSearchParams({ method: "github", q })}`, "ann")).body;
  const all = await look("");
  for (const name of ["octocat/hello", "octocat/spoon-knife"])
    assert.match(all, new RegExp(`name="repo" value="${name}"`));
  assert.ok(!(await look("spoon")).includes("octocat/hello"));
  assert.match(words(await look("nothing")), /No repository that this connection may see has “nothing” in its name/);
  assert.match(await look("octocat/hello"), /name="repo" value="octocat\/hello"/);
  assert.match(words(await look("octocat/none")), /octocat\/none is not there, or this credential may not see it/);
  assert.ok(!(await look(HOSTILE)).includes("<img"));
  site.world.github.logins.clear();
  assert.match(words(await look("hello")), /it was revoked, or is wrong/);
});

test("an app is connected, deploys by hand and by itself, and is disconnected after a look at what goes", async () => {
  await using site = await serveDashboard();
  await link(site);
  const { world } = site;
  const page = async () => (await site.get(DEPLOY, "ann")).body;
  const first = await page();
  assert.match(first, /aria-current="page">GitHub<\/a>/);
  assert.match(first, /<a href="https:\/\/github\.com\/octocat\/hello" rel="noreferrer">octocat\/hello<\/a>/);
  assert.match(words(first), /Automatic deploys off/);
  assert.match(
    words(first),
    /Last look none yet Pushes are learnt of by polling, each minute Declared in stacks\/Pulumi\.hello\.github\.yaml/,
  );
  assert.match(
    first,
    /<label for="manual-branch">Branch to deploy<\/label><select id="manual-branch" name="branch"><option value="main" selected>main<\/option><option value="next">next<\/option>/,
  );

  await site.post("/apps/shop/github/automatic", { enabled: "on", branch: "next", wait: "on" });
  const { branch, autoDeploy, waitForCi } = world.github.links.get("shop") ?? {};
  assert.deepEqual([branch, autoDeploy, waitForCi], ["next", true, true]);
  world.github.states.set("shop", { lookedAt: NOW - 120_000, by: "webhook", waiting: "2222222 waits for build." });
  assert.match(
    words(await page()),
    /2222222 waits for build\. .* Last look 2 minutes ago Pushes are learnt of by webhook/,
  );
  assert.match(
    words(await page()),
    /Automatic deploys on Each push to next is deployed once its checks have passed ?\./,
  );
  await site.post("/apps/shop/github/automatic", { enabled: "off" });
  assert.equal(world.github.links.get("shop")?.autoDeploy, false);

  const { headers } = await site.post("/apps/shop/github/deploy", { branch: "main" });
  assert.match(String(headers.location), /^\/apps\/shop\/builds\/[\w-]+\?done=/);
  assert.deepEqual(world.github.deployed, ["shop main"]);

  const preview = await site.post("/apps/shop/github/disconnect", { repo: "octocat/hello" });
  assert.match(words(preview.body), /its webhook there and its stack file here go/);
  assert.ok(world.github.links.has("shop"));
  await site.post("/apps/shop/github/disconnect", { repo: "octocat/hello", confirmed: "yes" });
  assert.ok(!world.github.links.has("shop"));
});

test("a build's page goes on until it has ended, and shows what was said as text", async () => {
  await using site = await serveDashboard();
  await link(site);
  await site.post("/apps/shop/github/deploy", { branch: "main" });
  const { github, buildLogs } = site.world;
  const [[id, build] = []] = [...github.builds];
  assert.ok(id !== undefined && build !== undefined);
  const page = async () => (await site.get(`/apps/shop/builds/${id}`, "ann")).body;
  assert.match(await page(), /<noscript><meta http-equiv="refresh" content="2"><\/noscript>/);
  buildLogs.set(id, `-----> Python app detected\n${HOSTILE}\n`);
  const pending = await page();
  assert.match(pending, /data-progress/);
  assert.match(pending, /-----&gt; Python app detected/);
  assert.ok(!pending.includes("<img"));
  github.builds.set(id, { ...build, status: "succeeded", release: 2 });
  const done = await page();
  assert.match(words(done), /Your app was successfully deployed\. View/);
  assert.match(done, /class="button" href="http:\/\/shop\.localhost:8080\/"/);
  assert.ok(!done.includes("data-progress") && !done.includes("http-equiv"));
  github.builds.set(id, { ...build, status: "failed" });
  assert.match(words(await page()), /It was not deployed\. The log says why; shop runs what it ran before\./);
  assert.equal((await site.get(`/apps/shop/builds/${id}`, "ada")).status, 200);
  assert.equal((await site.get(`/apps/blog/builds/${id}`, "ada")).status, 404);
});

test("each mistake has one line, in the page", async () => {
  await using site = await serveDashboard();
  await link(site);
  const { github } = site.world;
  assert.match(
    await outcome(site, "/apps/shop/github/deploy", { branch: "gone" }),
    /octocat\/hello has no branch gone\./,
  );
  const wrong = { enabled: "on", branch: "gone" };
  assert.match(await outcome(site, "/apps/shop/github/automatic", wrong), /octocat\/hello has no branch gone\./);
  assert.match(
    await outcome(site, "/apps/shop/github/connect", { repo: "octocat/hello" }),
    /shop is connected already/,
  );
  assert.match(await outcome(site, "/apps/blog/github/connect", { repo: "octocat/hello" }), /Couldn't find that app/);
  assert.ok(!(await site.get(DEPLOY, "ann")).body.includes("again"), "nothing is to be mended yet");
  github.states.set("shop", { problem: "GitHub refuses the token: it was revoked, or has expired. Connect again." });
  assert.match(words((await site.get(DEPLOY, "ann")).body), /GitHub refuses the token: it was revoked/);
  assert.match(
    (await site.get(DEPLOY, "ann")).body,
    /<button class="second small">Connect the repository again<\/button>/,
  );
  github.links.delete("shop");
  await site.post("/apps/shop/github/connect", { repo: "octocat/hello", branch: "next", auto: "on", wait: "off" });
  const { branch, autoDeploy, waitForCi } = github.links.get("shop") ?? {};
  assert.deepEqual([branch, autoDeploy, waitForCi], ["next", true, false], "it stays as it was");
  github.unreadable = new UserError("octocat/hello is not there, or the token may not see it");
  const { status, body } = await site.get(DEPLOY, "ann");
  assert.equal(status, 200);
  assert.match(words(body), /octocat\/hello is not there, or the token may not see it/);
  assert.match(body, /<input id="manual-branch" name="branch" value="next"/);
  assert.deepEqual(site.problems, []);
});
