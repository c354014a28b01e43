import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { App, type AppArgs } from "../../../infra/app/app.ts";
import { UserError } from "../../../lib/errors.ts";
import { Repository, repositoryPath } from "../../../sources/git/repository.ts";
import { readSource } from "../../../sources/index.ts";
import { KEY, platform } from "./fixtures.ts";
import { type Recorded, record } from "./recording.ts";

const folder = await mkdtemp(join(tmpdir(), "infra-release-"));
after(() => rm(folder, { recursive: true }));
const shop = join(folder, "shop");
await mkdir(shop);
const procfile = "web: uwsgi uwsgi.ini\nworker: python work.py\nrelease: python migrate.py\n";
await writeFile(join(shop, "Procfile"), procfile);
await writeFile(join(shop, "requirements.txt"), "flask==2.2.5\n");

const args: AppArgs = {
  platform: { ...platform, directory: join(folder, "runtime") },
  key: KEY,
  source: { path: shop },
  addons: { DATABASE: { service: "postgresql" } },
  config: { GREETING: "hello", TOKEN: { value: pulumi.output("t"), version: "1" } },
};

const app = (changes: Partial<AppArgs> = {}) => record(() => new App("shop", { ...args, ...changes }));

function only(resources: readonly Recorded[], type: string): Recorded {
  const [found, ...others] = resources.filter((resource) => resource.type === `dyno:index:${type}`);
  assert.ok(found && others.length === 0, `one ${type}`);
  return found;
}

test("a release says what ran, with every config var a secret", async () => {
  const { resources } = await app();
  const { inputs, options } = only(resources, "Release");
  const { digest, snapshot } = readSource(shop);
  const { slug, configHash, ...rest } = inputs;
  assert.equal(`shop-build-${slug}`, only(resources, "Build").name);
  assert.match(String(configHash), /^[0-9a-f]{10}$/);
  assert.deepEqual(rest, {
    platform: "test",
    directory: join(folder, "runtime"),
    app: "shop",
    appId: "shop",
    keep: 5,
    digest,
    commit: snapshot,
    image: "sha256:2222",
    promoted: false,
    processes: { web: "uwsgi uwsgi.ini", worker: "python work.py", release: "python migrate.py" },
    config: { GREETING: { secret: "hello" }, TOKEN: { secret: "t" } },
    addons: { DATABASE: 1 },
    labs: [],
  });
  assert.deepEqual(options, { additionalSecretOutputs: ["configs"] });
});

test("formation, sizes and order make no release and run no release task", async () => {
  const before = (await app()).resources;
  const changes: Partial<AppArgs>[] = [
    { formation: { web: { quantity: 3, size: "standard-2x" }, worker: { quantity: 2 } } },
    { hosts: ["a.example"], healthCheck: { type: "tcp" } },
    { config: Object.fromEntries(Object.entries(args.config ?? {}).reverse()) },
    { addons: { DATABASE: { service: "postgresql", plan: "basic" } } },
  ];
  for (const change of changes) {
    const { resources } = await app(change);
    assert.deepEqual(only(resources, "Release").inputs, only(before, "Release").inputs);
    assert.equal(only(resources, "ReleaseTask").name, only(before, "ReleaseTask").name);
  }
});

test("code, config vars and add-ons make a release and run the release task again", async () => {
  const before = (await app()).resources;
  await writeFile(join(shop, "run.py"), "print('new')\n");
  const changed = (await app()).resources;
  await rm(join(shop, "run.py"));
  const others: Partial<AppArgs>[] = [
    { config: { GREETING: "hi" } },
    { addons: {} },
    { addons: { DATABASE: { service: "postgresql", generation: 2 } } },
  ];
  for (const resources of [changed, ...(await each(others))]) {
    assert.notDeepEqual(only(resources, "Release").inputs, only(before, "Release").inputs);
    assert.notEqual(only(resources, "ReleaseTask").name, only(before, "ReleaseTask").name);
  }
});

async function each(changes: readonly Partial<AppArgs>[]): Promise<(readonly Recorded[])[]> {
  const all: (readonly Recorded[])[] = [];
  for (const change of changes) all.push((await app(change)).resources);
  return all;
}

test("a release task gets what a dyno gets, and dynos wait for it", async () => {
  const { resources, get } = await app({ formation: { web: { size: "standard-2x" } } });
  const { name, inputs, dependsOn } = only(resources, "ReleaseTask");
  const database = get("shop.DATABASE", "postgresql:index/database:Database").inputs.name;
  const { dyno, ...rest } = inputs;
  assert.match(String(dyno), /^release\.[1-9]\d{3}$/);
  assert.deepEqual(rest, {
    platform: {
      name: "test",
      directory: join(folder, "runtime"),
      routerAddress: "10.77.0.10",
      postgresAddress: "10.77.0.11",
      egress: ["10.1.2.0/24"],
      networkName: "test",
    },
    app: "shop",
    image: "sha256:2222",
    digest: readSource(shop).digest,
    command: "python migrate.py",
    environment: {
      GREETING: { secret: "hello" },
      TOKEN: { secret: "t" },
      DATABASE_URL: { secret: `postgres://${database}_1:pass@test-postgres:5432/${database}` },
    },
    size: { name: "standard-2x", memory: 2 ** 30, nanoCpus: 1_000_000_000, processes: 512, concurrency: 4 },
  });
  assert.ok(["shop.DATABASE-login-1", "shop.DATABASE-public"].every((waited) => dependsOn.includes(waited)));
  const web = resources.find(({ type, name }) => type.endsWith(":Service") && name.startsWith("shop.web.1-"));
  assert.ok(web?.dependsOn.includes(name));

  const idle = await app({ formation: { web: { quantity: 0 } } });
  assert.ok(idle.get("shop-route").dependsOn.includes(only(idle.resources, "ReleaseTask").name));
});

