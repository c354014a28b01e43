import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { BrowserContext, Locator, Page } from "playwright-core";
import { accessibilityProblems, screenshot, startBrowser, watch } from "../support/browser.ts";
import { type TestPlatform, testPlatform } from "../support/platform.ts";
import { finish } from "../support/process.ts";
import { simpleApp } from "../support/simple-app.ts";

const EMAIL = "ann@example.com";
const PASSWORD = "correct horse battery staple";
/** Milliseconds that the browser may wait for anything, an `up` on a busy machine too. */
const PATIENCE = 120_000;
const PHONE = { width: 390, height: 800 };
const DESK = { width: 1200, height: 800 };

/** Says what it was asked for, for the log. */
const APP = `import os

def app(environ, start_response):
    print("asked for " + environ["PATH_INFO"], flush=True)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [os.environ.get("GREETING", "hello").encode()]
`;

test("an app's whole life in a browser", { timeout: 900_000 }, async (t) => {
  await using platform = await testPlatform({ accounts: { signUp: true } });
  await using browser = await startBrowser();
  await platform.up();
  const site = `http://dashboard.localhost:${platform.ports.web}`;
  const context = await browser.newContext({ viewport: DESK, permissions: ["clipboard-read", "clipboard-write"] });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const problems = watch(page);
  let app = "";
  let token = "";

  await t.test("an invitation is accepted once, and logs in", async () => {
    const { output, exitCode } = await platform.dynoform("invite", EMAIL);
    assert.equal(exitCode, 0, output);
    const link = /http:\S+/.exec(output)?.[0] ?? "";
    await page.goto(link);
    await screenshot(page, "invitation");
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByLabel("New password").fill(PASSWORD);
    await page.getByRole("button", { name: "Accept invitation" }).click();
    await page.getByRole("heading", { name: "No apps yet" }).waitFor();
    await page.goto(link);
    assert.match(await text(page.locator("main")), /This link is over/);
    await page.goto(site);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.goto(`${site}/new`);
    assert.equal(new URL(page.url()).pathname, "/login");
    await page.getByLabel("E-mail").fill(EMAIL);
    await page.getByLabel("Password").fill("wrong password");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "Create New App" }).waitFor();
    const [cookie] = (await context.cookies(site)).filter(({ name }) => name === "dynoform_session");
    assert.deepEqual([cookie?.httpOnly, cookie?.sameSite], [true, "Lax"]);
  });

  await t.test("an app is created, by a name that one may have", async () => {
    await page.getByLabel("App name").fill("Shop!");
    await page.getByRole("button", { name: "Create app" }).click();
    assert.match(await text(page.getByRole("alert")), /use 3 to 30 lower-case letters/);
    await page.getByLabel("App name").fill("shop");
    await page.getByRole("button", { name: "Create app" }).click();
    await page.getByText("The app is made.").waitFor();
    await screenshot(page, "created");
    app = `${site}/apps/shop`;
    assert.match((await platform.fetch("shop")).body, /Welcome to your new app!/);
  });

  await t.test("somebody else signs up, and sees nothing of it", async () => {
    await using visitor = await browser.newContext({ viewport: DESK });
    visitor.setDefaultTimeout(PATIENCE);
    const other = await visitor.newPage();
    await other.goto(`${site}/login`);
    await other.getByRole("link", { name: "Sign up" }).click();
    await other.getByLabel("E-mail").fill("bob@example.com");
    await other.getByLabel("New password").fill(PASSWORD);
    await screenshot(other, "sign-up");
    assert.deepEqual(await accessibilityProblems(other), []);
    await other.getByRole("button", { name: "Sign up" }).click();
    await other.getByRole("heading", { name: "No apps yet" }).waitFor();
    for (const path of [app, `${app}/settings`]) assert.equal((await other.goto(path))?.status(), 404);
    await other.getByRole("heading", { name: "There's nothing here" }).waitFor();
  });

  await t.test("a token made in the browser pushes code", async () => {
    await page.goto(`${site}/account`);
    await page.getByLabel("What for").fill("this test");
    await page.getByRole("button", { name: "Make a token" }).click();
    token = await text(page.locator(".notice pre"));
    await screenshot(page, "account");
    await push(platform, token);
    assert.equal((await platform.fetch("shop")).body, "hello");
    await page.goto(app);
    await page
      .getByText(/v\d+ Deploy [0-9a-f]{7}/)
      .first()
      .waitFor();
  });

  await t.test("it is scaled after a look at the preview", async () => {
    await page.goto(`${app}/resources`);
    await page.getByLabel("Number of web dynos").fill("2");
    await page.getByRole("button", { name: "Preview the change" }).click();
    await page.getByRole("heading", { name: "What this will do" }).waitFor();
    assert.match(await text(page.locator("main")), /create\s*shop\.web\.2/);
    await screenshot(page, "scale-preview");
    await page.getByRole("button", { name: "Scale", exact: true }).click();
    await page.waitForURL(/\/progress\//);
    await screenshot(page, "scale-progress");
    await page.getByText("Scaled: web at 2").waitFor();
    await screenshot(page, "resources");
    assert.equal(await page.locator(".title", { hasText: "web.2" }).count(), 1);
  });

  await t.test("logs arrive as they are written", async () => {
    await page.goto(`${app}/logs`);
    await page.getByText("Live").waitFor();
    await platform.fetch("shop", "/just-now");
    await page.getByText("asked for /just-now").waitFor();
    await page
      .getByText(/heroku\[router\]/)
      .first()
      .waitFor();
    await screenshot(page, "logs");
    await page.getByLabel("From").selectOption("app");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText("asked for /just-now").waitFor();
    assert.equal(await page.getByText("heroku[router]").count(), 0);
  });

  await t.test("without scripts too: a config var is set, and the release rolled back", async () => {
    const plain = await withoutScripts(context, page);
    await plain.goto(`${app}/settings`);
    await plain.getByLabel("Name", { exact: true }).fill("GREETING");
    await plain.getByLabel("Value").fill("good\nmorning");
    await plain.locator("#config").getByRole("button", { name: "Preview" }).click();
    await plain.getByRole("button", { name: "Set GREETING" }).click();
    await plain.getByText("GREETING is set.").waitFor();
    assert.equal((await platform.fetch("shop")).body, "good\nmorning");
    assert.ok(!(await plain.content()).includes("good\nmorning"));
    await plain.getByRole("button", { name: "Reveal values" }).click();
    await plain.locator("code.value", { hasText: "good" }).waitFor();
    await screenshot(plain, "config-vars");
    await plain.goto(`${app}/activity`);
    const release = plain.getByRole("listitem").filter({ hasText: "Deploy" }).getByRole("link");
    await release.first().click();
    await plain.getByRole("button", { name: "Roll back to here" }).click();
    await screenshot(plain, "rollback-preview");
    await plain.getByRole("button", { name: /Roll back to v\d/ }).click();
    await plain.getByText(/Rolled back to v\d/).waitFor();
    assert.equal((await platform.fetch("shop")).body, "hello");
    await plain.context().close();
  });

  await t.test("pages are for everybody, in light and dark, and on a phone", async (t) => {
    const paths = ["/apps", "/new", "/account"];
    const tabs = ["", "/resources", "/deploy", "/metrics", "/activity", "/logs", "/settings"];
    for (const path of [...paths, ...tabs.map((tab) => `/apps/shop${tab}`)]) {
      await t.test(path, async () => {
        assert.equal((await page.goto(`${site}${path}`))?.status(), 200);
        const name = path.slice(1).replaceAll("/", "-");
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          assert.deepEqual(await accessibilityProblems(page), [], colorScheme);
          await screenshot(page, `${name}-${colorScheme}`);
        }
        await page.setViewportSize(PHONE);
        await screenshot(page, `${name}-phone`);
        const overflow = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
        await page.setViewportSize(DESK);
        assert.ok(overflow <= 0, `${overflow} pixels too wide for a phone`);
      });
    }
  });

  await t.test("requests, memory and hours are plotted", async () => {
    await page.goto(`${app}/metrics`);
    assert.match(
      (await page.getByRole("img", { name: /requests, 0 of them failed/ }).getAttribute("aria-label")) ?? "",
      /^[1-9]/,
    );
    assert.match((await page.getByRole("img", { name: /At most/ }).getAttribute("aria-label")) ?? "", /[1-9]\d* MB/);
  });

  await t.test("through an SSH tunnel, on the API's port, it is the same", async () => {
    const tunnel = `http://dashboard.localhost:${platform.ports.api}`;
    await page.goto(`http://127.0.0.1:${platform.ports.api}/`);
    assert.ok(page.url().startsWith(tunnel));
    await page.goto(`${tunnel}/apps/shop`);
    await page.getByRole("heading", { name: "shop" }).waitFor();
  });

  await t.test("it is deleted under its own name only", async () => {
    await page.goto(`${app}/settings`);
    const danger = page.locator("#delete");
    await danger.getByRole("textbox").fill("shob");
    await danger.getByRole("button").click();
    assert.match(await text(danger.getByRole("alert")), /it is called shop\. Nothing was deleted/);
    await screenshot(page, "delete-wrong-name");
    assert.equal((await platform.fetch("shop")).body, "hello");
    await danger.getByRole("textbox").fill("shop");
    await danger.getByRole("button").click();
    await page.getByRole("heading", { name: "Delete shop" }).waitFor();
    await screenshot(page, "delete-preview");
    await page.getByRole("button", { name: "Delete shop for good" }).click();
    await page.getByText("shop is gone.").waitFor();
    await page.getByRole("heading", { name: "No apps yet" }).waitFor();
    assert.equal((await platform.fetch("shop")).status, 404);
  });

  assert.deepEqual(problems, [], "nothing breaks the policy, and no script fails");
});

