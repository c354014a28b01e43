import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { findRemainder } from "../../cli/remainder.ts";
import { packageRoot } from "../../lib/package-root.ts";
import { testGround } from "../support/ground.ts";
import { get } from "../support/http.ts";
import { finish } from "../support/process.ts";

const run = promisify(execFile);

test("the packed package serves a program of one's own, outside the checkout", async () => {
  await using ground = await testGround();
  const { name, directory, ports } = ground;
  await run("npm", ["pack", "--pack-destination", directory, "--loglevel=error"], { cwd: packageRoot() });
  const tarball = (await readdir(directory)).find((file) => file.endsWith(".tgz"));
  assert.ok(tarball);

  const project = join(directory, "project");
  await mkdir(project);
  await cp(join(packageRoot(), "examples", "pipfile-only"), join(project, "app"), { recursive: true });
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "mine", private: true, type: "module" }));
  await writeFile(
    join(project, "Pulumi.yaml"),
    "name: mine\nruntime:\n  name: nodejs\n  options: { typescript: false }\n",
  );
  await writeFile(
    join(project, "index.js"),
    [
      'import { App, Platform } from "dynoform";',
      "",
      `const platform = new Platform("platform", { name: "${name}", ports: ${JSON.stringify(ports)} });`,
      'const app = new App("mine", {',
      "  platform,",
      '  source: { path: "app" },',
      '  addons: { DATABASE: { service: "postgresql" } },',
      "});",
      "",
      "export const url = app.url;",
    ].join("\n"),
  );

  const npx = async (...args: string[]) => {
    const { exitCode, output } = await finish(["npx", "--no", "--", ...args], project);
    assert.equal(exitCode, 0, output);
    return output;
  };
  await run("npm", ["install", join(directory, tarball), "--prefer-offline", "--loglevel=error"], { cwd: project });
  await npx("dynoform", "setup", "--name", name);
  await npx("pulumi", "up", "--yes", "--skip-preview", "--non-interactive");
  const page = await get({ host: "mine.localhost", port: ports.web, path: "/" });
  assert.equal(page.status, 200, page.body);

  assert.match(await npx("pulumi", "preview", "--expect-no-changes", "--non-interactive"), /unchanged/);
  await npx("pulumi", "destroy", "--yes", "--skip-preview", "--non-interactive");
  const { services, containers, networks } = await findRemainder(ground.docker, name);
  assert.deepEqual({ services, containers, networks }, { services: [], containers: [], networks: [] });

  await npx("dynoform", "down", "--name", name, "--yes", "--purge");
  const nothing = { services: [], containers: [], networks: [], volumes: [], images: [] };
  assert.deepEqual(await findRemainder(ground.docker, name), nothing);
});
