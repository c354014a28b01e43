import assert from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { baseRecipe, recipe } from "../../../images/recipe.ts";

test("a recipe follows names and bytes of the files, and the salt, and nothing else", async () => {
  const folder = await mkdtemp(join(tmpdir(), "recipe-"));
  try {
    await mkdir(join(folder, "sub"));
    await writeFile(join(folder, "Dockerfile"), "FROM x\n");
    await writeFile(join(folder, "sub/file"), "one");
    const first = recipe(folder, "trixie");
    assert.match(first, /^[0-9a-f]{12}$/);
    await writeFile(join(folder, "index.ts"), "export {};\n");
    assert.equal(recipe(folder, "trixie"), first, "a published package has no TypeScript here");
    assert.notEqual(recipe(folder, "bookworm"), first);
    await writeFile(join(folder, "sub/file"), "two");
    const second = recipe(folder, "trixie");
    assert.notEqual(second, first);
    await rename(join(folder, "sub/file"), join(folder, "sub/other"));
    assert.notEqual(recipe(folder, "trixie"), second);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the base image has a recipe", () => {
  assert.match(baseRecipe(), /^[0-9a-f]{12}$/);
});
