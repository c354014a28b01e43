/** Commands beside what the real CLI printed for them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { packageRoot } from "../../../lib/package-root.ts";
import { type Finished, TestProject } from "./harness.ts";

const fixtures = join(packageRoot(), "test", "fixtures", "pulumi");

let project: TestProject;
before(async () => {
  project = await TestProject.create("comp", {
    "index.ts": `import { ComponentResource, Config, secret } from "@pulumi/pulumi";
class C extends ComponentResource {
  constructor(name: string, props: { v: number }) {
    super("x:y:C", name, props);
    this.registerOutputs(props);
  }
}
for (let i = 0; i < 5; i++) new C("c" + i, { v: i + (new Config().getNumber("more") ?? 0) });
export const ok = true;
export const hidden = secret("s3cr3t");
`,
  });
  await project.ok("stack", "init", "d");
});
after(() => project[Symbol.asyncDispose]());

/** Checks a command that fails before it does anything. */
async function fails(code: number, stderr: string, ...args: string[]): Promise<void> {
  assert.deepEqual(await project.run(args), { code, stdout: "", stderr } satisfies Finished);
}

test("mistakes are told as the real CLI tells them", async () => {
  await Promise.all([
    fails(1, "error: unknown flag: --x\n", "up", "--x"),
    fails(
      1,
      'error: unknown command "nosuchcommand" for "pulumi"\nRun \'pulumi --help\' for usage.\n',
      "nosuchcommand",
    ),
    fails(
      2,
      "error: --yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode\n",
      "up",
      "--non-interactive",
    ),
    fails(
      1,
      "error: open halloumi: no such file or directory\n",
      "up",
      "--yes",
      "--skip-preview",
      "--plan",
      "halloumi",
    ),
    fails(
      1,
      'error: invalid argument "1.1" for "-p, --parallel" flag: strconv.ParseInt: parsing "1.1": invalid syntax\n',
      "preview",
      "--parallel",
      "1.1",
    ),
    fails(1, "error: stack 'organization/comp/d' already exists\n", "stack", "init", "d"),
    fails(
      1,
      'error: could not create stack: provided project name "other" doesn\'t match Pulumi.yaml\n',
      "stack",
      "init",
      "organization/other/x",
    ),
    fails(6, "error: no stack named 'd2' found\n", "stack", "select", "--stack", "d2"),
    fails(6, "error: no stack named 'd2' found\n", "up", "--yes", "--stack", "d2"),
    fails(1, "error: stack tag 'nokey' not found for stack 'd'\n", "stack", "tag", "get", "nokey"),
  ]);
});

test("what is not supported is refused by name", async () => {
  const refusals: readonly (readonly [RegExp, ...string[]])[] = [
    [/policy packs are not supported/, "up", "--yes", "--policy-pack", "p"],
    [/remote deployments .* are not supported/, "preview", "--remote"],
    [/update plans are not supported/, "preview", "--save-plan", "p"],
    [/Importing resources by a command is not supported/, "import", "--yes", "--file", "f"],
    [/Pulumi ESC is not supported/, "env", "ls"],
    [/environments \(Pulumi ESC\) are not supported/, "config", "env", "ls", "--json"],
    [/is no file:\/\/ or postgres:\/\/ URL/, "login", "https://api.pulumi.com"],
  ];
  await Promise.all(
    refusals.map(async ([message, ...args]) => {
      const { code, stderr } = await project.run(args);
      assert.equal(code, 1);
      assert.match(stderr, message);
      assert.equal(stderr.trim().split("\n").length, 1, "one line");
    }),
  );
  assert.match(await project.ok("preview", "--help"), /--remote/, "the SDK looks for the flag");
});

