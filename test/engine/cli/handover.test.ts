/** Which program `pulumi` is: a real CLI on the PATH, or the embedded engine. */
import assert from "node:assert/strict";
import { chmod, symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { packageRoot } from "../../../lib/package-root.ts";
import { TestProject } from "./harness.ts";

let project: TestProject;
let path: string;
before(async () => {
  project = await TestProject.create("which");
  path = [project.path("real"), project.environment.PATH].join(delimiter);
});
after(() => project[Symbol.asyncDispose]());

/** Puts a program on the PATH that tells how it was called. */
async function realCli(version: string): Promise<void> {
  await project.write(
    "real/pulumi",
    `#!/bin/sh\nif [ "$1" = version ]; then echo ${version}; else echo "real: $*, home $PULUMI_HOME, own $OWN"; exit 5; fi\n`,
  );
  await chmod(project.path("real", "pulumi"), 0o755);
}

test("a recent real CLI takes over, with the same arguments and exit code", async () => {
  await realCli("v3.260.0");
  const { code, stdout, stderr } = await project.run(["up", "--yes"], { PATH: path, PULUMI_CLI: "" });
  assert.equal(stderr, "");
  assert.equal(stdout, `real: up --yes, home ${project.environment.PULUMI_HOME}, own \n`);
  assert.equal(code, 5);
});

test("PULUMI_CLI=embedded does not, =real demands one", async () => {
  await realCli("v3.260.0");
  assert.equal((await project.run(["version"], { PATH: path })).stdout, "v3.270.0\n");
  const none = await project.run(["version"], { PULUMI_CLI: "real" });
  assert.equal(none.code, 1);
  assert.match(none.stderr, /^error: PULUMI_CLI=real, and no Pulumi CLI 3\.230 or newer is on the PATH;.*\n$/);
});

test("one that is too old, or this program again, does not count", async () => {
  await realCli("v3.100.0");
  const old = await project.run(["whoami", "--json"], { PATH: path, PULUMI_CLI: "" });
  assert.equal(JSON.parse(old.stdout).url, project.environment.PULUMI_BACKEND_URL);
  await project.write("loop/run", "");
  await symlink(join(packageRoot(), "engine", "bin", "pulumi.mjs"), project.path("loop", "pulumi"));
  const PATH = [project.path("loop"), path].join(delimiter);
  assert.equal((await project.run(["version"], { PATH, PULUMI_CLI: "" })).stdout, "v3.270.0\n");
});

test("pulumi.env beside Pulumi.yaml gives settings, and the environment wins", async () => {
  await realCli("v3.260.0");
  await project.write("pulumi.env", "# ours\nPULUMI_HOME=/from/the/file\nOWN=one\n");
  await project.write("deep/er/file", "");
  const { stdout } = await project.run(["-C", project.path("deep", "er"), "stack"], {
    PATH: path,
    PULUMI_CLI: "",
  });
  assert.match(stdout, new RegExp(`home ${project.environment.PULUMI_HOME}, own one\n$`));
});
