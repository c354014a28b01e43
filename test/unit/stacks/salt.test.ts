import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findProject } from "../../../services/stacks/project.ts";
import { shareSalt } from "../../../services/stacks/salt.ts";

const PLATFORM = "encryptionsalt: v1:platform\nconfig:\n  dynoform:platform: {}\n";
const APP = "# Ours.\n\nconfig:\n  dynoform:app: { name: shop } # a shop\n";

test("a new stack's file takes the platform's salt, and keeps one that it has", async () => {
  const directory = await mkdtemp(join(tmpdir(), "dynoform-salt-"));
  const write = (name: string, text: string) => writeFile(join(directory, name), text);
  const read = (stack: string) => readFile(join(directory, `Pulumi.${stack}.yaml`), "utf8");
  try {
    await write("Pulumi.yaml", "name: shop\nruntime: nodejs\n");
    await write("Pulumi.shop.yaml", APP);
    const project = await findProject(directory);
    await shareSalt(project, "shop");
    assert.equal(await read("shop"), APP);

    await write("Pulumi.about.yaml", "encryptionsalt: v1:about\nconfig:\n  dynoform:app: {}\n");
    await write("Pulumi.base.yaml", PLATFORM);
    for (const stack of ["shop", "about", "base", "absent"]) await shareSalt(project, stack);
    assert.equal(await read("shop"), APP.replace("config:", "encryptionsalt: v1:platform\nconfig:"));
    assert.match(await read("about"), /^encryptionsalt: v1:about$/m);
    assert.equal(await read("base"), PLATFORM);
    await assert.rejects(read("absent"));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
