import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Backend, HistoryEntry } from "../../../engine/src/state/backend.ts";
import { FileBucket } from "../../../engine/src/state/file-bucket.ts";
import { writeFileAtomic } from "../../../engine/src/state/files.ts";
import { openBackend } from "../../../engine/src/state/open-backend.ts";
import type { Project } from "../../../engine/src/state/project.ts";
import { renameInCheckpoint } from "../../../engine/src/state/rename.ts";
import { parseStackName } from "../../../engine/src/state/stack-name.ts";
import { backendUrl, pulumiHome, saveLogin, selectedStack, selectStack } from "../../../engine/src/state/workspace.ts";

const name = { project: "p", stack: "s" };
let folder: string;
let backend: Backend;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynoform-backend-"));
  backend = openBackend(`file://${folder}`, "/");
  await backend.prepare();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a file is replaced as a whole, or not at all", async () => {
  const path = join(folder, "state");
  await writeFileAtomic(path, "one");
  await writeFileAtomic(path, "two", { backup: true });
  await writeFileAtomic(path, "three", { backup: true });
  assert.equal(await readFile(path, "utf8"), "three");
  assert.equal(await readFile(`${path}.bak`, "utf8"), "two");
  await mkdir(join(folder, "taken", "by-a-folder"), { recursive: true });
  await assert.rejects(writeFileAtomic(join(folder, "taken"), "x"));
  assert.deepEqual(
    (await readdir(folder)).sort(),
    [".pulumi", "state", "state.bak", "taken"],
    "nothing half-done stays",
  );
});

test("stacks are listed by project, and what was left half-written is none", async () => {
  await backend.write(name, "{}");
  await backend.write({ project: "p", stack: "other" }, "{}");
  await backend.write({ project: "a", stack: "s" }, "{}");
  await backend.setTags(name, { k: "v" });
  const stacks = join(folder, ".pulumi", "stacks", "p");
  await writeFile(join(stacks, ".s.json.1234.tmp"), '{"half');
  await writeFile(join(stacks, "zipped.json.gz"), gzipSync('{"zipped":true}'));
  assert.deepEqual(await backend.list(), [
    { project: "a", stack: "s" },
    { project: "p", stack: "other" },
    name,
    { project: "p", stack: "zipped" },
  ]);
  assert.equal(await backend.read({ project: "p", stack: "zipped" }), '{"zipped":true}');
  assert.equal(await backend.read({ project: "p", stack: "none" }), undefined);
});

test("of a plain and a compressed file the newer one counts", async () => {
  await backend.write(name, "plain");
  const zipped = join(folder, ".pulumi", "stacks", "p", "s.json.gz");
  await writeFile(zipped, gzipSync("zipped"));
  await utimes(zipped, 1, 1);
  assert.equal(await backend.read(name), "plain");
  await utimes(zipped, 4e9, 4e9);
  assert.equal(await backend.read(name), "zipped");
  await backend.write(name, "written");
  assert.equal(await backend.read(name), "written", "writing makes it plain");
});

test("a new layout is marked, an old one refused", async () => {
  assert.equal(await readFile(join(folder, ".pulumi", "meta.yaml"), "utf8"), "version: 1\n");
  const old = join(folder, "old");
  await mkdir(join(old, ".pulumi", "stacks"), { recursive: true });
  await writeFile(join(old, ".pulumi", "stacks", "s.json"), "{}");
  await assert.rejects(openBackend(`file://${old}`, "/").prepare(), /holds stacks without projects/);
});

describe("history", () => {
  const entry = (message: string): HistoryEntry => ({
    kind: "update",
    startTime: 1,
    message,
    environment: {},
    config: {},
    version: 0,
    result: "succeeded",
    endTime: 2,
  });

  test("newest first, in pages, with a copy of the state and a backup", async () => {
    await backend.write(name, "state");
    for (const message of ["one", "two", "three"]) await backend.addHistory(name, entry(message));
    assert.deepEqual(
      (await backend.history(name)).map(({ message }) => message),
      ["three", "two", "one"],
    );
    assert.deepEqual(
      (await backend.history(name, 2, 2)).map(({ message }) => message),
      ["one"],
    );
    assert.deepEqual(await backend.history(name, 2, 3), []);
    const files = await readdir(join(folder, ".pulumi", "history", "p", "s"));
    const checkpoint = files.find((file) => /^s-\d{19}\.checkpoint\.json$/.test(file)) ?? "";
    assert.equal(await readFile(join(folder, ".pulumi", "history", "p", "s", checkpoint), "utf8"), "state");
    assert.equal((await readdir(join(folder, ".pulumi", "backups", "p", "s"))).length, 3);
  });

  test("goes with a new name, and with the stack", async () => {
    await backend.write(name, "state");
    await backend.addHistory(name, entry("one"));
    await backend.setTags(name, { k: "v" });
    const to = { project: "p", stack: "t" };
    await backend.write(to, "state");
    await backend.moveRecords(name, to);
    await backend.remove(name);
    assert.equal((await backend.history(to)).length, 1);
    assert.deepEqual(await backend.tags(to), { k: "v" });
    assert.deepEqual(await backend.history(name), []);
    assert.equal(await backend.exists(name), false);
    await backend.remove(to);
    assert.deepEqual(await backend.list(), []);
    assert.deepEqual(await backend.history(to), []);
    assert.deepEqual(await backend.tags(to), {});
  });
});

