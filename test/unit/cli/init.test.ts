import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { parse } from "yaml";
import { herokuToken, tokenIn } from "../../../cli/init/heroku-token.ts";
import { readStackFile } from "../../../infra/stack/stack-file.ts";
import { packageRoot } from "../../../lib/package-root.ts";
import { herokuAnswers, problemsOf, serveHeroku } from "../../support/heroku/heroku-app.ts";
import { finish } from "../../support/process.ts";

const TOKEN = "HRKU-0123456789abcdef0123456789";
let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), "dynoform-init-"));
  await writeFile(join(project, "Pulumi.yaml"), "name: paas\nruntime: nodejs\nstackConfigDir: stacks\n");
  await mkdir(join(project, "stacks"));
  await cp(join(packageRoot(), "examples", "flask-hello"), join(project, "apps", "shop"), { recursive: true });
});
afterEach(() => rm(project, { recursive: true, force: true }));

async function init(args: readonly string[], environment: Readonly<Record<string, string>> = {}, folder = "apps/shop") {
  const variables = { HEROKU_HOST: "", PULUMI_CLI: "embedded", PULUMI_HOME: join(project, "home"), ...environment };
  const given = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const main = join(packageRoot(), "cli", "main.ts");
  return finish(
    ["env", "-u", "PULUMI_BACKEND_URL", ...given, process.execPath, main, "init", ...args],
    join(project, folder),
  );
}

/** As the program reads it, with secure values in clear. */
function read(text: string, secrets: Readonly<Record<string, string>> = {}) {
  const { config } = parse(text);
  const values = { ...config };
  if (config["dynoform:config"] !== undefined) {
    for (const [name, value] of Object.entries(config["dynoform:config"])) {
      assert.match((value as { secure: string }).secure, /^v1:/, name);
    }
    assert.deepEqual(Object.keys(config["dynoform:config"]).sort(), Object.keys(secrets).sort());
    values["dynoform:config"] = secrets;
  }
  return readStackFile(
    Object.fromEntries(Object.entries(values).map(([key, it]) => [key, JSON.stringify(it)])),
    "shop",
  );
}

