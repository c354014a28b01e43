import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { packageRoot } from "../../../lib/package-root.ts";
import { type Ran, ran } from "../../support/process.ts";
import { type Served, serve, TOKEN } from "../control-plane/api/served.ts";

let served: Served;
let folder: string;

/** A project with two apps, whose platform is the server of the tests. */
before(async () => {
  served = await serve(() => Date.UTC(2026, 0, 20));
  folder = await mkdtemp(join(tmpdir(), "verbs-"));
  await mkdir(join(folder, "run", "control"), { recursive: true });
  await writeFile(join(folder, "run", "control", "token"), `${TOKEN}\n`, { mode: 0o600 });
  await writeFile(join(folder, "Pulumi.yaml"), "name: shop\nruntime: nodejs\n");
  await declare(served.port);
  await writeFile(join(folder, "Pulumi.shop.yaml"), "config:\n  dynoform:app: {}\n");
  await writeFile(join(folder, "Pulumi.other.yaml"), "config:\n  dynoform:app: { name: blog }\n");
});
after(async () => {
  await served?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function declare(port: number, directory = join(folder, "run")): Promise<void> {
  const settings = { name: "test", directory, ports: { api: port } };
  return writeFile(join(folder, "Pulumi.platform.yaml"), `config:\n  dynoform:platform: ${JSON.stringify(settings)}\n`);
}

function dynoform(...args: readonly string[]): Promise<Ran> {
  const argv = [process.execPath, join(packageRoot(), "cli", "main.ts"), ...args];
  return ran(argv, { cwd: folder, env: { PATH: process.env.PATH ?? "" } });
}

test("usage by month", async () => {
  const { output } = await dynoform("usage", "-a", "shop");
  assert.match(output, /^=== shop Usage 2026-01\n\nweb \(Free\) {2}1h 0m\n\nFree dyno hours quota remaining/);
  assert.equal(
    (await dynoform("usage", "--month", "2025-12", "-a", "shop")).output,
    "=== shop Usage 2025-12\n\nNo dynos ran.\n",
  );
});

test("one clear line: which app, no such app, no control plane, not up", async () => {
  const line = async (...args: string[]) => {
    const { exitCode, errors, output } = await dynoform(...args);
    assert.deepEqual([exitCode, output], [1, ""]);
    return errors;
  };
  assert.equal(await line("usage"), "error: say which app: `-a APP`. There are blog, shop.\n");
  assert.equal(await line("usage", "-a", "none"), "error: there is no app none here; there is blog, shop.\n");
  try {
    await declare(1);
    assert.match(
      await line("usage", "-a", "shop"),
      /^error: the control plane of test does not answer on 127\.0\.0\.1:1\. Bring it up: `npm run up`\.\n$/,
    );
    await declare(1, join(folder, "nowhere"));
    assert.match(await line("usage", "-a", "shop"), /^error: the platform test is not up on this machine\. [^\n]*\n$/);
  } finally {
    await declare(served.port);
  }
  assert.equal((await dynoform("usage", "--nonsense")).exitCode, 2);
  const { exitCode, errors } = await dynoform("ps", "-a", "shop");
  assert.equal(exitCode, 2);
  assert.match(errors, /^error: there is no command "ps"\. Use setup, [^\n]*Heroku's own command, `heroku`\.\n$/);
});
