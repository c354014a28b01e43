import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { changed } from "../../services/stacks/engine.ts";
import { appApi } from "../support/app-api.ts";
import { apiOf, dynoStates, killContainer, services, untilApi } from "../support/dyno-manager.ts";
import { gitUser } from "../support/git-user.ts";
import { openJournal } from "../support/journal.ts";
import { testPlatform } from "../support/platform.ts";
import { simpleApp } from "../support/simple-app.ts";
import { until } from "../support/until.ts";

/** Answers with its code's version. */
const code = (version: string) => `def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"code ${version}"]
`;

test("git push: what is on main serves, and what fails is refused", { timeout: 900_000 }, async (t) => {
  await using platform = await testPlatform();
  const { directory, ports } = platform;
  await platform.app("shop", {});
  await platform.up();

  await simpleApp(platform, "shop", { "run.py": code("A") });
  const work = join(directory, "apps", "shop");
  const { home, env, git, commit } = await gitUser(platform, "shop", work);
  const stack = () => readFile(join(directory, "stacks", "Pulumi.shop.yaml"), "utf8");
  const first = await commit("A");

  await t.test("the first push builds and serves", async () => {
    const { exitCode, output } = await git("push", "heroku", "main");
    assert.equal(exitCode, 0, output);
    assert.match(output, /remote: -----> Building shop: a Python app/);
    assert.match(output, /remote: -----> Discovering process types/);
    assert.match(output, /remote: -----> Launching\.\.\.\s+remote: {8}Released v2/);
    assert.match(output, /remote: {8}http:\/\/shop\.localhost:\d+\/ deployed to Dynoform/);
    assert.match(output, /remote: Verifying deploy\.\.\. done\./);
    assert.match(output, /\[new branch\] +main -> main/);
    assert.equal((await platform.fetch("shop")).body, "code A");
    assert.ok((await stack()).includes(first));
    const [release] = await (await appApi(platform, "shop")).releases();
    assert.deepEqual(
      [release?.version, release?.description, release?.user.email],
      [2, `Deploy ${first.slice(0, 7)}`, "admin@localhost"],
    );
  });

  await t.test("a build that fails is refused, with the reason, and what served serves on", async () => {
    const before = await stack();
    await writeFile(join(work, "requirements.txt"), "uwsgi==2.0.31\npsycopg2==0.0.0\n");
    await commit("broken");
    const { exitCode, output } = await git("push", "heroku", "main");
    assert.equal(exitCode, 1, output);
    assert.match(output, /remote: {8}ERROR: No matching distribution found for psycopg2/);
    assert.match(output, /remote: {2}! {5}the requirements could not be installed \(exit status 1\)\s/);
    assert.match(output, /remote: {2}! {5}Push rejected to shop\./);
    assert.match(output, /\[remote rejected\] main -> main \(build failed\)/);
    assert.equal((await platform.fetch("shop")).body, "code A");
    assert.equal(await stack(), before);
  });

  await t.test("an app that does not boot is refused, and another branch is none of ours", async () => {
    await git("reset", "--quiet", "--hard", first);
    await writeFile(join(work, "run.py"), "raise SystemExit('no such module')\n");
    await commit("does not boot");
    const other = await git("push", "heroku", "HEAD:feature");
    assert.match(other.output, /Pushed to branch other than \[main, master\], skipping deploy/);
    const { exitCode, output } = await git("push", "heroku", "main");
    assert.equal(exitCode, 1, output);
    assert.match(output, /\[remote rejected\] main -> main \(deploy failed\)/);
    assert.match(output, /no such module/);
    assert.equal((await platform.fetch("shop")).body, "code A");
  });

  await t.test("a force push replaces it, and is cloned", async () => {
    await git("reset", "--quiet", "--hard", first);
    await writeFile(join(work, "run.py"), code("B"));
    const second = await commit("B", "--amend");
    const started = performance.now();
    const { exitCode, output } = await git("push", "--force", "heroku", "main");
    t.diagnostic(`served after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    assert.equal(exitCode, 0, output);
    assert.match(output, /Released v3/);
    assert.equal((await platform.fetch("shop")).body, "code B");
    const clone = await git("clone", "--quiet", `https://127.0.0.1:${ports.api}/shop.git`, join(home, "clone"));
    assert.equal(clone.exitCode, 0, clone.output);
    assert.equal((await git("-C", join(home, "clone"), "rev-parse", "HEAD")).output.trim(), second);
    const log = await (await appApi(platform, "shop")).logs({ source: "app", dyno: "api" });
    assert.match(log, /app\[api\]: Release v3 created by user admin@localhost/);
  });

  await t.test("a control plane that is killed in the middle finishes the push", async () => {
    await writeFile(join(work, "Procfile"), "web: uwsgi uwsgi.ini\nrelease: sleep 5\n");
    await writeFile(join(work, "run.py"), code("C"));
    const third = await commit("C");
    const push = spawn("git", ["push", "heroku", "main"], { cwd: work, env, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    push.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const ended = new Promise((resolve) => push.on("close", resolve));
    await until("the release command runs", async () => said.includes("Running the release command: sleep 5"));
    await platform.docker.getContainer(`${platform.name}-control-plane`).restart({ t: 0 });
    assert.notEqual(await ended, 0, said);
    await until("the new code serves", async () => (await platform.fetch("shop")).body === "code C");
    await until("the branch has moved", async () => {
      const { output } = await git("ls-remote", "heroku", "refs/heads/main");
      return output.startsWith(third);
    });
    assert.ok((await stack()).includes(third));
  });

  await t.test("… and a scale", async () => {
    const app = await appApi(platform, "shop");
    const cut = assert.rejects(app.scale({ web: 2 }));
    await until("the second dyno is made", async () => (await services(platform, "shop")).length === 2);
    await killContainer(platform, "control-plane");
    await cut;
    await untilApi(platform);
    await until("both are up", async () => {
      const states = await dynoStates(await apiOf(platform), "shop");
      return states["web.1"] === "up" && states["web.2"] === "up";
    });
    using journal = openJournal(platform);
    await until("it is recorded", async () => journal.activity("shop")[0]?.result !== "running");
    const { description, result } = journal.activity("shop")[0] ?? {};
    assert.deepEqual({ description, result }, { description: "Scaled to web@2:Free", result: "succeeded" });
    assert.match(await stack(), /web: \{ quantity: 2 \}/);
    assert.equal(changed((await platform.up("shop"))[0] ?? assert.fail()), 0);
  });
});
