import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Repository, repositoryPath } from "../../../../sources/git/repository.ts";
import { readSource } from "../../../../sources/index.ts";

test("a release's commit is taken from another app's repository, and stays when a release pins it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "copied-"));
  try {
    const code = join(folder, "code");
    await mkdir(code);
    await writeFile(join(code, "Procfile"), "web: python app.py\n");
    await writeFile(join(code, "requirements.txt"), "");
    const { tree, snapshot } = readSource(code);
    const [from, to] = ["staging", "live"].map((id) => new Repository(repositoryPath(folder, id))) as [
      Repository,
      Repository,
    ];
    await from.store(tree, snapshot);
    await from.pin(3, snapshot);
    await to.take(from, 3, snapshot);
    assert.equal(await to.has(snapshot), true);
    await to.take(from, 3, snapshot);
    assert.equal(await to.pin(1, snapshot), true);
    await to.keepOnly([1]);
    assert.equal(await to.has(snapshot), true);
    await assert.rejects(to.take(from, 4, "1".repeat(40)), /couldn't find remote ref/);
    await assert.rejects(to.take(from, 3, "1".repeat(40)), /it is another commit by now/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
