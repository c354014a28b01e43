import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ensureDirectories } from "../../../cli/setup/directories.ts";
import { ensureEnvironment } from "../../../cli/setup/environment.ts";
import { withProvider } from "../../../cli/setup/provider.ts";
import { Steps } from "../../../cli/steps.ts";

test("the passphrase is made once, for its owner alone, and pulumi.env names it", async () => {
  const directory = await mkdtemp(join(tmpdir(), "dynoform-environment-"));
  try {
    await ensureEnvironment(directory, "/srv/dynoform");
    const file = join(directory, ".dynoform", "passphrase");
    const passphrase = await readFile(file, "utf8");
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.ok(passphrase.trim().length >= 43);
    const env = await readFile(join(directory, "pulumi.env"), "utf8");
    assert.deepEqual(env.split("\n").slice(1, -1), [
      `PULUMI_BACKEND_URL=file://${directory}/.dynoform/state`,
      `PULUMI_CONFIG_PASSPHRASE_FILE=${file}`,
      "DYNOFORM_HOME=/srv/dynoform",
    ]);
    assert.ok(!env.includes(passphrase.trim()));
    await ensureEnvironment(directory, "/srv/dynoform");
    assert.equal(await readFile(file, "utf8"), passphrase);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test("what only the platform's owner may see is closed to others, and the token is made once", async () => {
  const directory = await mkdtemp(join(tmpdir(), "dynoform-directories-"));
  const before = process.env.PULUMI_HOME;
  process.env.PULUMI_HOME = join(directory, ".pulumi");
  try {
    const platform = join(directory, "platform");
    await ensureDirectories(platform, directory);
    for (const folder of ["router", "router/log", "control", "git", "sources"]) {
      assert.equal((await stat(join(platform, folder))).mode & 0o777, 0o700, folder);
    }
    const token = join(platform, "control", "token");
    assert.equal((await stat(token)).mode & 0o777, 0o600);
    const text = await readFile(token, "utf8");
    assert.match(text, /^[\w-]{43}\n$/);
    await ensureDirectories(platform, directory);
    assert.equal(await readFile(token, "utf8"), text);
    assert.ok((await stat(join(directory, ".pulumi"))).isDirectory(), "Docker would make it as root");
  } finally {
    if (before === undefined) delete process.env.PULUMI_HOME;
    else process.env.PULUMI_HOME = before;
    await rm(directory, { recursive: true, force: true });
  }
});

test("Pulumi.yaml gets our provider once, and keeps its comments", () => {
  const text = "name: shop # ours\nruntime: nodejs\n";
  const amended = withProvider(text, "./node_modules/dynoform/dist/provider");
  assert.equal(
    amended,
    `${text}plugins:\n  providers:\n    - name: dyno\n      path: ./node_modules/dynoform/dist/provider\n`,
  );
  assert.equal(withProvider(amended, "./elsewhere"), amended);
  const other = "name: shop\nplugins:\n  providers:\n    - name: other # keep\n      path: ./x\n";
  assert.equal(withProvider(other, "./y"), `${other}    - name: dyno\n      path: ./y\n`);
});

test("steps show what goes on and how long it took", async () => {
  let text = "";
  const steps = new Steps((piece) => {
    text += piece;
  });
  const result = await steps.run(
    "Swarm",
    async (say) => {
      say("one node");
      return "made";
    },
    (state) => `${state}!`,
  );
  assert.equal(result, "made");
  assert.match(text, /^==> Swarm\n {4}one node\n {4}made! \(\d+\.\d s\)\n$/);
  assert.match(steps.table(), /^ {4}Swarm +\d+\.\d s\n {4}altogether +\d+\.\d s\n$/);
});
