import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StateFiles } from "../../../services/stacks/backend.ts";

test("when a state was written is seen where it lies in files, and nowhere else", async () => {
  const directory = await mkdtemp(join(tmpdir(), "backend-"));
  const outside = process.env.PULUMI_BACKEND_URL;
  delete process.env.PULUMI_BACKEND_URL;
  try {
    await writeFile(join(directory, "Pulumi.yaml"), "name: shops\nruntime: nodejs\n");
    assert.equal(await new StateFiles(directory).written("shop"), undefined, "nobody says where it is");
    await writeFile(join(directory, "pulumi.env"), `# where\nPULUMI_BACKEND_URL=file://${directory}/state\n`);
    const files = new StateFiles(directory);
    assert.equal(await files.written("shop"), undefined, "there is no such stack");

    const folder = join(directory, "state", ".pulumi", "stacks", "shops");
    const file = join(folder, "shop.json");
    await mkdir(folder, { recursive: true });
    await writeFile(file, "{}");
    assert.equal(await files.written("shop"), (await stat(file)).mtime.getTime());
    await utimes(file, 1000, 1000);
    assert.equal(await files.written("shop"), 1_000_000);
    assert.equal(await files.written("blog"), undefined);

    process.env.PULUMI_BACKEND_URL = "https://api.pulumi.com";
    assert.equal(await new StateFiles(directory).written("shop"), undefined, "the environment goes before the file");
  } finally {
    if (outside === undefined) delete process.env.PULUMI_BACKEND_URL;
    else process.env.PULUMI_BACKEND_URL = outside;
    await rm(directory, { recursive: true });
  }
});