describe("a stack's life", () => {
  test("up prints and writes what the real CLI does", async () => {
    assert.match(
      await project.ok("preview"),
      /^Previewing update \(d\):\n\n \+ {2}pulumi:pulumi:Stack comp-d create \n/,
    );
    const up = await project.ok("up", "--yes", "--skip-preview");
    assert.match(up, /^Updating \(d\):\n\n \+ {2}pulumi:pulumi:Stack comp-d creating \(0s\) \n/);
    assert.match(
      up,
      /\nOutputs:\n {2}\+ hidden: \[secret\]\n {2}\+ ok {4}: true\n\nResources:\n {4}\+ 6 created\n\nDuration: \d+s\n\n$/,
    );
    const checkpoint = JSON.parse(await project.checkpoint("d"));
    assert.deepEqual(Object.keys(checkpoint.checkpoint.latest), [
      "manifest",
      "secrets_providers",
      "resources",
      "metadata",
    ]);
    const [stack, component] = checkpoint.checkpoint.latest.resources;
    const keys = ["urn", "custom", "type", "outputs", "created", "modified", "sourcePosition", "stackTrace"];
    assert.deepEqual(Object.keys(stack), keys);
    assert.equal(stack.urn, "urn:pulumi:d::comp::pulumi:pulumi:Stack::comp-d");
    assert.deepEqual(Object.keys(stack.outputs.hidden), ["4dabf18193072939515e22adb298388d", "ciphertext"]);
    assert.deepEqual(component.propertyDependencies, { v: [] });
    assert.equal(component.parent, stack.urn);
    assert.deepEqual(await readdir(project.state("locks", "organization", "comp", "d")), []);
  });

  test("without changes nothing is written but the history", async () => {
    const before = await project.checkpoint("d");
    const up = await project.ok("up", "--yes", "--skip-preview", "--expect-no-changes");
    assert.match(
      up,
      /\n {4}pulumi:pulumi:Stack comp-d {2}\nOutputs:\n {4}hidden: \[secret\]\n {4}ok {4}: true\n\nResources:\n {4}6 unchanged\n\n/,
    );
    assert.deepEqual(resourcesOf(await project.checkpoint("d")), resourcesOf(before), "the ciphertexts too");
    assert.equal(
      await project.ok("preview"),
      "Previewing update (d):\n\n    pulumi:pulumi:Stack comp-d  \nResources:\n    6 unchanged\n\n",
    );
  });

  test("what would change is told, for people and for programs", async () => {
    await project.ok("config", "set", "more", "1");
    const { code, stdout } = await project.run(["preview", "--diff", "--expect-no-changes"]);
    assert.equal(code, 7);
    assert.match(stdout, / ~ {2}x:y:C c0 update \[diff: ~v\]\n {8}~ v: 0 => 1\n/);
    const digest = JSON.parse(await project.ok("preview", "--json"));
    assert.deepEqual(digest.config, { "comp:more": "1" });
    assert.deepEqual(digest.changeSummary, { same: 1, update: 5 });
    const [stack, component] = digest.steps;
    assert.deepEqual(Object.keys(stack), ["op", "urn", "oldState", "newState", "detailedDiff"]);
    assert.deepEqual(stack.oldState.outputs, { hidden: "[secret]", ok: true });
    assert.equal(component.op, "update");
    await project.ok("config", "rm", "more");
  });

  test("outputs, exports and lists need no passphrase when no secret is shown", async () => {
    const without = { PULUMI_CONFIG_PASSPHRASE: "wrong" };
    const output = await project.run(["stack", "output", "--json"], without);
    assert.deepEqual(JSON.parse(output.stdout), { hidden: "[secret]", ok: true });
    assert.match(
      (await project.run(["stack"], without)).stdout,
      /Current stack resources \(6\):\n {4}TYPE +NAME\n {4}pulumi:pulumi:Stack +comp-d\n {4}├─ x:y:C/,
    );
    const [listed] = JSON.parse((await project.run(["stack", "ls", "--json"], without)).stdout);
    assert.equal(listed.resourceCount, 6);
    assert.equal(listed.current, true);
    const shown = await project.run(["stack", "output", "hidden", "--show-secrets"], without);
    assert.deepEqual([shown.code, shown.stderr], [1, "error: incorrect passphrase\n"]);
    assert.equal(await project.ok("stack", "output", "hidden", "--show-secrets"), "s3cr3t\n");
    const exported = await project.ok("stack", "export");
    assert.equal(JSON.parse(exported).deployment.resources.length, 6);
    assert.ok(exported.startsWith('{\n    "version": 3,\n    "deployment": {\n        "manifest"'));
  });

  test("another's lock stops an update, a preview not, and cancel removes it", async () => {
    const locks = project.state("locks", "organization", "comp", "d");
    await mkdir(locks, { recursive: true });
    const lock = { pid: 99, username: "u", hostname: "h", timestamp: "2026-01-01T00:00:00Z" };
    await writeFile(join(locks, "aaaa.json"), JSON.stringify(lock));
    await fails(
      1,
      "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock " +
        `file with \`pulumi cancel\`.\n  file://${locks}/aaaa.json: created by u@h (pid 99) at 2026-01-01T00:00:00Z\n`,
      "up",
      "--yes",
      "--skip-preview",
    );
    await project.ok("preview");
    assert.equal(
      await project.ok("cancel", "--yes", "--stack", "d"),
      "The currently running update for 'd' has been canceled!\n",
    );
    await project.ok("up", "--yes", "--skip-preview");
  });

  test("renamed, destroyed, removed", async () => {
    assert.equal(
      await project.ok("stack", "rename", "organization/comp/d2", "--stack", "organization/comp/d"),
      "Renamed d to d2\n",
    );
    assert.match(await project.ok("preview"), /6 unchanged/, "the selection follows");
    await assert.rejects(project.ok("stack", "rm", "--yes", "d2"), /'d2' still has resources; removal rejected/);
    const destroyed = await project.ok("destroy", "--yes", "--skip-preview");
    assert.match(destroyed, /^Destroying \(d2\):\n\n - {2}x:y:C c\d deleting \(0s\) \n/);
    assert.ok(
      destroyed.endsWith(
        "The resources in the stack have been deleted, but the history and configuration associated with the stack are " +
          "still maintained. \nIf you want to remove the stack completely, run `pulumi stack rm d2`.\n",
      ),
    );
    const exported = JSON.parse(await project.ok("stack", "export"));
    assert.deepEqual(Object.keys(exported.deployment), ["manifest", "secrets_providers", "metadata"]);
    const history = JSON.parse(await project.ok("stack", "history", "--json", "--page-size", "1"));
    assert.deepEqual(history[0].resourceChanges, { delete: 6 });
    assert.match(history[0].startTime, /^\d{4}-.*\.000Z$/);
    assert.equal(await project.ok("stack", "rm", "--yes", "d2"), "Stack 'd2' has been removed!\n");
    await fails(6, "error: no stack named 'd2' found\n", "stack", "select", "--stack", "d2");
    assert.ok(!(await readdir(project.path())).includes("Pulumi.d2.yaml"));
  });
});

