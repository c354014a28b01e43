import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { reseal } from "../../../cli/export/reseal.ts";
import { PassphraseManager } from "../../../engine/src/state/passphrase.ts";
import { packageRoot } from "../../../lib/package-root.ts";
import { digestTree } from "../../../sources/index.ts";
import { SourceProblems } from "../../../sources/problems.ts";
import { listTree } from "../../../sources/tree.ts";
import { ran } from "../../support/process.ts";

const OLD = "battery staple";
const NEW = "correct horse";
let project: string;
before(async () => {
  project = await mkdtemp(join(tmpdir(), "dynoform-export-"));
  await writeFile(join(project, "Pulumi.yaml"), "name: paas\nruntime: nodejs\nstackConfigDir: stacks\n");
  for (const folder of ["stacks", ".dynoform"]) await mkdir(join(project, folder));
  await writeFile(join(project, ".dynoform", "passphrase"), `${OLD}\n`);
  await cp(join(packageRoot(), "examples", "flask-hello"), join(project, "code"), { recursive: true });
  const manager = await PassphraseManager.create(async () => OLD);
  const secure = (value: string) => manager.crypter().then((crypter) => crypter.encrypt(value));
  await writeFile(
    join(project, "stacks", "Pulumi.shop.yaml"),
    `# Ours.
encryptionsalt: ${manager.state}
config:
  dynoform:app:
    source: { path: code } # the code
  dynoform:config:
    PLAIN: text # left as it is
    SECRET: { secure: ${await secure("a secret")} }
  dynoform:key: { secure: ${await secure("a key")} }
`,
  );
  await writeFile(join(project, "stacks", "Pulumi.platform.yaml"), "config:\n  dynoform:platform: {}\n");
});
after(() => rm(project, { recursive: true, force: true }));

function exportTo(folder: string, input: string, more: readonly string[] = []) {
  const main = join(packageRoot(), "cli", "main.ts");
  const env = { PATH: process.env.PATH ?? "", HOME: project };
  return ran([process.execPath, main, "export", folder, ...more], { cwd: project, env, input });
}

test("stack files and code go to a folder, each secret under another passphrase", async () => {
  const { exitCode, output, errors } = await exportTo("out", NEW);
  assert.equal(exitCode, 0, errors);
  assert.match(output, /platform, shop/);
  const text = await readFile(join(project, "out", "stacks", "Pulumi.shop.yaml"), "utf8");
  assert.match(text, /^# Ours\./);
  assert.match(text, /# left as it is/);
  const { encryptionsalt, config } = parse(text);
  const crypter = await new PassphraseManager(encryptionsalt, async () => NEW).crypter();
  assert.equal(crypter.decrypt(config["dynoform:config"].SECRET.secure), "a secret");
  assert.equal(config["dynoform:config"].PLAIN, "text");
  assert.equal(config["dynoform:key"], undefined, "each machine makes its own");
  assert.deepEqual(config["dynoform:app"], { source: { path: "apps/shop" } });
  const digest = (folder: string) => digestTree(listTree(join(project, folder), new SourceProblems()));
  assert.equal(digest("out/apps/shop"), digest("code"), "it is built of the same files");
  for (const secret of [OLD, NEW, "a secret", "a key"]) assert.ok(!(text + output + errors).includes(secret), secret);
});

test("nothing half-done stays where it cannot be done", async () => {
  const wrong = {
    "is there already": ["out", NEW],
    "the passphrase is empty": ["other", "\n"],
  } as const;
  for (const [message, [folder, input]] of Object.entries(wrong)) {
    const { exitCode, errors } = await exportTo(folder, input);
    assert.deepEqual([exitCode, errors.includes(message)], [1, true], errors);
  }
  await writeFile(join(project, ".dynoform", "passphrase"), "another\n");
  const { errors } = await exportTo("third", NEW);
  assert.match(errors, /the secrets of shop were encrypted with another passphrase/);
  assert.deepEqual((await readdir(project)).sort(), [".dynoform", "Pulumi.yaml", "code", "out", "stacks"]);
});

test("a file without secrets gets no salt, and one of another kind of secrets is refused", async () => {
  const never = () => assert.fail("no passphrase is needed");
  assert.equal(
    await reseal("# Ours.\nencryptionsalt: v1:x\nconfig:\n  a:b: c\n", "s", never, never),
    "# Ours.\n\nconfig:\n  a:b: c\n",
  );
  await assert.rejects(
    reseal("secretsprovider: awskms://x\nconfig: {}\n", "s", never, never),
    /not encrypted with a passphrase/,
  );
});
