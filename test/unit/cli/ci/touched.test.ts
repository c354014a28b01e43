import assert from "node:assert/strict";
import { test } from "node:test";
import { changeSince, firstChangedLine } from "../../../../cli/commands/ci/git.ts";
import { lineOfSetting } from "../../../../cli/commands/ci/lines.ts";
import { touchedBy } from "../../../../cli/commands/ci/touched.ts";
import { findProject, readStackFiles } from "../../../../model/stack/project.ts";
import { repository, stackFiles, type TestRepository } from "./repository.ts";

/** Stacks and why, after a commit. */
async function looked({ directory, commit, git }: TestRepository, files: Readonly<Record<string, string | null>>) {
  const base = await git("rev-parse", "HEAD");
  await commit(files);
  const project = await findProject(directory);
  const change = await changeSince(directory, base);
  const { touched, removed, program } = touchedBy(change, project, await readStackFiles(project));
  return { touched: touched.map(({ file, reason }) => `${file.stack}: ${reason}`), removed, program };
}

const nothing = { touched: [], removed: [], program: false };

test("a change touches the stacks of its files, of its apps' sources, or all by the program", async () => {
  await using there = await repository(stackFiles("blog", "shop"));
  assert.deepEqual(await looked(there, { "README.md": "", "docs/a.ts": "", ".github/workflows/ci.yml": "" }), nothing);
  assert.deepEqual(await looked(there, { "apps/shop/run.py": "", "apps/shop/README.md": "" }), {
    ...nothing,
    touched: ["shop: source"],
  });
  assert.deepEqual(
    await looked(there, {
      "apps/shop/run.py": "1",
      "stacks/Pulumi.shop.yaml": `# ours
${stackFiles("shop")["stacks/Pulumi.shop.yaml"]}`,
    }),
    {
      ...nothing,
      touched: ["shop: file"],
    },
  );
  assert.deepEqual(
    await looked(there, { "infra/shop.ts": "", "stacks/Pulumi.blog.yaml": "config: {dynoform:app: {}}\n" }),
    {
      touched: ["platform: program", "blog: file", "shop: program"],
      removed: [],
      program: true,
    },
  );
  assert.deepEqual(await looked(there, { "stacks/Pulumi.blog.yaml": null }), { ...nothing, removed: ["blog"] });
});

test("what the base has and the branch has not is no change; a base that git does not know is refused", async () => {
  await using there = await repository(stackFiles("shop"));
  await there.git("checkout", "-q", "-b", "next");
  await there.commit({ "apps/shop/é ö.py": "" });
  await there.git("checkout", "-q", "main");
  await there.commit({ "stacks/Pulumi.platform.yaml": "config: {dynoform:platform: {domain: example.com}}\n" });
  await there.git("checkout", "-q", "next");
  const change = await changeSince(there.directory, "main");
  assert.deepEqual(change.files, [{ path: "apps/shop/é ö.py", gone: false }]);
  for (const base of ["nowhere", "--output=/tmp/x"]) {
    await assert.rejects(
      changeSince(there.directory, base),
      /^UserError: git finds no common history of .* `fetch-depth: 0`/,
    );
  }
});

test("annotations stand at the first line that changed, or at the setting that a message names", async () => {
  await using there = await repository(stackFiles("shop"));
  const path = "stacks/Pulumi.shop.yaml";
  const text =
    "config:\n  # ours\n  dynoform:app:\n    addons:\n      DATABASE: { service: postgresql }\n    formation:\n      web: { size: huge }\n";
  await there.commit({ [path]: text });
  await there.commit({ [path]: text.replace("huge", "giant") });
  assert.equal(await firstChangedLine(await changeSince(there.directory, "HEAD~1"), path), 7);
  assert.equal(lineOfSetting(text, "dynoform:app.formation.web.size"), 7);
  assert.equal(lineOfSetting(text, "dynoform:app.addons.ORDERS.plan"), 4);
  assert.equal(lineOfSetting(text, "dynoform:config.A"), undefined);
});
