import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { App, type AppArgs } from "../../../infra/app/app.ts";
import { Platform } from "../../../infra/platform/platform.ts";
import { UserError } from "../../../lib/errors.ts";
import { KEY, platform } from "./fixtures.ts";
import { type Recorded, record } from "./recording.ts";

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function source(files: Record<string, string> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "infra-app-"));
  folders.push(folder);
  const all = {
    Procfile: "web: uwsgi uwsgi.ini\nworker: python work.py\nrelease: python migrate.py\n",
    "requirements.txt": "flask==2.2.5\n",
    ...files,
  };
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text);
  return folder;
}

const shop = await source();
const args: AppArgs = {
  platform,
  key: KEY,
  source: { path: shop },
  formation: { web: { quantity: 2 }, worker: { size: "standard-2x" } },
  addons: { DATABASE: { service: "postgresql" } },
  config: { GREETING: "hello" },
};

const app = (changes: Partial<AppArgs> = {}) => record(() => new App("shop", { ...args, ...changes }));

/** Content names without their hashes. */
function plain(name: string): string {
  return name.replace(/-[0-9a-f]{10}(?=$|-process$)/, "-#");
}

function wiring(resources: readonly Recorded[]) {
  return resources.map(({ type, name, parent, dependsOn }) => [
    `${type} ${plain(name)}`,
    parent,
    // What an add-on's resources wait for has its own test.
    dependsOn.filter((dependency) => !dependency.startsWith("shop.DATABASE")).map(plain),
  ]);
}

test("an app's resources, and the order of its deployment", async () => {
  const recording = await app();
  const own = recording.resources.filter(({ name }) => !name.startsWith("shop.DATABASE"));
  assert.deepEqual(wiring(own), [
    ["dynoform:index:App shop", undefined, []],
    ["dyno:index:Build shop-build-#", "shop", []],
    ["dynoform:index:ConfigVars shop-config", "shop", []],
    ["dyno:index:Release shop-release", "shop", ["shop-build-#", "shop-route", "shop.worker.1-#-process"]],
    ["dyno:index:ReleaseTask shop-release-task-#", "shop", ["shop-build-#"]],
    ["dyno:index:Route shop-route", "shop", ["shop-release-task-#", "shop.web.1-#-process", "shop.web.2-#-process"]],
    ["dynoform:index:Formation shop.web", "shop", ["shop-release-task-#"]],
    ["dynoform:index:Dyno shop.web.1", "shop.web", ["shop-release-task-#"]],
    ["docker:index/service:Service shop.web.1-#", "shop.web.1", ["shop-build-#", "shop-release-task-#"]],
    ["dyno:index:DynoProcess shop.web.1-#-process", "shop.web.1", ["shop.web.1-#"]],
    ["dynoform:index:Dyno shop.web.2", "shop.web", ["shop-release-task-#"]],
    ["docker:index/service:Service shop.web.2-#", "shop.web.2", ["shop-build-#", "shop-release-task-#"]],
    ["dyno:index:DynoProcess shop.web.2-#-process", "shop.web.2", ["shop.web.2-#"]],
    ["dynoform:index:Formation shop.worker", "shop", ["shop-route"]],
    ["dynoform:index:Dyno shop.worker.1", "shop.worker", ["shop-route"]],
    ["docker:index/service:Service shop.worker.1-#", "shop.worker.1", ["shop-build-#", "shop-route"]],
    ["dyno:index:DynoProcess shop.worker.1-#-process", "shop.worker.1", ["shop.worker.1-#"]],
  ]);
  const dynos = own.filter(({ type }) => type === "docker:index/service:Service");
  for (const { dependsOn } of dynos) {
    // No dyno starts before its database is there and closed to others.
    assert.ok(["shop.DATABASE-login-1", "shop.DATABASE-public"].every((name) => dependsOn.includes(name)));
  }
});

test("the route names the web dynos, and the app's outputs say what came of it", async () => {
  const { resources, result, get } = await app({ hosts: ["shop.example.com"], healthCheck: { path: "/ready" } });
  const service = (dyno: string) =>
    resources.find(({ name, type }) => type.endsWith(":Service") && name.startsWith(`shop.${dyno}-`))?.inputs.name;
  assert.deepEqual(get("shop-route").inputs, {
    platform: "test",
    socket: "/var/lib/dynoform/test/router/admin.sock",
    app: "shop",
    hosts: ["shop.localhost", "shop.example.com"],
    dynos: [
      { name: service("web.1"), port: 5000, dyno: "web.1" },
      { name: service("web.2"), port: 5000, dyno: "web.2" },
    ],
    deployed: true,
    maintenance: false,
    redirect: false,
    hsts: 0,
    healthCheck: { type: "http", path: "/ready", timeout: 60 },
    drain: 30,
  });
  assert.deepEqual((await app({ healthCheck: { timeout: 120 } })).get("shop-route").inputs.healthCheck, {
    type: "no-worse",
    path: "/",
    timeout: 120,
  });
  assert.equal(result.url, "http://shop.localhost:8080/");
  assert.deepEqual(result.dynos, {
    "web.1": service("web.1"),
    "web.2": service("web.2"),
    "worker.1": service("worker.1"),
  });
});