/** The program whose state the fixture is. */
const bench = `const pulumi = require("@pulumi/pulumi");
const provider = {
  async check(olds, news) { return { inputs: news, failures: [] }; },
  async diff(id, olds, news) {
    const replaces = olds.length !== news.length ? ["length"] : [];
    return { changes: replaces.length > 0 || olds.keeper !== news.keeper, replaces };
  },
  async create(inputs) {
    const value = require("crypto").randomBytes(inputs.length).toString("hex");
    return { id: value.slice(0, 8), outs: { ...inputs, value } };
  },
  async update(id, olds, news) { return { outs: { ...olds, ...news } }; },
};
class Rand extends pulumi.dynamic.Resource {
  constructor(name, args, opts) {
    super(provider, name, { value: undefined, secretNote: undefined, keeper: undefined, ...args }, opts, "bench", "Rand");
  }
}
class Pair extends pulumi.ComponentResource {
  constructor(name, args) {
    super("bench:index:Pair", name, args);
    const a = new Rand(name + "-a", { length: args.length, secretNote: pulumi.secret("shh") }, { parent: this });
    const b = new Rand(name + "-b", { length: args.length, keeper: a.value }, { parent: this });
    this.joined = pulumi.interpolate\`\${a.value}-\${b.value}\`;
    this.registerOutputs({ joined: this.joined });
  }
}
const length = new pulumi.Config().getNumber("length");
exports.joined = new Pair("p", { length }).joined;
new Rand("c", { length });
exports.hidden = pulumi.secret("s3cr3t");
exports.obj = { a: 1, b: [true, null, "x"] };
`;

