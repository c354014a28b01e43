import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { findProject, platformsOf, readStackFiles } from "../../../model/stack/project.ts";

async function withProject(files: Record<string, string>, work: (directory: string) => Promise<void>) {
  const directory = await mkdtemp(join(tmpdir(), "dynoform-project-"));
  try {
    await mkdir(join(directory, "stacks"));
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const project = { "Pulumi.yaml": "name: shop\nruntime: nodejs\nstackConfigDir: stacks\n" };

test("a project is found from below, with its stack files, the platform's first", async () => {
  const files = {
    ...project,
    "stacks/Pulumi.app.yaml": "config:\n  dynoform:app: {}\n",
    "stacks/Pulumi.base.yaml": "config:\n  dynoform:platform: { name: shop, directory: /srv/shop }\n",
    "stacks/Pulumi.app.github.yaml": "config:\n  dynoform:github: {}\n",
    "stacks/Pulumi.else.yaml": "encryptionsalt: v1:x\n",
    "stacks/notes.txt": "",
  };
  await withProject(files, async (directory) => {
    const found = await findProject(join(directory, "stacks"));
    assert.equal(found.directory, directory);
    const stackFiles = await readStackFiles(found);
    assert.deepEqual(
      stackFiles.map(({ stack, kind }) => `${stack} ${kind}`),
      ["base platform", "app app", "app.github github", "else other"],
    );
    assert.deepEqual(platformsOf(stackFiles), [
      { name: "shop", directory: "/srv/shop", settings: { name: "shop", directory: "/srv/shop" } },
    ]);
  });
});

test("a project without a platform's file has one of the name given", async () => {
  await withProject(project, async (directory) => {
    const files = await readStackFiles(await findProject(directory));
    assert.deepEqual(
      platformsOf(files, "mine").map(({ name }) => name),
      ["mine"],
    );
  });
});

test("mistakes are named with what to do", async () => {
  await withProject({}, (directory) =>
    assert.rejects(findProject(directory), /there is no Pulumi\.yaml in .* or above/),
  );
  await withProject({ "Pulumi.yaml": "runtime: nodejs\n" }, (directory) =>
    assert.rejects(findProject(directory), /has no `name`/),
  );
  await withProject({ "Pulumi.yaml": "name: [\n" }, (directory) =>
    assert.rejects(findProject(directory), /no valid YAML/),
  );
  const bad = { ...project, "stacks/Pulumi.p.yaml": "config:\n  dynoform:platform: { name: Not/Good }\n" };
  await withProject(bad, async (directory) => {
    const files = await readStackFiles(await findProject(directory));
    assert.throws(() => platformsOf(files), /dynoform:platform\.name: "Not\/Good" is not allowed/);
  });
});

test("a stack file that goes while they are read is left out: other apps are destroyed at any time", async () => {
  const names = Array.from({ length: 200 }, (_, index) => `stacks/Pulumi.app-${String(index).padStart(3, "0")}.yaml`);
  const apps = Object.fromEntries(names.map((name) => [name, "config:\n  dynoform:app: {}\n"]));
  await withProject({ ...project, ...apps }, async (directory) => {
    const found = await findProject(directory);
    const reading = readStackFiles(found);
    // The folder is listed, and the files are read one after the other, by now.
    await setTimeout(2);
    rmSync(join(directory, names.at(-1) ?? ""));
    const left = (await reading).length;
    assert.ok(left === 199 || left === 200, `${left}`);
    assert.equal((await readStackFiles(found)).length, 199);
  });
});
