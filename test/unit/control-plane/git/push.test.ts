import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { type DeployCommit, DeployFailed } from "../../../../services/control-plane/deploys/deploy-commit.ts";
import { until } from "../../../support/until.ts";
import { gitGround } from "./ground.ts";

const fine: DeployCommit = async () => {};

test("main is deployed: lines come as they are said, the objects are there, and then the branch moves", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const seen: string[] = [];
  await using ground = await gitGround(async (app, commit, user, say) => {
    seen.push(`${app.name} ${commit} ${user}`);
    say("-----> Building shop");
    await gate;
    // Another process sees what was pushed, and the branch is as it was.
    const { output } = await ground.git("--git-dir", app.repository, "show", `${commit}:run.py`);
    seen.push(output, await ground.ref("refs/heads/main"), await ground.ref("refs/pushes/main"));
    say("https://shop.localhost deployed to Dynoform");
  });
  const commit = await ground.commit("run.py", "print(1)\n");
  const push = ground.git("push", "heroku", "main");
  await until("the push goes on", async () => push.output().includes("remote: -----> Building shop"));
  assert.ok(!push.output().includes("deployed"));
  open();
  const { code, output } = await push;
  assert.equal(code, 0, output);
  assert.match(output, /remote: https:\/\/shop\.localhost deployed to Dynoform/);
  assert.match(output, /\* \[new branch\] +main -> main/);
  assert.deepEqual(seen, [`shop ${commit} me@example.com`, "print(1)\n", "", commit]);
  assert.deepEqual(ground.audited, ["me@example.com 127.0.0.1 shop"]);
  assert.equal(await ground.ref("refs/heads/main"), commit);
  assert.equal(await ground.ref("refs/pushes/"), "");
  assert.match((await ground.git("push", "heroku", "main")).output, /Everything up-to-date/);

  // It can be cloned, without what is ours alone.
  await ground.git("--git-dir", ground.bare, "update-ref", "refs/releases/v1", commit);
  const refs = (await ground.git("ls-remote", "heroku")).output;
  assert.deepEqual(refs.trim().split(/\s+/), [commit, "HEAD", commit, "refs/heads/main"]);
  const cloned = await ground.git("clone", "--quiet", ground.url, "../cloned");
  assert.equal(cloned.code, 0, cloned.output);
  assert.equal((await ground.git("-C", "../cloned", "rev-parse", "HEAD")).output.trim(), commit);
  assert.deepEqual(ground.problems, []);
});

test("a commit that does not come to serve is rejected with the reason, and the branch stays", async () => {
  let fail = false;
  await using ground = await gitGround(async (_app, _commit, _user, say) => {
    if (!fail) return;
    say(" !     No matching distribution found for nothing==1");
    throw new DeployFailed("build failed");
  });
  const good = await ground.commit("run.py", "1");
  assert.equal((await ground.git("push", "heroku", "main")).code, 0);
  fail = true;
  await ground.commit("run.py", "2");
  const { code, output } = await ground.git("push", "heroku", "main");
  assert.equal(code, 1);
  assert.match(output, /remote: {2}! {5}No matching distribution found/);
  assert.match(output, /remote: {2}! {5}Push rejected to shop\./);
  assert.match(output, /! \[remote rejected\] main -> main \(build failed\)/);
  assert.equal(await ground.ref("refs/heads/main"), good);
  assert.equal(await ground.ref("refs/pushes/"), "");
  fail = false;
  assert.equal((await ground.git("push", "heroku", "main")).code, 0, "the same commit can be pushed again");
});

