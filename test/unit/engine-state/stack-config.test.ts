import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { decryptAll, fullKey, withProjectDefaults } from "../../../engine/src/state/config-values.ts";
import { PassphraseManager } from "../../../engine/src/state/passphrase.ts";
import { findProject, type Project, programOf } from "../../../engine/src/state/project.ts";
import { StackConfig, stackConfigPath } from "../../../engine/src/state/stack-config.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynoform-config-"));
  path = join(folder, "Pulumi.dev.yaml");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function edit(text: string, change: (config: StackConfig) => void): Promise<string> {
  await writeFile(path, text);
  const config = await StackConfig.load(path, "p");
  change(config);
  await config.save();
  return readFile(path, "utf8");
}

describe("editing a stack file", () => {
  const file = `# This is ours.

config:
  # How many there are
  p:app:
    # one web dyno
    formation: { web: { quantity: 1, size: free } }
    hosts:
      - a.example # the first
  p:last: "8"
`;

  test("keeps numbers as they were written", async () => {
    const numbers = `config:
  p:a: 01234
  p:b: [ +49170, 1234e5, 0x1F, 0o17, 1.50, 12345678901234567890, .Inf ]
  p:c: 7
`;
    const changed = await edit(numbers, (config) => config.set(["p:c"], 8));
    assert.equal(changed, numbers.replace("p:c: 7", "p:c: 8"));
  });

  test("keeps comments, order and styles", async () => {
    const edited = await edit(file, (config) => {
      config.set(["p:app", "formation", "web", "quantity"], 3);
      config.set(["p:app", "hosts", 1], "b.example");
      config.set(["p:new"], "true");
      config.set(["p:secret", "inner"], { secure: "v1:AAAA:BBBB" });
    });
    assert.equal(
      edited,
      `# This is ours.

config:
  # How many there are
  p:app:
    # one web dyno
    formation: { web: { quantity: 3, size: free } }
    hosts:
      - a.example # the first
      - b.example
  p:last: "8"
  p:new: "true"
  p:secret:
    inner:
      secure: v1:AAAA:BBBB
`,
    );
  });

  test("removes what is asked for, and the last value's section with it", async () => {
    const edited = await edit(file, (config) => {
      config.remove(["p:app", "hosts", 0]);
      config.remove(["p:last"]);
      config.remove(["p:nothing", "here"]);
    });
    assert.ok(!edited.includes("a.example") && !edited.includes("p:last"));
    assert.ok(edited.includes("# How many there are"));
    assert.equal(await edit("config:\n  p:a: 1\n", (config) => config.remove(["p:a"])), "{}\n");
  });

  test("writes the salt first, below the comment at the head of the file", async () => {
    const edited = await edit(file, (config) => {
      config.salt = "v1:salt";
    });
    assert.ok(edited.startsWith("# This is ours.\n\nencryptionsalt: v1:salt\nconfig:\n"));
  });

  test("makes new lists and maps, and refuses ways that are blocked", async () => {
    const edited = await edit("config:\n  p:text: a\n", (config) => {
      config.set(["p:list", 0, "name"], "x");
      config.set(["p:list", 1, "name"], "y");
      config.set(["p:text", "was", "a text"], true);
    });
    const values = (await StackConfig.load(path, "p")).config;
    assert.deepEqual(
      values,
      { "p:list": [{ name: "x" }, { name: "y" }], "p:text": { was: { "a text": true } } },
      edited,
    );
    await edit(file, (config) => {
      assert.throws(() => config.set(["p:app", "hosts", 5], "x"), /array index out of range/);
      assert.throws(() => config.set(["p:app", "hosts", "x"], "x"), /key for an array must be an int/);
      assert.throws(() => config.set(["p:app", 0], "x"), /key for a map must be a string/);
      assert.throws(() => config.set(["p:app", "hosts", 0, "x"], "x"), /expected a map/);
      assert.throws(() => config.set(["p:n", 1], "x"), /array index out of range/);
      assert.throws(() => config.set(["p:n", "secure"], "x"), /reserved/);
    });
  });

  test("keeps permissions, and a link a link", async () => {
    const target = join(folder, "target.yaml");
    await writeFile(target, file, { mode: 0o640 });
    await symlink(target, path);
    const config = await StackConfig.load(path, "p");
    config.set(["p:new"], "x");
    await config.save();
    assert.equal((await stat(target)).mode & 0o777, 0o640);
    assert.ok((await readFile(target, "utf8")).includes("p:new: x"));
  });

  test("what is no stack file is told in one line", async () => {
    await assert.rejects(
      edit("config: [", () => undefined),
      /^UserError|Pulumi\.dev\.yaml: /,
    );
    await assert.rejects(
      edit("- a\n", () => undefined),
      /a stack file is a map/,
    );
    await assert.rejects(
      edit("environment: [e]\n", (config) => assert.fail(JSON.stringify(config.config))),
      /'environment' \(Pulumi ESC\) is not supported/,
    );
  });
});