test("an app's folder gives a stack file that says what each line is for", async () => {
  const { exitCode, output } = await init([]);
  assert.equal(exitCode, 0, output);
  const text = await readFile(join(project, "stacks", "Pulumi.shop.yaml"), "utf8");
  assert.deepEqual(read(text), {
    kind: "app",
    settings: {
      source: { path: "apps/shop" },
      formation: { web: { quantity: 1, size: "free" } },
      addons: { DATABASE: { service: "postgresql", plan: "mini" } },
    },
    config: {},
    certificateKeys: {},
  });
  for (const line of text.trimEnd().split("\n").slice(3)) assert.match(line, / # .{5,}$/);
  assert.match(output, /no stack file of the project declares a platform yet/);
  assert.match((await init([])).output, /is there already\. Say another name/);
});

test("what cannot run here is said, and nothing is written", async () => {
  const files: Readonly<Record<string, readonly [Record<string, string>, RegExp]>> = {
    node: [
      { "package.json": "{}", Procfile: "web: node x.js\n" },
      /package\.json: the app is written in Node\.js, and only Python/,
    ],
    python2: [
      { "requirements.txt": "flask\n", Procfile: "web: x\n", "runtime.txt": "python-2.7.18\n" },
      /runtime\.txt: /,
    ],
    typo: [{ "requirements.txt": "flask\n", procfile: "web: x\n" }, /its name must be Procfile/],
  };
  for (const [name, [contents, message]] of Object.entries(files)) {
    for (const [file, text] of Object.entries(contents)) {
      const path = join(project, name, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    const { exitCode, output } = await init([], {}, name);
    assert.equal(exitCode, 1, name);
    assert.match(output, /cannot run here as it is, and nothing was written/);
    assert.match(output, message);
  }
  assert.match((await init([], {}, ".")).output, /is the project's folder and no app's/);
  assert.deepEqual(await readdir(join(project, "stacks")), []);
});

test("an app at Heroku comes over with what there is of it here, and the rest is said", async () => {
  const answers = herokuAnswers();
  assert.deepEqual(await problemsOf(answers), [], "as Heroku publishes it");
  await using heroku = await serveHeroku(answers, TOKEN);
  await writeFile(join(project, "apps/shop/Procfile"), "web: uwsgi uwsgi.ini\nworker: python worker.py\n");
  const environment = { DYNOFORM_HEROKU_API: heroku.url, HEROKU_API_KEY: TOKEN };
  const { exitCode, output } = await init(["--heroku", "shop-eu"], environment);
  assert.equal(exitCode, 0, output);
  const text = await readFile(join(project, "stacks", "Pulumi.shop-eu.yaml"), "utf8");
  const config = { GREETING: "hello from Heroku", SECRET_KEY: "k3y with 'quotes', #hash and ü", WEB_CONCURRENCY: "3" };
  const stack = read(text, config);
  assert.deepEqual(stack.settings, {
    source: { path: "apps/shop" },
    formation: { web: { quantity: 1, size: "basic" }, worker: { quantity: 1, size: "standard-1x" } },
    addons: {
      DATABASE: { service: "postgresql", plan: "essential-0" },
      ANALYTICS: { attach: { addon: "DATABASE" } },
    },
    hosts: ["www.shop.example"],
    labs: ["runtime-dyno-metadata"],
  });
  for (const said of [
    "heroku-redis:mini \\(REDIS_URL\\)",
    "the data stays at Heroku",
    "BILLING is an add-on of billing",
    "domain \\*\\.shop\\.example",
    "http-session-affinity",
    "1 log drain",
  ])
    assert.match(output, new RegExp(said));
  for (const secret of [TOKEN, "k3y with", "hello from Heroku", "rediss://"])
    assert.ok(!(output + text).includes(secret), secret);
  assert.ok(heroku.asked.every((request) => request.startsWith("GET /apps/shop-eu")));

  const set = await finish(
    [
      "env",
      `PULUMI_HOME=${join(project, "home")}`,
      "PULUMI_CLI=embedded",
      process.execPath,
      join(packageRoot(), "engine/bin/pulumi.mjs"),
      "config",
      "get",
      "--path",
      "dynoform:config.SECRET_KEY",
      "--stack",
      "shop-eu",
    ],
    project,
  );
  assert.equal(set.output.trim(), config.SECRET_KEY, "the values open with the project's passphrase");
});

test("what Heroku refuses is told, and a platform's own token never goes there", async () => {
  const answers = { ...herokuAnswers(), buildpacks: [{ buildpack: { name: "heroku/ruby", url: "heroku/ruby" } }] };
  await using heroku = await serveHeroku(answers, TOKEN);
  const environment = { DYNOFORM_HEROKU_API: heroku.url, HEROKU_API_KEY: TOKEN };
  assert.match(
    (await init(["--heroku", "shop-eu"], environment)).output,
    /built by heroku\/ruby at Heroku, and only Python apps/,
  );
  assert.match((await init(["--heroku", "other"], environment)).output, /knows no app other/);
  assert.match(
    (await init(["--heroku", "shop-eu"], { ...environment, HEROKU_API_KEY: "wrong" })).output,
    /does not take the token/,
  );
  const before = heroku.asked.length;
  assert.match(
    (await init(["--heroku", "shop-eu"], { ...environment, HEROKU_HOST: "http://127.0.0.1:5000" })).output,
    /HEROKU_HOST is set/,
  );
  assert.equal(heroku.asked.length, before);
  assert.deepEqual(await readdir(join(project, "stacks")), []);
});

test("the token is the environment's, or the one that `heroku login` left", async () => {
  assert.equal(await herokuToken({ HEROKU_API_KEY: "from the environment" }), "from the environment");
  const netrc =
    "machine git.heroku.com\n  login a@b\n  password wrong\n# machine x\nmachine api.heroku.com\n  login a@b\n  password right\nmachine z password wrong";
  assert.equal(tokenIn(netrc), "right");
  assert.equal(tokenIn("machine api.heroku.com login a machine b password c"), undefined);
  const file = join(project, "netrc");
  await writeFile(file, netrc);
  assert.equal(await herokuToken({ NETRC: file }), "right");
  await assert.rejects(herokuToken({ NETRC: "/nowhere", PATH: "/nowhere" }), /there is no token for Heroku/);
});