test("a build's inputs", async () => {
  const { resources } = await app();
  const build = resources.find(({ type }) => type === "dyno:index:Build");
  const { digest, base, builder, commit, ...inputs } = build?.inputs ?? {};
  assert.match(String(digest), /^[0-9a-f]{64}$/);
  assert.match(String(commit), /^[0-9a-f]{40}$/);
  assert.ok(base && builder);
  const { DATABASE_URL, ...environment } = inputs.environment as Record<string, { secret: string }>;
  assert.match(DATABASE_URL?.secret ?? "", /^postgres:/);
  assert.deepEqual(environment, { GREETING: { secret: "hello" } });
  assert.deepEqual(
    { ...inputs, environment: {} },
    {
      platform: "test",
      app: "shop",
      directory: shop,
      repository: "/var/lib/dynoform/test/git/shop.git",
      runtime: platform.directory,
      python: "3.13",
      pip: "",
      revision: "",
      promoted: "",
      environment: {},
    },
  );
});

test("where the platform has uv download Pythons, a build is of an exact one", async () => {
  const path = await source({ ".python-version": "3.12" });
  const { resources } = await app({ source: { path }, platform: { ...platform, pythons: "uv" } });
  assert.equal(resources.find(({ type }) => type === "dyno:index:Build")?.inputs.python, "3.12.16");
});

test("a build is named by the config vars that pip sees, of which its name tells nothing, and by no others", async () => {
  const built = async (config: Record<string, string>, key = KEY) => {
    const { resources } = await app({ config, key });
    const { name = "", inputs = {} } = resources.find(({ type }) => type === "dyno:index:Build") ?? {};
    return { name, pip: String(inputs.pip) };
  };
  const plain = await built({});
  assert.deepEqual(await built({ SECRET_KEY: "x", PYTHONPATH: "y" }), plain);
  const index = await built({ PIP_EXTRA_INDEX_URL: "https://user:secret@index.example.com/simple" });
  assert.notEqual(index.name, plain.name);
  assert.match(index.pip, /^[0-9a-f]{10}$/);
  const others = [
    await built({ PIP_EXTRA_INDEX_URL: "https://user:other@index.example.com/simple" }),
    // Keyed, so that nobody can try passwords.
    await built({ PIP_EXTRA_INDEX_URL: "https://user:secret@index.example.com/simple" }, "another-key-of-the-stack"),
  ];
  for (const other of others) assert.notEqual(other.pip, index.pip);
});

test("what a dyno gets besides its own", async () => {
  const { resources, get } = await app();
  const build = resources.find(({ type }) => type === "dyno:index:Build");
  const worker = resources.find(({ name, type }) => type.endsWith(":Service") && name.startsWith("shop.worker.1-"));
  assert.ok(build && worker);
  const { containerSpec, resources: limits } = worker.inputs.taskSpec as {
    containerSpec: { image: string; args: string[]; env: Record<string, unknown> };
    resources: unknown;
  };
  assert.equal(containerSpec.image, "sha256:2222");
  assert.deepEqual(containerSpec.args, ["python work.py"]);
  assert.deepEqual(containerSpec.env.GREETING, { secret: "hello" });
  const database = get("shop.DATABASE", "postgresql:index/database:Database").inputs.name;
  assert.deepEqual(containerSpec.env.DATABASE_URL, {
    secret: `postgres://${database}_1:pass@test-postgres:5432/${database}`,
  });
  assert.deepEqual(limits, { limits: { memoryBytes: 2 ** 30, nanoCpus: 1_000_000_000 } });
});

const services = async (changes: Partial<AppArgs> = {}) => (await app(changes)).result.dynos;

test("the same inputs, the same names", async () => {
  assert.deepEqual(await services(), await services());
});

test("scaling one type touches no other dyno", async () => {
  const before = await services();
  const scaled = await services({ formation: { web: { quantity: 3 }, worker: { size: "standard-2x" } } });
  const { "web.3": added, ...rest } = scaled;
  assert.ok(added);
  assert.deepEqual(rest, before);
});

test("a config var, a rotation and a change of the source each move every dyno", async () => {
  const before = Object.values(await services());
  const changed = await source({ "run.py": "print('new')\n" });
  const changes: Partial<AppArgs>[] = [
    { config: { GREETING: "hi" } },
    { config: {} },
    { addons: { DATABASE: { service: "postgresql", generation: 2 } } },
    { source: { path: changed } },
  ];
  for (const change of changes) {
    for (const service of Object.values(await services(change))) assert.ok(!before.includes(service));
  }
});