test("the real CLI's file is read, and its secrets", async () => {
  const file = new URL("../../fixtures/pulumi/Pulumi.dev.yaml", import.meta.url);
  const config = await StackConfig.load(file.pathname, "bench");
  const manager = new PassphraseManager(config.salt ?? "", async () => "test");
  assert.deepEqual(await decryptAll(config.config, manager), {
    "bench:length": { value: "8", secret: false },
    "bench:nested": { value: '{"a":[1]}', secret: false, object: { a: [1] } },
    "bench:tok": { value: "hunter2", secret: true },
  });
  const locked = new PassphraseManager(config.salt ?? "", () => Promise.reject(new Error("the key was asked for")));
  await decryptAll({ "bench:length": "8" }, locked);
});

test("keys have a namespace", () => {
  assert.equal(fullKey("a", "p"), "p:a");
  assert.equal(fullKey("q:a", "p"), "q:a");
  assert.equal(fullKey("q:config:a", "p"), "q:a");
  assert.throws(() => fullKey("a:b:c:d", "p"), /could not parse a:b:c:d as a configuration key/);
});

describe("Pulumi.yaml", () => {
  async function project(text: string): Promise<Project> {
    await writeFile(join(folder, "Pulumi.yaml"), text);
    const found = await findProject(join(folder, "deep", "er"));
    assert.ok(found);
    return found;
  }

  test("says where programs, stack files and providers are", async () => {
    const found = await project(
      "name: p\nruntime: { name: nodejs, options: { typescript: false, nodeargs: --a --b } }\n" +
        "main: infra/program.ts\nstackConfigDir: stacks\nplugins: { providers: [{ name: dyno, path: ./provider }] }\n",
    );
    assert.equal(stackConfigPath(found, "dev"), join(folder, "stacks", "Pulumi.dev.yaml"));
    assert.deepEqual(found.providerPaths, { dyno: join(folder, "provider") });
    await assert.rejects(programOf(found), /'main' is .*program\.ts, which does not exist/);
    assert.deepEqual(await programOf(await project("name: p\nruntime: nodejs\n")), {
      entry: ".",
      directory: folder,
      nodeArgs: [],
      typescript: true,
    });
    await assert.rejects(programOf({ ...found, runtime: "go" }), /runs Node programs only/);
  });

  test("gives defaults and types of values", async () => {
    const found = await project(
      "name: p\nruntime: nodejs\nconfig:\n  count: { type: integer, default: 3 }\n  must: { type: string }\n  aws:region: eu\n",
    );
    assert.deepEqual(withProjectDefaults(found, "dev", { "p:must": "x" }), {
      "p:must": "x",
      "p:count": 3,
      "aws:region": "eu",
    });
    assert.throws(() => withProjectDefaults(found, "dev", {}), /Stack 'dev' is missing configuration value 'must'/);
    assert.throws(
      () => withProjectDefaults(found, "dev", { "p:must": "x", "p:count": "many" }),
      /'count' must be of type 'integer'/,
    );
  });

  test("is told from what is none", async () => {
    await assert.rejects(project("runtime: nodejs\n"), /missing a 'name' attribute/);
    await assert.rejects(project("name: [\n"), /Pulumi\.yaml: /);
  });
});