async function text(locator: Locator): Promise<string> {
  return (await locator.textContent()) ?? "";
}

/** Another window of the same visitor, in which no script runs. */
async function withoutScripts(context: BrowserContext, page: Page): Promise<Page> {
  const browser = context.browser();
  assert.ok(browser !== null);
  const plain = await browser.newContext({
    javaScriptEnabled: false,
    viewport: DESK,
    storageState: await page.context().storageState(),
  });
  plain.setDefaultTimeout(PATIENCE);
  return plain.newPage();
}

/** Pushes an app as its owner does. @param token of the API */
async function push(platform: TestPlatform, token: string): Promise<void> {
  const { directory, ports } = platform;
  const home = join(directory, "user");
  await mkdir(home);
  await simpleApp(platform, "shop", { "run.py": APP });
  const env = await platform.dynoform("env");
  await writeFile(join(home, "env"), env.output);
  await writeFile(join(home, ".netrc"), `machine 127.0.0.1 login ${EMAIL} password ${token}\n`, { mode: 0o600 });
  const script = [
    `. ${join(home, "env")}`,
    "git init --quiet --initial-branch=main",
    "git add -A",
    "git -c user.name=Ann -c user.email=ann@example.com commit --quiet --message first",
    `git push https://127.0.0.1:${ports.api}/shop.git main`,
  ].join(" && ");
  const { exitCode, output } = await finish(
    ["env", "-i", `PATH=${process.env.PATH}`, `HOME=${home}`, "sh", "-c", script],
    join(directory, "apps", "shop"),
  );
  assert.equal(exitCode, 0, output);
}
