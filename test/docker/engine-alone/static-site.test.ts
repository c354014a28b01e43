/** The engine's example of a static site, by its packed tarball, in a folder with nothing else. */
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import Docker from "dockerode";
import { unlessMissing } from "../../../engine/providers/docker/client.ts";
import { packageRoot } from "../../../lib/package-root.ts";
import { TEST_IMAGE, testImage } from "../../support/docker-image.ts";
import { installEngine, packEngine, typecheck } from "../../support/engine-package.ts";
import { freePort } from "../../support/free-port.ts";
import { get } from "../../support/http.ts";
import { finish } from "../../support/process.ts";

test("the static site is served, changed and taken away", async (t) => {
  const docker = new Docker();
  await testImage(docker);
  const ground = await mkdtemp(join(tmpdir(), "static-site-"));
  const stack = `t${process.pid.toString(36)}${Math.random().toString(36).slice(2, 6)}`;
  const site = `static-site-${stack}`;
  const filters = JSON.stringify({ reference: [site] });
  t.after(async () => {
    await unlessMissing(docker.getContainer(site).remove({ force: true }));
    for (const { Id } of await docker.listImages({ filters })) await docker.getImage(Id).remove({ force: true });
    await rm(ground, { recursive: true, force: true });
  });
  const tarball = await packEngine(ground);
  const folder = join(ground, "site");
  await cp(join(packageRoot(), "engine", "examples", "static-site"), folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await installEngine(folder, tarball, ["@pulumi/pulumi", "@pulumi/docker"]);
  await typecheck(folder, ["index.ts"]);

  const environment = [
    `PATH=${dirname(process.execPath)}:/usr/bin:/bin`,
    `HOME=${ground}`,
    `PULUMI_HOME=${join(ground, "home")}`,
    `PULUMI_BACKEND_URL=file://${ground}`,
    "PULUMI_CONFIG_PASSPHRASE=test",
    ...(process.env.DOCKER_HOST === undefined ? [] : [`DOCKER_HOST=${process.env.DOCKER_HOST}`]),
  ];
  const pulumi = async (...args: string[]) => {
    const bin = join(folder, "node_modules", ".bin", "pulumi");
    const { exitCode, output } = await finish(["env", "-i", ...environment, bin, ...args], folder);
    assert.equal(exitCode, 0, output);
    return output;
  };
  const port = await freePort();
  const page = async () => (await get({ host: "localhost", port, path: "/" })).body;
  await pulumi("stack", "init", stack);
  await pulumi("config", "set", "base", TEST_IMAGE);
  await pulumi("config", "set", "port", String(port));
  assert.match(await pulumi("up", "--yes", "--skip-preview"), /\+ 3 created/);
  assert.match(await page(), /Hello from a container/);

  const index = join(folder, "site", "pages", "index.html");
  await writeFile(index, (await readFile(index, "utf8")).replace("Hello", "Good evening"));
  assert.match(await pulumi("up", "--yes", "--skip-preview"), /\+-1 replaced/);
  assert.match(await page(), /Good evening from a container/);
  assert.match(await pulumi("preview", "--expect-no-changes"), /3 unchanged/);

  await pulumi("destroy", "--yes", "--skip-preview", "--remove");
  assert.equal(await unlessMissing(docker.getContainer(site).inspect()), undefined);
});