describe("a stack that the real CLI made", () => {
  let project: TestProject;
  const golden = resourcesOf(readFileSync(join(fixtures, "checkpoint-dev.txt"), "utf8"));
  before(async () => {
    project = await TestProject.create("bench", {
      "Pulumi.yaml": "name: bench\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n",
      "package.json": "{}",
      "index.js": bench,
    });
    await mkdir(project.state("stacks", "bench"), { recursive: true });
    await copyFile(join(fixtures, "checkpoint-dev.txt"), project.state("stacks", "bench", "dev.json"));
    await copyFile(join(fixtures, "Pulumi.dev.yaml"), project.path("Pulumi.dev.yaml"));
    await project.ok("stack", "select", "dev");
  });
  after(() => project[Symbol.asyncDispose]());

  test("is opened without a change, and its secrets are read", async () => {
    assert.equal(await project.ok("config", "get", "tok"), "hunter2\n");
    assert.equal(await project.ok("stack", "output", "hidden", "--show-secrets"), "s3cr3t\n");
    assert.match(await project.ok("preview"), /\nResources:\n {4}5 unchanged\n\n$/);
  });

  test("is written back as it was, but for what the program says of itself", async () => {
    await project.ok("up", "--yes", "--skip-preview");
    const written = resourcesOf(await project.checkpoint("dev"));
    assert.deepEqual(written.map(comparable), golden.map(comparable), "values, ciphertexts, dependencies and ids");
    assert.deepEqual(written.map(keysOf), golden.map(keysOf), "keys and their order");
  });

  test("is changed by the same steps", async () => {
    await project.ok("config", "set", "length", "9");
    const up = await project.ok("up", "--yes", "--skip-preview");
    assert.match(
      up,
      / \+\+ pulumi-nodejs:dynamic\/bench:Rand p-b creating replacement \(0s\) \[diff: ~keeper,length\]\n/,
    );
    assert.match(up, / -- pulumi-nodejs:dynamic\/bench:Rand p-b deleted original \(.*s\) \[diff: ~keeper,length\]\n/);
    assert.match(up, /\n {2}~ joined: "b94ad46441fdaa71-2a36eaeccf6ceeec" => "[0-9a-f]{18}-[0-9a-f]{18}"\n/);
    assert.match(up, /\nResources:\n {4}~ 1 updated\n {4}\+-3 replaced\n {4}4 changes\. 1 unchanged\n/);
    assert.ok(
      (await project.checkpoint("dev")).includes(golden.at(-1).outputs.hidden.ciphertext),
      "secrets that stay keep theirs",
    );
  });
});

/** A resource without what differs between two runs of one program: its places, and the text of its functions. */
function comparable({
  sourcePosition,
  stackTrace,
  modified,
  inputs,
  outputs,
  ...resource
}: Record<string, unknown>): object {
  const values = (map: unknown) => {
    const { __provider, ...rest } = (map ?? {}) as Record<string, unknown>;
    return rest;
  };
  return { ...resource, inputs: values(inputs), outputs: values(outputs) };
}

function keysOf(resource: object): string[] {
  return Object.keys(resource).filter((key) => key !== "sourcePosition" && key !== "stackTrace");
}

test("a file without a salt gets one with the first secret, and keeps its comments", async () => {
  await using fresh = await TestProject.create("fresh", { "index.ts": "export {};\n" });
  await fresh.ok("stack", "init", "a");
  await rm(fresh.path("Pulumi.a.yaml"));
  await fresh.write("Pulumi.a.yaml", "# ours\nconfig:\n  fresh:k: v # a value\n");
  await fresh.ok("config", "set", "--secret", "s", "x");
  const text = await readFile(fresh.path("Pulumi.a.yaml"), "utf8");
  assert.match(
    text,
    /^encryptionsalt: v1:.*\n# ours\nconfig:\n {2}fresh:k: v # a value\n {2}fresh:s:\n {4}secure: v1:.*\n$/,
  );
  assert.ok(
    (await fresh.ok("stack", "export")).includes(/encryptionsalt: (.*)/.exec(text)?.[1] ?? "none"),
    "the state's own",
  );
  assert.equal(await fresh.ok("config", "get", "s"), "x\n");
});

/** The resources of a state by their URNs: those that need none of each other come in the order of the program's calls. */
// biome-ignore lint/suspicious/noExplicitAny: parsed JSON of states, compared as a whole
function resourcesOf(checkpoint: string): any[] {
  const { resources } = JSON.parse(checkpoint).checkpoint.latest;
  return resources.sort((a: { urn: string }, b: { urn: string }) => (a.urn < b.urn ? -1 : 1));
}
