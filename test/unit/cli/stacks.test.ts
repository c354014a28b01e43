import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ensureStacks } from "../../../cli/setup/stacks.ts";
import { findProject } from "../../../model/stack/project.ts";

/** Makes what is missing of the app `shop`, whose stack has as many resources, and gives what was done. */
async function ensured({ config = "", resources }: { config?: string; resources: number | undefined }) {
  const directory = await mkdtemp(join(tmpdir(), "dynoform-stacks-"));
  try {
    await writeFile(join(directory, "Pulumi.yaml"), "name: shop\nruntime: nodejs\n");
    await writeFile(join(directory, "Pulumi.shop.yaml"), `config:\n  dynoform:app: {}\n${config}`);
    const done: string[] = [];
    const { empty } = await ensureStacks(
      await findProject(directory),
      {
        stacks: async () => (resources === undefined ? [] : [{ name: "shop", resourceCount: resources }]),
        init: async (stack) => void done.push(`init ${stack}`),
        setSecret: async (stack, key) => void done.push(`${key} of ${stack}`),
      },
      () => {},
    );
    assert.equal(empty.has("shop"), (resources ?? 0) === 0);
    return done;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test("a new app's stack and key are made", async () => {
  assert.deepEqual(await ensured({ resources: undefined }), ["init shop", "dynoform:key of shop"]);
  assert.deepEqual(await ensured({ resources: 0 }), ["dynoform:key of shop"]);
});

test("a key that is there stays", async () => {
  assert.deepEqual(await ensured({ config: "  dynoform:key: { secure: v1:x }\n", resources: 9 }), []);
});

test("an app that runs gets no other key: its database is named by the lost one", async () => {
  await assert.rejects(ensured({ resources: 9 }), /Pulumi\.shop\.yaml has lost its `dynoform:key`.*Put the file back/);
});

test("two commands at once make one stack and one key", async () => {
  const directory = await mkdtemp(join(tmpdir(), "dynoform-stacks-"));
  try {
    const file = join(directory, "Pulumi.shop.yaml");
    await writeFile(join(directory, "Pulumi.yaml"), "name: shop\nruntime: nodejs\n");
    await writeFile(file, "config:\n  dynoform:app: {}\n");
    const made: string[] = [];
    const keys: string[] = [];
    const asked = Promise.withResolvers<void>();
    let first = true;
    const engine = {
      async stacks() {
        if (!first) return made.map((name) => ({ name }));
        // Both look before either makes it.
        if (asks++ === 1) asked.resolve();
        await asked.promise;
        first = false;
        return [];
      },
      async init(stack: string) {
        if (made.includes(stack)) throw new Error("it exists already");
        made.push(stack);
      },
      async setSecret(_stack: string, key: string, value: string) {
        keys.push(value);
        await appendFile(file, `  ${key}: { secure: ${value} }\n`);
      },
    };
    let asks = 0;
    const project = await findProject(directory);
    await Promise.all([1, 2].map(() => ensureStacks(project, engine, () => {})));
    assert.deepEqual([made, keys.length], [["shop"], 1]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
