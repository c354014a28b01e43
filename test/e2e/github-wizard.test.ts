import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { openGitHubForge } from "../../services/control-plane/github/forge/github.ts";
import { accessibilityProblems, screenshot, startBrowser, watch } from "../support/browser.ts";
import { startGitHub } from "../support/github/github.ts";
import { type Served, serveDashboard } from "../unit/control-plane/dashboard/ground.ts";
import { cookieOf, type Who } from "../unit/control-plane/web/ground.ts";

/** Milliseconds that the browser may wait for anything. */
const PATIENCE = 30_000;
const DESK = { width: 1200, height: 800 };
const PHONE = { width: 390, height: 800 };
const CLIENT = "Iv1.0123456789abcdef";

/** The dashboard over a world of fakes, in a browser, beside a GitHub where `octocat` has `hello` with two branches. */
async function start() {
  const parts = new AsyncDisposableStack();
  const github = parts.use(await startGitHub());
  const hello = await github.repository("octocat/hello", { private: true });
  const first = await hello.commit("main", { "run.py": "print('hello')\n" });
  await hello.moveBranch("next", first);
  await github.repository("hubot/secret", { private: true });
  github.state.deviceClients.add(CLIENT);
  github.state.deviceInterval = 1;
  github.state.visitor = github.user("octocat");
  const served = parts.use(
    await serveDashboard(undefined, { baseUrl: github.url, clientId: CLIENT, open: openGitHubForge }),
  );
  const server = createServer((request, response) => void served.site.serve(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  parts.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const browser = parts.use(await startBrowser());
  const site = `http://dashboard.localhost:${(server.address() as AddressInfo).port}`;
  return { github, served, browser, site, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

type Ground = Awaited<ReturnType<typeof start>>;

/** Somebody's browser, logged in. */
async function visitor({ browser, site }: Ground, who: Who, javaScriptEnabled = true): Promise<[Page, BrowserContext]> {
  const context = await (browser as Browser).newContext({ viewport: DESK, javaScriptEnabled });
  context.setDefaultTimeout(PATIENCE);
  const [name = "", value = ""] = cookieOf(who).split("=");
  await context.addCookies([{ name, value, url: site, httpOnly: true, sameSite: "Lax" }]);
  return [await context.newPage(), context];
}

async function seen(page: Page, name: string): Promise<void> {
  assert.deepEqual(await accessibilityProblems(page), [], name);
  await screenshot(page, `github-${name}`);
  await page.setViewportSize(PHONE);
  const overflow = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
  await page.setViewportSize(DESK);
  assert.ok(overflow <= 0, `${name}: ${overflow} pixels too wide for a phone`);
}

async function main(page: Page): Promise<string> {
  return ((await page.locator("main").textContent()) ?? "").replaceAll(/\s+/g, " ");
}

/** Ends the build that was begun last, with what it says. */
function finishBuild({ world }: Served, status: "succeeded" | "failed", log: string): void {
  const [id = "", build] = [...world.github.builds].at(-1) ?? [];
  assert.ok(build !== undefined);
  world.buildLogs.set(id, log);
  world.github.builds.set(id, { ...build, status });
}

test("an app is deployed from GitHub, click by click", { timeout: 900_000 }, async (t) => {
  await using ground = await start();
  const { github, served, site } = ground;
  const { world } = served;

  await t.test("by a GitHub App", async () => {
    const [page] = await visitor(ground, "ann");
    const problems = watch(page);
    await page.goto(`${site}/apps/shop/deploy`);
    await page.getByRole("link", { name: "GitHub", exact: true }).click();
    await seen(page, "deploy");
    await page.getByRole("link", { name: "Connect to GitHub" }).click();
    await page.getByRole("heading", { name: "With a GitHub App" }).waitFor();
    await seen(page, "connect");
    await page.getByRole("button", { name: "Create the App at GitHub" }).click();
    // GitHub's own pages send the browser back at once.
    await page.getByText("Connected as octocat").waitFor();
    const asked = github.state.apps.at(-1);
    assert.match(asked?.name ?? "", /^Dynoform test [0-9a-f]{6}$/);
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  await t.test("the repository is searched and connected, and nothing is deployed by that", async () => {
    const [page] = await visitor(ground, "ann");
    const problems = watch(page);
    await page.goto(`${site}/apps/shop/deploy?method=github`);
    const search = page.getByRole("searchbox", { name: "Search for a repository to connect to" });
    await search.fill("none");
    await page.getByRole("button", { name: "Search" }).click();
    assert.match(await main(page), /No repository that this connection may see has “none” in its name/);
    await search.fill("hubot/secret");
    await page.getByRole("button", { name: "Search" }).click();
    assert.match(
      (await page.getByRole("alert").textContent()) ?? "",
      /hubot\/secret is not there, or the App may not see it/,
    );
    await search.fill("hello");
    await page.getByRole("button", { name: "Search" }).click();
    await seen(page, "search");
    await page.getByRole("button", { name: "Connect octocat/hello" }).click();
    await page.getByText("shop is connected to octocat/hello. Nothing is deployed by that.").waitFor();
    assert.deepEqual(world.github.deployed, []);
    await seen(page, "connected");
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  await t.test("a branch is deployed by hand, with its log as it comes", async () => {
    const [page] = await visitor(ground, "ann");
    const problems = watch(page);
    await page.goto(`${site}/apps/shop/deploy`);
    await page.getByLabel("Branch to deploy", { exact: true }).selectOption("next");
    await page.getByRole("button", { name: "Deploy Branch" }).click();
    await page.getByRole("heading", { name: "Deploy 2222222" }).waitFor();
    assert.deepEqual(world.github.deployed, ["shop next"]);
    const [id = ""] = [...world.github.builds.keys()];
    world.buildLogs.set(id, "-----> Python app detected\n");
    await page.getByText("-----> Python app detected").waitFor();
    await seen(page, "building");
    finishBuild(served, "succeeded", "-----> Python app detected\n-----> Released v2\n");
    await page.getByText("Your app was successfully deployed.").waitFor();
    const view = page.getByRole("link", { name: "View", exact: true });
    assert.equal(await view.getAttribute("href"), "http://shop.localhost:8080/");
    await seen(page, "deployed");
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  await t.test("pushes are deployed by themselves from then on, and no more", async () => {
    const [page] = await visitor(ground, "ann");
    await page.goto(`${site}/apps/shop/deploy`);
    await page.getByLabel("Branch to deploy automatically").selectOption("next");
    await page.getByLabel("Wait for CI to pass before deploy").check();
    await page.getByRole("button", { name: "Enable Automatic Deploys" }).click();
    await page.getByText("Each push to next is deployed once its checks have passed.").first().waitFor();
    const { branch, autoDeploy, waitForCi } = world.github.links.get("shop") ?? {};
    assert.deepEqual([branch, autoDeploy, waitForCi], ["next", true, true]);
    world.github.states.set("shop", {
      by: "webhook",
      lookedAt: Date.UTC(2026, 0, 15, 11, 58),
      waiting: "2222222 waits for build to pass.",
      problem: "GitHub refuses the App: its key is another, or it is gone. Connect again.",
    });
    await page.reload();
    assert.match(await main(page), /Last look ?2 minutes ago Pushes are learnt of ?by webhook/);
    await seen(page, "automatic");
    await page.getByRole("button", { name: "Disable Automatic Deploys" }).click();
    await page.getByText("Pushes are not deployed any more.").waitFor();
    assert.equal(world.github.links.get("shop")?.autoDeploy, false);
    await page.context().close();
  });

  await t.test("it is disconnected after a look at what goes", async () => {
    const [page] = await visitor(ground, "ann");
    await page.goto(`${site}/apps/shop/deploy`);
    await page.getByRole("button", { name: "Disconnect…" }).click();
    await page.getByRole("heading", { name: "Disconnect shop from octocat/hello" }).waitFor();
    await seen(page, "disconnect");
    await page.getByRole("button", { name: "Disconnect", exact: true }).click();
    await page.getByText("shop is disconnected from octocat/hello.").waitFor();
    assert.ok(!world.github.links.has("shop"));
    await page.context().close();
  });
});

test("an account is connected by a token or a code as well, and each mistake has one line", {
  timeout: 900_000,
}, async (t) => {
  await using ground = await start();
  const { github, served, site } = ground;

  await t.test("by a token, without scripts", async () => {
    const [page] = await visitor(ground, "ann", false);
    await page.goto(`${site}/github/connect?app=shop`);
    await page.getByLabel("Token", { exact: true }).fill("github_pat_0123456789");
    await page.getByRole("button", { name: "Connect with the token" }).click();
    assert.match(
      (await page.getByRole("alert").textContent()) ?? "",
      /refuses the token: it was revoked, or has expired\. Connect again\./,
    );
    await screenshot(page, "github-wrong-token");
    const token = github.token("octocat", { repositories: ["octocat/hello"] });
    await page.getByLabel("Token", { exact: true }).fill(token.value);
    await page.getByRole("button", { name: "Connect with the token" }).click();
    await page.getByText("Connected as octocat").waitFor();
    await page.getByRole("searchbox").fill("octocat/hello");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("button", { name: "Connect octocat/hello" }).click();
    await page.getByText("shop is connected to octocat/hello. Nothing is deployed by that.").waitFor();
    await page.getByRole("button", { name: "Deploy Branch" }).click();
    await page.getByRole("heading", { name: "Deploy 1111111" }).waitFor();
    finishBuild(served, "failed", "-----> No requirements.txt\n");
    await page.getByText("It was not deployed. The log says why; shop runs what it ran before.").waitFor();
    await page.getByText("No requirements.txt").waitFor();
    token.revoked = true;
    await page.goto(`${site}/apps/blog/deploy?method=github`);
    await page.getByRole("heading", { name: "There's nothing here" }).waitFor();
    assert.match(await page.content(), /find that app/);
    await page.context().close();
  });

  await t.test("by a code that is typed at GitHub", async () => {
    const [page] = await visitor(ground, "ada");
    const problems = watch(page);
    await page.goto(`${site}/github/connect?app=blog`);
    await page.getByRole("button", { name: "Get a code" }).click();
    await page.getByRole("heading", { name: "Type this code at GitHub" }).waitFor();
    const refused = github.state.devices.at(-1);
    assert.equal(await page.locator("pre.code").textContent(), refused?.userCode);
    await seen(page, "code");
    if (refused !== undefined) refused.verdict = "denied";
    await page.getByText("You refused at GitHub, and nothing is connected.").waitFor();
    await page.getByRole("link", { name: "Back" }).click();
    await page.getByRole("button", { name: "Get a code" }).click();
    await page.getByRole("heading", { name: "Type this code at GitHub" }).waitFor();
    const device = github.state.devices.at(-1);
    if (device !== undefined) device.verdict = github.user("octocat");
    await page.getByText("Connected as octocat").waitFor();
    assert.equal(new URL(page.url()).pathname, "/apps/blog/deploy");
    await page.goto(`${site}/account`);
    await seen(page, "account");
    await page.getByRole("button", { name: "Forget the GitHub account" }).click();
    await page.getByText("The GitHub account is forgotten here").waitFor();
    assert.deepEqual(problems, []);
    await page.context().close();
  });
});
