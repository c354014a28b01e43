/** States that are mended, moved to another passphrase, or wrong. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { TestProject } from "./harness.ts";

let project: TestProject;
before(async () => {
  project = await TestProject.create("states", {
    "index.ts": `import { ComponentResource, secret } from "@pulumi/pulumi";
const a = new ComponentResource("x:y:C", "a", {});
new ComponentResource("x:y:C", "b", {}, { parent: a });
new ComponentResource("x:y:C", "c", {}, { dependsOn: a });
export const hidden = secret("s3cr3t");
`,
  });
  await project.ok("stack", "init", "d");
  await project.ok("up", "--yes", "--skip-preview");
});
after(() => project[Symbol.asyncDispose]());

const urn = (name: string) => `urn:pulumi:d::states::x:y:C::${name}`;

test("targets and excludes that would break the state are refused, or keep what is needed", async () => {
  const refused = await project.run(["destroy", "--yes", "--skip-preview", "--target", urn("a")]);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stdout,
    /::b' will be destroyed but was not specified in --target list\.\n.*--target-dependents/,
  );
  const unknown = await project.run(["up", "--yes", "--skip-preview", "--replace", urn("nope")]);
  assert.match(unknown.stdout, /Target '.*::nope' could not be found in the stack/);
  assert.equal(unknown.code, 1);
  const both = await project.run(["up", "--target", urn("a"), "--exclude", urn("b")]);
  assert.match(both.stderr, /^error: if any flags in the group \[target exclude\] are set none of the others can be;/);
  await project.ok("destroy", "--yes", "--skip-preview", "--exclude", "**::b");
  assert.match(await project.ok("stack"), /Current stack resources \(3\)/);
  const log = project.path("events.jsonl");
  await project.ok("up", "--yes", "--event-log", log);
  const events = (await readFile(log, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const steps = events.flatMap(({ resourcePreEvent, resOutputsEvent }) => resourcePreEvent ?? resOutputsEvent ?? []);
  assert.deepEqual([...new Set(steps.map(({ planning }) => planning))], [true, undefined], "first the preview's");
});

test("a state that makes no sense names the last good one, which can be imported", async () => {
  const file = project.state("stacks", "states", "d.json");
  const checkpoint = JSON.parse(await readFile(file, "utf8"));
  checkpoint.checkpoint.latest.resources.splice(1, 1);
  await writeFile(file, JSON.stringify(checkpoint));
  const { code, stderr } = await project.run(["preview"]);
  assert.equal(code, 1);
  const [, path = ""] = /pulumi stack import --file (\S+)' goes back to the last good one/i.exec(stderr) ?? [];
  assert.match(stderr, /^error: snapshot integrity failure; .*--disable-integrity-checking.*\n$/);
  assert.match(await project.ok("stack", "export", "--disable-integrity-checking"), /::b"/);
  await project.ok("stack", "import", "--file", path);
  assert.match(await project.ok("preview"), /4 unchanged/);
});

test("a state by hand that leaves out what is false is imported by force", async () => {
  const exported = JSON.parse(await project.ok("stack", "export"));
  const [root, component] = exported.deployment.resources;
  const bare = { urn: component.urn, type: component.type, parent: root.urn };
  const hand = { ...exported, deployment: { ...exported.deployment, resources: [root, bare] } };
  await project.write("hand.json", JSON.stringify(hand));
  await project.ok("stack", "import", "--force", "--file", "hand.json");
  assert.match(await project.ok("stack"), /Current stack resources \(2\)/);
  await project.write("hand.json", JSON.stringify(exported));
  await project.ok("stack", "import", "--file", "hand.json");
});

test("another passphrase encrypts everything anew", async () => {
  await project.ok("config", "set", "--secret", "key", "value");
  await project.write("Pulumi.d.yaml", `# ours\n${await readFile(project.path("Pulumi.d.yaml"), "utf8")}`);
  const before = [await readFile(project.path("Pulumi.d.yaml"), "utf8"), await project.checkpoint("d")];
  const args = ["stack", "change-secrets-provider", "passphrase"];
  const wrong = await project.run(args, { PULUMI_CONFIG_PASSPHRASE: "wrong", PULUMI_DEBUG_COMMANDS: "true" }, "new\n");
  assert.deepEqual([wrong.code, wrong.stderr], [1, "error: incorrect passphrase\n"]);
  const now = [await readFile(project.path("Pulumi.d.yaml"), "utf8"), await project.checkpoint("d")];
  assert.deepEqual(now, before, "a wrong passphrase changes nothing");
  const { code, stdout } = await project.run(args, {}, "new\n");
  assert.equal(code, 0);
  assert.match(stdout, /^Migrating old configuration and state to new secrets provider\n/);
  project.environment.PULUMI_CONFIG_PASSPHRASE = "new";
  assert.equal(await project.ok("config", "get", "key"), "value\n");
  assert.equal(await project.ok("stack", "output", "hidden", "--show-secrets"), "s3cr3t\n");
  assert.match(await readFile(project.path("Pulumi.d.yaml"), "utf8"), /# ours/);
  const ciphertexts = (text: string) => text.match(/v1:[\w+/=]{16}:[\w+/=]{20,}/g) ?? [];
  const [olds, news] = [before, [await readFile(project.path("Pulumi.d.yaml"), "utf8"), await project.checkpoint("d")]];
  const kept = news.flatMap(ciphertexts).filter((text) => olds.flatMap(ciphertexts).includes(text));
  assert.deepEqual(kept, []);
  assert.match(await project.ok("preview"), /4 unchanged/);
});

test("flags are taken as the real CLI's parser takes them", async () => {
  assert.match(await project.ok("stack", "output", "-s=d"), /hidden\s+\[secret\]/);
  assert.match(await project.ok("preview", "-C=.", "-sd", "--diff=false"), /4 unchanged/);
  assert.match(await project.ok("up", "--yes=1", "-f", "-s", "d"), /4 unchanged/);
  await project.ok("config", "set", "-s", "d", "dashed", "--", "-hello");
  assert.equal(await project.ok("config", "get", "dashed"), "-hello\n");
  assert.equal((await project.run(["config", "set", "lines"], {}, "a\nb\n")).code, 0);
  assert.equal(await project.ok("config", "get", "lines"), "a\nb\n");
  assert.equal(await project.ok("--version"), await project.ok("version"));
  const refused = async (...args: string[]) => (await project.run(args)).stderr;
  assert.equal(await refused("--foo"), "error: unknown flag: --foo\n");
  assert.match(await refused("stack", "ls", "--color", "purple"), /^error: unsupported color option: 'purple'\./);
  assert.match(
    await refused("up", "--yes", "--remote-git-branch", "x"),
    /^error: remote deployments \(--remote-git-branch\)/,
  );
});

test("no file of the engine stands in a state", async () => {
  await project.write("package.json", "{}");
  await project.write("index.ts", 'require("./more.ts");\n');
  await project.write("more.ts", 'const p = require("@pulumi/pulumi"); new p.ComponentResource("x:y:C", "m", {});\n');
  await project.ok("up", "--yes", "--skip-preview");
  assert.doesNotMatch(await project.checkpoint("d"), /program-preload|engine\/src/);
});
