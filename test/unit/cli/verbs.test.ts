import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { packageRoot } from "../../../images/package-root.ts";
import { until } from "../../support/until.ts";
import { type Served, serve, TOKEN } from "../control-plane/api/served.ts";

interface Ran {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

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

function start(args: readonly string[]) {
  const main = join(packageRoot(), "cli", "main.ts");
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, env: { ...process.env, TZ: "UTC" } });
  const ran = { code: null as number | null, output: "", errors: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => {
    ran.output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    ran.errors += text;
  });
  const ended = new Promise<Ran>((resolve) => {
    child.on("close", (code) => resolve({ ...ran, code }));
  });
  return { child, ran, ended };
}

function dynoform(...args: readonly string[]): Promise<Ran> {
  return start(args).ended;
}

test("ps shows dynos as Heroku does, with what is left of the free hours", async () => {
  const since = Date.UTC(2026, 0, 2, 3, 4, 5);
  served.world.dynos = [
    { dyno: "web.1", type: "web", size: "free", state: "up", since },
    { dyno: "web.2", type: "web", size: "free", state: "starting", since },
  ];
  served.world.oneOffs.push({ app: "shop", command: "bash", env: {}, attach: false, tty: false });
  const { code, output, errors } = await dynoform("ps", "-a", "shop");
  assert.equal(code, 0, errors);
  const lines = [
    "Free dyno hours quota remaining this month: 749h 0m (99%)",
    "Free dyno usage for this app: 1h 0m (0%)",
    "",
    "=== web (Free): uwsgi uwsgi.ini (2)",
    "",
    "web.1: up 2026/01/02 03:04:05 +0000",
    "web.2: starting 2026/01/02 03:04:05 +0000",
    "",
    "=== run: one-off processes (1)",
    "",
    "run.1234 (Free): starting 2026/01/02 00:00:00 +0000: bash",
    "",
    "",
  ];
  const shown = output.replaceAll(/ \(~ \d+\w ago\)/g, "");
  assert.equal(shown, lines.join("\n"));
  assert.equal((await dynoform("ps", "-a", "blog")).output, "No dynos on blog\n");
});

test("scale, and scale without arguments", async () => {
  const { code, errors, output } = await dynoform("scale", "web=2", "worker+1:Basic", "-a", "shop");
  assert.equal(code, 0, errors);
  assert.equal(errors, "Scaling dynos... done, now running web at 2:Free, worker at 1:Basic\n");
  assert.equal(output, "");
  assert.equal((await dynoform("scale", "-a", "shop")).output, "web=2:Free worker=1:Basic\n");
  const wrong = await dynoform("scale", "web=1:huge", "-a", "shop");
  assert.equal(wrong.code, 1);
  assert.match(wrong.errors, /^Scaling dynos\.\.\. !\nerror: "huge" is not a dyno size; use Free, [^\n]*\n$/);
  assert.match((await dynoform("scale", "web", "-a", "shop")).errors, /^error: web is no scaling\. Write web=2/);
});

test("restart of all, a type, a dyno", async () => {
  served.world.dynos = [{ dyno: "web.1", type: "web", size: "free", state: "up", since: 0 }];
  for (const [args, said, target] of [
    [[], "Restarting all dynos on shop... done\n", {}],
    [["web"], "Restarting all web dynos on shop... done\n", { type: "web" }],
    [["web.1"], "Restarting dyno web.1 on shop... done\n", { dyno: "web.1" }],
  ] as const) {
    assert.equal((await dynoform("restart", "-a", "shop", ...args)).errors, said);
    assert.deepEqual(served.world.restarts.at(-1), { app: "shop", target });
  }
  const { code, errors } = await dynoform("restart", "web.9", "-a", "shop");
  assert.deepEqual([code, errors], [1, "Restarting dyno web.9 on shop... !\nerror: Couldn't find that dyno.\n"]);
});