test("the outputs tell what one-off dynos and the API need", async () => {
  const { result } = await app({ formation: { web: { quantity: 2 } } });
  assert.deepEqual(result.formation, [
    { type: "web", quantity: 2, size: "free", command: "uwsgi uwsgi.ini" },
    { type: "worker", quantity: 0, size: "free", command: "python work.py" },
  ]);
  const secrets = [result.environment, result.configs] as unknown as { isSecret: Promise<boolean> }[];
  assert.deepEqual(await Promise.all(secrets.map((output) => output.isSecret)), [true, true]);
  assert.equal(await (result.releases as unknown as { isSecret: Promise<boolean> }).isSecret, false);
});

test("a commit of the same files gives the same names", async () => {
  const { tree, snapshot } = readSource(shop);
  const repository = new Repository(repositoryPath(args.platform.directory, "shop"));
  await repository.store(tree, snapshot);
  const [byPath, byCommit] = [await app(), await app({ source: { commit: snapshot } })];
  const named = ({ resources }: { resources: readonly Recorded[] }) =>
    resources.map(({ type, name }) => `${type} ${name}`);
  assert.deepEqual(named(byCommit), named(byPath));
  assert.deepEqual(only(byCommit.resources, "Release").inputs, only(byPath.resources, "Release").inputs);
  const { inputs, options } = only(byCommit.resources, "Build");
  assert.equal(inputs.directory, join(folder, "runtime", "sources", "shop", snapshot));
  assert.deepEqual(options.ignoreChanges, ["directory", "commit", "environment", "promoted"]);
});

test("an image that is promoted is named by itself, whatever would be built by now", async () => {
  const { tree, snapshot: commit } = readSource(shop);
  await new Repository(repositoryPath(args.platform.directory, "shop")).store(tree, commit);
  const image = `sha256:${"a".repeat(64)}`;
  const promoted = async (changes: Partial<AppArgs> = {}) => app({ source: { commit, image }, ...changes });
  const [built, taken] = [await app({ source: { commit } }), await promoted()];
  const build = only(taken.resources, "Build");
  assert.notEqual(build.name, only(built.resources, "Build").name);
  assert.equal(build.inputs.promoted, image);
  const { ignoreChanges } = build.options;
  for (const each of ["builder", "base", "python", "pip"]) assert.ok((ignoreChanges as string[]).includes(each), each);
  // What pip sees makes another image where one is built.
  assert.equal(only((await promoted({ config: { PIP_INDEX_URL: "x" } })).resources, "Build").name, build.name);
  const other = await promoted({ source: { commit, image: `sha256:${"b".repeat(64)}` } });
  assert.notEqual(only(other.resources, "Build").name, build.name);
  const release = only(taken.resources, "Release").inputs;
  assert.deepEqual([release.promoted, release.commit], [true, commit]);
  assert.ok(only(taken.resources, "ReleaseTask").name !== only(built.resources, "ReleaseTask").name);
});

test("each push is a build where code of the app's own sees config vars, and going back gives the same names", async () => {
  const { tree, snapshot } = readSource(shop);
  const repository = new Repository(repositoryPath(args.platform.directory, "shop"));
  await repository.store(tree, snapshot);
  const git = (input: string, ...command: string[]) => {
    const identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
    return execFileSync("git", ["--git-dir", repository.path, ...identity, ...command], { input })
      .toString()
      .trim();
  };
  const slug = async (root: string, message: string) => {
    const commit = git("", "commit-tree", root, "-m", message);
    return only((await app({ source: { commit } })).resources, "Build").name;
  };
  const plain = git("", "rev-parse", `${snapshot}^{tree}`);
  assert.equal(await slug(plain, "one"), await slug(plain, "two"));

  const file = `100644 blob ${git("import x\n", "hash-object", "-w", "--stdin")}\tmanage.py\n`;
  const django = git(`${git("", "ls-tree", plain)}\n${file}`, "mktree");
  const first = git("", "commit-tree", django, "-m", "one");
  const built = async () => only((await app({ source: { commit: first } })).resources, "Build").name;
  const before = await built();
  assert.notEqual(await slug(django, "two"), before);
  assert.equal(await built(), before);
});

test("a commit that cannot be had is one line", async () => {
  const commit = "0".repeat(40);
  const { resources, result } = await record(() => {
    try {
      return new App("other", { ...args, source: { commit } }).name;
    } catch (error) {
      return error instanceof UserError ? error.problems : error;
    }
  });
  assert.deepEqual(resources, []);
  const repository = join(folder, "runtime", "git", "other.git");
  assert.deepEqual(result, [`App other: source.commit: the app has no repository yet (${repository})`]);
});