test("a new name reaches every URN of the stack, and nothing else", () => {
  const urn = (stack: string, rest: string) => `urn:pulumi:${stack}::p::${rest}`;
  const text = (stack: string) => ({
    version: 3,
    checkpoint: {
      stack: `organization/p/${stack}`,
      latest: {
        resources: [
          {
            urn: urn(stack, `pulumi:pulumi:Stack::p-${stack}`),
            outputs: { text: "about p-s", other: "urn:pulumi:x::p::a::b" },
          },
          {
            urn: urn(stack, "a:b:C::n"),
            provider: `${urn(stack, "pulumi:providers:a::default")}::1`,
            propertyDependencies: { k: [urn(stack, "a:b:C::m")] },
          },
        ],
      },
    },
  });
  const renamed = renameInCheckpoint(JSON.stringify(text("s")), name, { project: "p", stack: "t" });
  assert.deepEqual(JSON.parse(renamed), text("t"));
});

test("names of stacks", () => {
  assert.deepEqual(parseStackName("s", "p"), name);
  assert.deepEqual(parseStackName("organization/s", "p"), name);
  assert.deepEqual(parseStackName("organization/q/s", "p"), { project: "q", stack: "s" });
  assert.throws(() => parseStackName("bad name", "p"), /invalid character ' ' at position 3/);
  assert.throws(() => parseStackName("acme/p/s", "p"), /organization name must be 'organization'/);
  assert.throws(() => parseStackName("a/b/c/d", "p"), /slashes/);
  assert.throws(() => parseStackName("..", "p"), /may not be named/);
  assert.throws(() => parseStackName("organization/../s", "p"), /project name/);
});

test("the backend is the environment's, else the project's, else the last login's", async () => {
  const environment = { PULUMI_HOME: join(folder, "home") };
  const project = { name: "p", file: "/x/Pulumi.yaml", backendUrl: "file:///project" } as Project;
  assert.equal(await backendUrl({ ...environment, PULUMI_BACKEND_URL: "file:///env" }, project), "file:///env");
  assert.equal(await backendUrl(environment, project), "file:///project");
  await assert.rejects(backendUrl(environment, undefined), /no backend: set PULUMI_BACKEND_URL/);
  await saveLogin(environment, "file:///login");
  assert.equal(await backendUrl(environment, undefined), "file:///login");
  assert.throws(() => openBackend("https://api.pulumi.com", "/"), /is no file:\/\/ or postgres:\/\/ URL/);
  assert.equal(new FileBucket("file://~/x", "/").root, join(homedir(), "x", ".pulumi"));
  assert.equal(new FileBucket("file://./x?no_tmp_dir=true", "/y").root, "/y/x/.pulumi");
  assert.equal(pulumiHome({}), join(homedir(), ".pulumi"));
});

test("the selected stack is remembered per project and backend, where the real CLI looks for it", async () => {
  const environment = { PULUMI_HOME: join(folder, "home") };
  const project = { name: "p", file: "/x/Pulumi.yaml" } as Project;
  await selectStack(environment, project, "file:///a", "organization/p/s");
  await selectStack(environment, project, "file:///b", "organization/p/t");
  assert.equal(await selectedStack(environment, project, "file:///a"), "organization/p/s");
  assert.deepEqual(await readdir(join(folder, "home", "workspaces")), [
    "p-d8ae687f6f0865b04fe9e5293d9ea93ac32c7f53-workspace.json",
  ]);
  await selectStack(environment, project, "file:///a", undefined);
  assert.equal(await selectedStack(environment, project, "file:///a"), undefined);
});
