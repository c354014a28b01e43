import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StackCommits } from "../../../../services/control-plane/apps/commits.ts";
import type { Change } from "../../../../services/control-plane/apps/journal.ts";

/** A repository whose subfolder is the project, with work of its owner's that is nobody else's business. */
function ground() {
  const top = mkdtempSync(join(tmpdir(), "commits-"));
  const project = join(top, "paas");
  mkdirSync(join(project, "stacks"), { recursive: true });
  const git = (...args: string[]) => execFileSync("git", args, { cwd: project, encoding: "utf8" }).trim();
  const write = (name: string, text: string) => writeFileSync(join(project, name), text);
  git("init", "--quiet", "--initial-branch=main", top);
  git("config", "user.name", "Owner");
  git("config", "user.email", "owner@example.com");
  write("stacks/Pulumi.shop.yaml", "one\n");
  write("README", "one\n");
  write("notes", "one\n");
  git("add", ".");
  git("commit", "--quiet", "-m", "begin");
  write("README", "staged\n");
  git("add", "README");
  write("notes", "unstaged\n");
  write("new file", "untracked\n");
  const problems: string[] = [];
  const commits = new StackCommits({ project, report: (problem) => problems.push(problem) });
  const change = (stack: string, kind: Change["kind"] = "edit"): Change => ({
    kind,
    activity: 1,
    app: stack,
    stack,
    path: join(project, "stacks", `Pulumi.${stack}.yaml`),
    state: "applying",
    before: "",
    after: "",
    run: "",
    repair: "",
    message: null,
  });
  const own = () => git("status", "--porcelain").split("\n").sort();
  return {
    git,
    write,
    commits,
    change,
    problems,
    own,
    remove: (name: string) => rmSync(join(project, name)),
    [Symbol.dispose]: () => rmSync(top, { recursive: true, force: true }),
  };
}

const act = { user: "ada@example.com", description: "Scaled to web@2:Free" };

test("each change is a commit of its file alone, by who made it", async () => {
  using it = ground();
  const before = it.own();
  it.write("stacks/Pulumi.shop.yaml", "two\n");
  await it.commits.commit(it.change("shop"), act);
  assert.deepEqual(it.problems, []);
  assert.equal(
    it.git("log", "-1", "--format=%an <%ae> %cn: %s"),
    "ada@example.com <ada@example.com> Dynoform: shop: Scaled to web@2:Free",
  );
  assert.equal(it.git("show", "--name-only", "--format=", "HEAD"), "paas/stacks/Pulumi.shop.yaml");
  assert.deepEqual(it.own(), before, "what else was staged or changed is as it was");
  // A control plane that was killed after the commit comes back to it.
  await it.commits.commit(it.change("shop"), act);
  assert.equal(it.git("rev-list", "--count", "HEAD"), "2");
});

test("files that come and go are committed too, several changes at once", async () => {
  using it = ground();
  const before = it.own();
  const stacks = ["blog", "wiki", "mail"];
  for (const stack of stacks) it.write(`stacks/Pulumi.${stack}.yaml`, `${stack}\n`);
  await Promise.all(stacks.map((stack) => it.commits.commit(it.change(stack, "create"), act)));
  assert.equal(it.git("rev-list", "--count", "HEAD"), "4");
  assert.match(it.git("log", "-3", "--format=%s"), /^blog: Create the app$/m);
  it.remove("stacks/Pulumi.shop.yaml");
  await it.commits.commit(it.change("shop", "destroy"), { ...act, description: "Destroy shop" });
  assert.equal(
    it.git("show", "--name-status", "--format=%s", "HEAD"),
    "shop: Destroy shop\n\nD\tpaas/stacks/Pulumi.shop.yaml",
  );
  // Nobody ever committed it.
  await it.commits.commit(it.change("gone", "destroy"), act);
  assert.equal(it.git("rev-list", "--count", "HEAD"), "5");
  assert.deepEqual([it.own(), it.problems], [before, []]);
});

test("no hook runs, and what Git refuses is told", async () => {
  using it = ground();
  const hook = join(it.git("rev-parse", "--absolute-git-dir"), "hooks", "pre-commit");
  mkdirSync(join(hook, ".."), { recursive: true });
  writeFileSync(hook, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  it.write("stacks/Pulumi.shop.yaml", "two\n");
  await it.commits.commit(it.change("shop"), act);
  assert.deepEqual(it.problems, []);
  it.write("stacks/Pulumi.shop.yaml", "three\n");
  writeFileSync(join(it.git("rev-parse", "--absolute-git-dir"), "MERGE_HEAD"), `${it.git("rev-parse", "HEAD")}\n`);
  await it.commits.commit(it.change("shop"), act);
  assert.match(it.problems.join("\n"), /the change of shop was made, and could not be committed: .*merge/);
});