test("what nobody foresaw rejects the push and tells nothing of itself", async () => {
  await using ground = await gitGround(async () => {
    throw new Error("secret inside");
  });
  await ground.commit("run.py", "1");
  const { code, output } = await ground.git("push", "heroku", "main");
  assert.equal(code, 1);
  assert.match(output, /! \[remote rejected\] main -> main \(/);
  assert.ok(!output.includes("secret inside"));
  assert.match(ground.problems.join(), /secret inside/);
  assert.equal(await ground.ref("refs/pushes/"), "");
});

test("rules of branches: master too, others and deletions refused, force allowed, stale refused, tags taken", async () => {
  const deployed: string[] = [];
  await using ground = await gitGround(async (_app, commit) => void deployed.push(commit));
  const first = await ground.commit("run.py", "1");
  const other = await ground.git("push", "heroku", "main:feature");
  assert.equal(other.code, 1);
  assert.match(other.output, /remote: {2}! {5}Pushed to branch other than \[main, master\], skipping deploy\./);
  assert.match(other.output, /git push heroku feature:main/);
  assert.match(other.output, /\[remote rejected\] main -> feature \(only main and master are deployed\)/);
  assert.deepEqual(deployed, []);

  await ground.git("tag", "--annotate", "v1", "--message", "v1");
  const { output } = await ground.git("push", "heroku", "main:master", "v1");
  assert.match(output, /\[new branch\] +main -> master/);
  assert.match(output, /\[new tag\] +v1 -> v1/);
  assert.deepEqual(deployed, [first]);
  assert.notEqual(await ground.ref("refs/tags/v1"), "");

  const removal = await ground.git("push", "heroku", ":master");
  assert.match(removal.output, /\[remote rejected\] master \(master cannot be deleted\)/);
  assert.equal(await ground.ref("refs/heads/master"), first);
  const tagged = await ground.git("push", "heroku", "v1:refs/heads/main");
  assert.equal(tagged.code, 1, tagged.output);
  const both = await ground.git("push", "heroku", "main:main", "main:refs/notes/x");
  assert.match(both.output, /\[new branch\] +main -> main/);
  assert.match(both.output, /refs\/notes\/x \(only branches and tags can be pushed\)/);
  for (const hidden of ["refs/releases/v1", "refs/pushes/main", "refs/snapshots/x"]) {
    const { code, output } = await ground.git("push", "heroku", `main:${hidden}`);
    assert.equal(code, 1, output);
    assert.equal(await ground.ref(hidden), "");
  }

  await ground.git("commit", "--quiet", "--amend", "--message", "again");
  const again = (await ground.git("rev-parse", "HEAD")).output.trim();
  const behind = await ground.git("push", "heroku", "main");
  assert.equal(behind.code, 1, "git itself refuses without --force");
  assert.equal((await ground.git("push", "--force", "heroku", "main")).code, 0);
  assert.equal(await ground.ref("refs/heads/main"), again);
  assert.equal(deployed.at(-1), again);
});

test("a push that the branch has overtaken since it began is refused, with --force too, and deploys nothing", async () => {
  const deployed: string[] = [];
  await using ground = await gitGround(async (_app, commit) => void deployed.push(commit));
  const first = await ground.commit("run.py", "1");
  assert.equal((await ground.git("push", "heroku", "main")).code, 0);
  const other = await ground.commit("run.py", "2");
  await ground.git("branch", "other");
  await ground.git("reset", "--quiet", "--hard", first);
  await ground.commit("run.py", "3");
  // Git runs it when it knows where the branch is, and before it sends anything: somebody else's push.
  const hook = join(ground.folder, "work", ".git", "hooks", "pre-push");
  await mkdir(dirname(hook), { recursive: true });
  await writeFile(hook, "#!/bin/sh\ngit push --quiet --no-verify --force heroku other:main\n", { mode: 0o755 });
  for (const force of [[], ["--force"]]) {
    await ground.git("--git-dir", ground.bare, "update-ref", "refs/heads/main", first);
    deployed.length = 0;
    const { code, output } = await ground.git("push", ...force, "heroku", "main");
    assert.equal(code, 1, output);
    // Git knows our word, and says what to do.
    assert.match(output, /\[rejected\] +main -> main \(fetch first\)/);
    assert.deepEqual([deployed, await ground.ref("refs/heads/main")], [[other], other]);
  }
});

test("of pushes at once one is deployed, the others are told; another app's goes on beside it", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const deployed: string[] = [];
  await using ground = await gitGround(async (app, _commit, _user, say) => {
    deployed.push(app.name);
    say("-----> Building");
    if (app.name === "shop") await gate;
  });
  const commit = await ground.commit("run.py", "1");
  const first = ground.git("push", "heroku", "main");
  await until("the push goes on", async () => first.output().includes("Building"));
  const others = await Promise.all([1, 2].map(async () => ground.git("push", "heroku", "main")));
  for (const { code, output } of others) {
    assert.equal(code, 1);
    assert.ok(
      output.includes(`shop is being deployed already: ${commit.slice(0, 7)}, pushed by me@example.com.`),
      output,
    );
  }
  const blog = await ground.git("push", ground.url.replace("/shop.git", "/blog.git"), "main");
  assert.equal(blog.code, 0, blog.output);
  open();
  assert.equal((await first).code, 0);
  assert.deepEqual(deployed, ["shop", "blog"]);
});

test("a client that goes away in the middle of a build is not waited for", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  await using ground = await gitGround(async (_app, _commit, _user, say) => {
    say("-----> Building");
    await gate;
    for (let line = 0; line < 1000; line++) say(`       line ${line} that nobody reads ${"x".repeat(200)}`);
  });
  const commit = await ground.commit("run.py", "1");
  const push = ground.git("push", "heroku", "main");
  await until("the push goes on", async () => push.output().includes("Building"));
  push.kill();
  await push;
  open();
  await until("the push goes on", async () => (await ground.ref("refs/heads/main")) === commit);
  assert.deepEqual(ground.problems, []);
});

test("large files go through as they come", async () => {
  await using ground = await gitGround(fine);
  const commit = await ground.commit("large", randomBytes(96 * 2 ** 20));
  const before = process.memoryUsage().rss;
  let most = before;
  const watching = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 10);
  const { code, output } = await ground.git("push", "heroku", "main");
  clearInterval(watching);
  assert.equal(code, 0, output);
  assert.equal(await ground.ref("refs/heads/main"), commit);
  assert.ok(most - before < 64 * 2 ** 20, `${(most - before) / 2 ** 20} MiB`);
});

test("what a killed control plane held is taken when the app is declared to run it, and dropped otherwise", async () => {
  await using ground = await gitGround(fine);
  const first = await ground.commit("run.py", "1");
  await ground.git("push", "heroku", "main");
  const second = await ground.commit("run.py", "2");
  await ground.git("push", "heroku", "main:refs/tags/t");
  const app = { name: "shop", id: "shop", repository: ground.bare };
  const hold = () => ground.git("--git-dir", ground.bare, "update-ref", "refs/pushes/main", second);
  await hold();
  await ground.pushes.recover(app, first);
  assert.deepEqual([await ground.ref("refs/heads/main"), await ground.ref("refs/pushes/")], [first, ""]);
  await hold();
  await ground.pushes.recover(app, second);
  assert.deepEqual([await ground.ref("refs/heads/main"), await ground.ref("refs/pushes/")], [second, ""]);
});