test("a plan, a host and a health check move none", async () => {
  const before = await services();
  assert.deepEqual(await services({ addons: { DATABASE: { service: "postgresql", plan: "basic" } } }), before);
  assert.deepEqual(await services({ hosts: ["a.example"], healthCheck: { type: "tcp" } }), before);
});

test("a renamed app keeps its database when its id is kept", async () => {
  const database = async (changes: Partial<AppArgs>) =>
    (await app(changes)).get("shop.DATABASE", "postgresql:index/database:Database").inputs.name;
  assert.equal(await database({ name: "store", id: "shop" }), await database({}));
  assert.notEqual(await database({ name: "store" }), await database({}));
});

test("an app with nothing said runs one free web dyno", async () => {
  const { result } = await record(() => new App("shop", { platform, key: KEY, source: { path: shop } }));
  assert.deepEqual(Object.keys(result.dynos), ["web.1"]);
});

test("an app without web dynos, and one without a source, have a route all the same", async () => {
  const idle = await app({ formation: { web: { quantity: 0 }, worker: {} } });
  assert.deepEqual(idle.get("shop-route").inputs.dynos, []);
  assert.equal(idle.get("shop-route").inputs.deployed, true);
  assert.deepEqual(Object.keys(idle.result.dynos), ["worker.1"]);

  const empty = await record(() => new App("shop", { platform, key: KEY }));
  assert.deepEqual(
    empty.resources.map(({ name }) => name),
    ["shop", "shop-config", "shop-release", "shop-route"],
  );
  assert.deepEqual(empty.get("shop-route").inputs.dynos, []);
  assert.equal(empty.get("shop-route").inputs.deployed, false);
  assert.equal(empty.result.image, undefined);
});

test("an app beside its platform waits for router and Postgres", async () => {
  const { get } = await record(() => {
    const own = new Platform("platform", { name: "test", directory: "/nowhere" });
    return new App("shop", { ...args, platform: own });
  });
  const ready = ["platform-postgres", "platform-router"];
  const waits = (name: string) => get(name).dependsOn.filter((dependency) => ready.includes(dependency));
  assert.deepEqual(waits("shop-route"), ready);
  assert.deepEqual(waits("shop.DATABASE-server"), ready);
});

test("port 80 needs no mention", async () => {
  const { result } = await app({ platform: { ...platform, webPort: 80 } });
  assert.equal(result.url, "http://shop.localhost/");
});

async function problemsOf(changes: Record<string, unknown>): Promise<readonly string[]> {
  let problems: readonly string[] = [];
  const { resources } = await record(() => {
    try {
      new App("shop", { ...args, ...changes } as unknown as AppArgs);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems = error.problems;
    }
  });
  assert.deepEqual(resources, [], "nothing is registered before everything is checked");
  return problems;
}

test("an app's mistakes, each a line", async () => {
  const noProcfile = await source({ Procfile: "web uwsgi\n" });
  const setKey = "openssl rand -hex 32 | pulumi config set --secret dynoform:key -s shop";
  const mistakes: [Record<string, unknown>, ...string[]][] = [
    [{ key: undefined }, `dynoform:key: is missing; npm run up and npx dynoform setup write it, or: ${setKey}`],
    [{ key: "short" }, `dynoform:key: has fewer than 16 characters; write a new one: ${setKey}`],
    [
      { formation: { clock: {} } },
      "App shop: formation.clock: is no process type of the Procfile; it has web, worker, release",
    ],
    [
      { source: { path: "/nowhere/at/all" } },
      'App shop: source.path: "/nowhere/at/all" is no folder; give the one that holds the app\'s Procfile',
    ],
    [
      { source: { path: noProcfile } },
      `${noProcfile}/Procfile:1: "web uwsgi" is no process type; write <type>: <command>, e.g. web: uwsgi uwsgi.ini`,
    ],
    [
      { labs: ["preboot"] },
      'App shop: labs[0]: "preboot" is not a lab; use runtime-dyno-metadata or log-runtime-metrics',
    ],
    [
      { addons: { DATABASE: { service: "redis" } }, config: { DATABASE_URL: "x" }, buildpack: "python" },
      "App shop: buildpack: is no setting; use name, id, source, formation, addons, healthCheck, hosts, certificates, acm, redirect, hsts, maintenance, labs or review",
      'App shop: addons.DATABASE.service: "redis" is not a service; use postgresql',
      "App shop: config.DATABASE_URL: is set by an add-on of the app and can be no config var; remove one of them",
    ],
  ];
  for (const [changes, ...messages] of mistakes) assert.deepEqual(await problemsOf(changes), messages);
});
