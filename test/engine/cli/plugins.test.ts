/** Plugins that are installed from a file, and what uses them. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { packageRoot } from "../../../lib/package-root.ts";
import { TestProject } from "./harness.ts";

const serve = join(packageRoot(), "test", "engine", "deploy", "plugin", "serve-fake.ts");
const plugin = `#!${process.execPath}\nimport(${JSON.stringify(serve)});\n`;

let project: TestProject;
before(async () => {
  project = await TestProject.create("plugins", {
    "index.ts": `import * as pulumi from "@pulumi/pulumi";
const version = process.env.FAKE_VERSION;
const thing = new pulumi.CustomResource("fake:index:Thing", "a", { value: 1, token: undefined }, { version } as object);
export const token = (thing as unknown as { token: unknown }).token;\n`,
    "built/pulumi-resource-fake": plugin,
  });
  await chmod(project.path("built", "pulumi-resource-fake"), 0o755);
  await promisify(execFile)("tar", ["-czf", project.path("fake.tar.gz"), "-C", project.path("built"), "."]);
  await project.ok("stack", "init", "dev");
});
after(() => project[Symbol.asyncDispose]());

const install = (version: string, file: string) =>
  project.run(["plugin", "install", "resource", "fake", version, "--file", file]);
const versions = async () =>
  (JSON.parse(await project.ok("plugin", "ls", "--json")) as { version: string }[]).map(({ version }) => version);

test("a package that is not installed is refused with the way to install it", async () => {
  const { code, stdout } = await project.run(["up", "--yes", "--skip-preview"]);
  assert.equal(code, 1);
  assert.match(
    stdout,
    /there is no provider for the package "fake".*'pulumi plugin install resource fake VERSION --file FILE'/s,
  );
});

test("an executable, a folder and an archive are installed, listed, used and removed", async () => {
  for (const [version, file] of [
    ["1.0.0", "built/pulumi-resource-fake"],
    ["v1.2.0", "built"],
    ["1.10", "fake.tar.gz"],
  ] as const) {
    const { code, stderr } = await install(version, file);
    assert.equal(code, 0, stderr);
  }
  assert.deepEqual(await versions(), ["1.10.0", "1.2.0", "1.0.0"]);
  assert.match(
    await project.ok("plugin", "ls"),
    /^NAME +KIND +VERSION +SIZE +WHERE\nfake +resource +1\.10\.0 +\d+ B +installed\n/,
  );
  assert.deepEqual(await readdir(join(project.folder, "home", "plugins", "resource-fake-v1.10.0")), [
    "pulumi-resource-fake",
  ]);
  const up = await project.run(["up", "--yes", "--skip-preview"], { FAKE_VERSION: "1.2.0" });
  assert.equal(up.code, 0, up.stdout);
  assert.equal(await project.ok("stack", "output", "token"), "token of a-1\n");
  const missing = await project.run(["preview"], { FAKE_VERSION: "3.0.0" });
  assert.equal(missing.code, 1);
  assert.match(missing.stdout, /no provider for the package "fake" \(version 3\.0\.0\)/);
  assert.equal((await project.run(["destroy", "--yes", "--skip-preview"])).code, 0);
  assert.equal(
    await project.ok("plugin", "rm", "resource", "fake", "<1.5.0", "--yes"),
    "removed: resource fake-1.2.0\nremoved: resource fake-1.0.0\n",
  );
  assert.deepEqual(await versions(), ["1.10.0"]);
  await project.ok("plugin", "rm", "--all", "--yes");
  assert.deepEqual(await versions(), []);
});

test("what cannot be installed is told in one line, and nothing is left of it", async () => {
  const cases: [string[], RegExp][] = [
    [
      ["resource", "fake", "1.0.0"],
      /^error: the embedded engine downloads no plugins; 'pulumi plugin install .* --file FILE' takes one that is here\n$/,
    ],
    [
      ["resource", "fake", "--file", "built"],
      /^error: missing plugin version argument, this is required if installing from a file\n$/,
    ],
    [["thing", "fake", "1.0.0", "--file", "built"], /^error: unrecognized plugin kind: thing\n$/],
    [["resource", "fake", "1.0.0", "--file", "nowhere"], /^error: open nowhere: no such file or directory\n$/],
    [["resource", "../fake", "1.0.0", "--file", "built"], /^error: invalid plugin name: \.\.\/fake\n$/],
    [["resource", "other", "1.0.0", "--file", "built"], /holds no executable pulumi-resource-other\n$/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await project.run(["plugin", "install", ...args]);
    assert.equal(code, 1);
    assert.match(stderr, message);
  }
  assert.deepEqual(await readdir(join(project.folder, "home", "plugins")), []);
});