test("config: set, get, list, unset; then releases and a rollback", async () => {
  const set = await dynoform("config", "set", "A=1=2", "LONGER=b c", "-a", "shop");
  assert.equal(set.errors, "Setting A, LONGER and restarting shop... done, v2\n");
  assert.equal(set.output, "A:       1=2\nLONGER:  b c\n");
  assert.equal((await dynoform("config", "get", "A", "-a", "shop")).output, "1=2\n");
  const list = await dynoform("config", "-a", "shop");
  const all = ["A:             1=2", "DATABASE_URL:  postgres://secret", "GREETING:      hello", "LONGER:        b c"];
  assert.equal(list.output, `=== shop Config Vars\n\n${all.join("\n")}\n`);
  const unset = await dynoform("config", "unset", "A", "LONGER", "-a", "shop");
  assert.equal(unset.errors, "Unsetting A, LONGER and restarting shop... done, v3\n");
  assert.match(
    (await dynoform("config", "set", "A", "-a", "shop")).errors,
    /^error: A is no setting\. Write NAME=VALUE\.\n$/,
  );

  const releases = await dynoform("releases", "-n", "2", "-a", "shop");
  assert.deepEqual(releases.output.split("\n"), [
    "=== shop Releases - Current: v3",
    "",
    "v3  Remove A, LONGER config vars  me@example.com  2026/01/03 00:00:00 +0000",
    "v2  Set A, LONGER config vars     me@example.com  2026/01/02 00:00:00 +0000",
    "",
  ]);
  const back = await dynoform("rollback", "-a", "shop");
  assert.deepEqual(back.errors.split("\n"), [
    "Rolling back shop to v2... done, v4",
    " ›   Warning: Rollback affects code and config vars; it doesn't add or remove addons.",
    " ›   Warning: To undo, run: dynoform rollback v3 -a shop",
    "",
  ]);
  assert.equal(served.world.apps.get("shop")?.config.LONGER, "b c");
  assert.match((await dynoform("rollback", "v1", "-a", "shop")).errors, /^Rolling back shop to v1\.\.\. done, v5\n/);
  assert.match((await dynoform("rollback", "v99", "-a", "shop")).errors, /^error: Couldn't find that release\.\n$/);
});

test("logs: the last lines, filtered; a tail goes on, also after the server was away", async () => {
  served.world.lines.length = 0;
  served.world.log("shop", "app", "web.1", "one");
  served.world.log("shop", "heroku", "router", "two");
  served.world.log("shop", "app", "web.1", "three");
  const { output } = await dynoform("logs", "-n", "2", "-a", "shop");
  assert.match(output, /^\S+ heroku\[router\]: two\n\S+ app\[web\.1\]: three\n$/);
  assert.match((await dynoform("logs", "--source", "heroku", "-a", "shop")).output, /^\S+ heroku\[router\]: two\n$/);

  const { child, ran, ended } = start(["logs", "-t", "--dyno", "web.1", "-a", "shop"]);
  await until("the lines are there", async () => ran.output.split("\n").length === 3);
  served.world.log("shop", "app", "web.1", "four");
  await until("the new one comes", async () => ran.output.includes("four"));
  await served.restart(async () => served.world.log("shop", "app", "web.1", "meanwhile"));
  await until("it comes too", async () => ran.output.includes("meanwhile"));
  child.kill("SIGTERM");
  assert.equal((await ended).output.split("\n").length, 5, "and nothing twice");
});

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
    const { code, errors, output } = await dynoform(...args);
    assert.deepEqual([code, output], [1, ""]);
    return errors;
  };
  assert.equal(await line("ps"), "error: say which app: `-a APP`. There are blog, shop.\n");
  assert.equal(await line("ps", "-a", "none"), "error: there is no app none here; there is blog, shop.\n");
  try {
    await declare(1);
    assert.match(
      await line("ps", "-a", "shop"),
      /^error: the control plane of test does not answer on 127\.0\.0\.1:1\. Bring it up: `npm run up`\.\n$/,
    );
    await declare(1, join(folder, "nowhere"));
    assert.match(await line("ps", "-a", "shop"), /^error: the platform test is not up on this machine\. [^\n]*\n$/);
  } finally {
    await declare(served.port);
  }
  assert.equal((await dynoform("restart", "--nonsense")).code, 2);
});
