import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { Configs, LedgerEntry } from "../../model/app/ledger.ts";
import { rollbackPlan } from "../../model/app/rollback.ts";
import { type TestPlatform, testPlatform } from "../support/platform.ts";
import { simpleApp } from "../support/simple-app.ts";

const addons = { DATABASE: { service: "postgresql" } };
const source = { path: "apps/notes" };

/** Counts its runs in the app's own database, and fails when it is told to. */
const MIGRATE = `import os, sys, psycopg2
database = psycopg2.connect(os.environ["DATABASE_URL"])
with database, database.cursor() as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS runs (dyno text)")
    cursor.execute("INSERT INTO runs VALUES (%s)", (os.environ["DYNO"],))
    cursor.execute("SELECT count(*) FROM runs")
    print("run", cursor.fetchone()[0], "of", os.environ["DYNO"].split(".")[0])
if "FAIL" in os.environ:
    sys.exit("no such column")
`;

/** Answers with its code's version, its config var and how often the release command has run. */
const app = (version: string) => `import os, psycopg2

def app(environ, start_response):
    with psycopg2.connect(os.environ["DATABASE_URL"]).cursor() as cursor:
        cursor.execute("SELECT count(*) FROM runs")
        runs = cursor.fetchone()[0]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"code ${version}, {os.environ.get('GREETING')}, {runs} runs".encode()]
`;

test("releases: numbered when they run, gone back to when they are wanted again", async (t) => {
  await using platform = await testPlatform();
  const secret = randomBytes(16).toString("hex");
  const code = (version: string) =>
    simpleApp(platform, "notes", {
      Procfile: "web: uwsgi uwsgi.ini\nrelease: python migrate.py\n",
      "migrate.py": MIGRATE,
      "run.py": app(version),
    });
  await code("A");
  await platform.app("notes", { source, addons }, { GREETING: "hello", TOKEN: secret });
  await platform.up();
  assert.equal(await answer(platform), "code A, hello, 1 runs");
  assert.match(platform.log(), /run 1 of release/);
  const first = await outputs(platform);
  assert.equal(first.release, 1);

  await t.test("a config var, which the preview tells in a sentence", async () => {
    await platform.app("notes", { source, addons }, { GREETING: "hi", TOKEN: secret });
    const { exitCode, output } = await platform.pulumi("preview", "-s", "notes");
    assert.equal(exitCode, 0, output);
    assert.match(output, /v2: Set GREETING config vars/);
    assert.ok(!output.includes(secret));
    await platform.up("notes");
    assert.equal(await answer(platform), "code A, hi, 2 runs");
    const { release, releases } = await outputs(platform);
    assert.equal(release, 2);
    assert.equal(releases.at(-1)?.description, "Set GREETING config vars");
  });

  await t.test("a release command that fails leaves the old release serving", async () => {
    await platform.app("notes", { source, addons }, { GREETING: "never", TOKEN: secret, FAIL: "1" });
    const { exitCode, output } = await platform.pulumi("up", "-s", "notes", "--yes");
    assert.notEqual(exitCode, 0);
    assert.match(output, /release command of notes failed with exit status 1[\s\S]*no such column/);
    assert.doesNotMatch(output, /^\s+at .*:\d+:\d+\)?$/m, "no stack trace");
    assert.ok(!output.includes(secret));
    assert.equal(await answer(platform), "code A, hi, 3 runs");
    assert.equal((await outputs(platform)).release, 2);
  });

  await t.test("scaling is no release and runs no release command", async () => {
    const formation = { web: { quantity: 2 } };
    await platform.app("notes", { source, addons, formation }, { GREETING: "hi", TOKEN: secret });
    const [outcome] = await platform.up("notes");
    const types = new Set(outcome?.steps.map(({ type }) => type));
    assert.ok(types.has("docker:index/service:Service") && !types.has("dyno:index:Release"), [...types].join());
    assert.equal(await answer(platform), "code A, hi, 3 runs");
    assert.equal((await outputs(platform)).release, 2);
  });

  await t.test("a rollback builds what was pruned, of the commit, under the old names", async () => {
    await code("B");
    await platform.app("notes", { source, addons }, { GREETING: "hi" });
    await platform.up("notes");
    assert.equal(await answer(platform), "code B, hi, 4 runs");
    const { releases, configs } = await outputs(platform);
    assert.match(releases.at(-1)?.description ?? "", /^Deploy [0-9a-f]{8}; remove TOKEN config vars$/);

    const [{ image = "" } = {}] = releases;
    for (const tag of (await platform.docker.getImage(image).inspect()).RepoTags) {
      await platform.docker.getImage(tag).remove();
    }
    const plan = rollbackPlan(releases, configs, 1);
    assert.ok(plan.eligible);
    await platform.app("notes", { source: plan.source, addons }, plan.config);
    process.env.DYNOFORM_USER = "ada@example.com";
    process.env.DYNOFORM_DESCRIPTION = plan.description;
    await platform.up("notes").finally(() => {
      delete process.env.DYNOFORM_USER;
      delete process.env.DYNOFORM_DESCRIPTION;
    });
    assert.equal(await answer(platform), "code A, hello, 5 runs");
    const after = await outputs(platform);
    const last = after.releases.at(-1);
    assert.deepEqual([after.release, last?.description, last?.user], [4, "Rollback to v1", "ada@example.com"]);
    assert.equal(last?.commit, releases[0]?.commit);
    assert.notEqual(last?.image, image);
    assert.deepEqual(after.dynos, first.dynos);
  });

  await t.test("rotated credentials are a release, and the old ones go when nothing uses them", async () => {
    const { commit = "" } = (await outputs(platform)).releases.at(-1) ?? {};
    const rotated = { DATABASE: { service: "postgresql", generation: 2 } };
    await platform.app("notes", { source: { commit }, addons: rotated }, { GREETING: "hello", TOKEN: secret });
    const [outcome] = await platform.up("notes");
    assert.equal(await answer(platform), "code A, hello, 6 runs");
    assert.equal((await outputs(platform)).releases.at(-1)?.description, "Rotate DATABASE credentials");
    const steps = outcome?.steps.map(({ op, type }) => `${op} ${type.split(":").at(-1)}`) ?? [];
    const order = ["create Role", "create ReleaseTask", "create Service", "update Route", "update Release"];
    const at = [...order, "delete Service", "delete Role"].map((step) => steps.indexOf(step));
    assert.deepEqual(
      at,
      at.toSorted((a, b) => a - b),
      steps.join("\n"),
    );
    assert.ok(!at.includes(-1), steps.join("\n"));
  });

  const { output: exported } = await platform.pulumi("stack", "export", "-s", "notes");
  assert.match(exported, /dyno:index:Release/);
  assert.ok(!exported.includes(secret) && !exported.includes("postgres://"), "a secret stands in the state");
  assert.ok(!platform.log().includes(secret));
});

interface Outputs {
  readonly release: number;
  readonly releases: readonly LedgerEntry[];
  readonly configs: Configs;
  readonly dynos: Readonly<Record<string, string>>;
}

async function outputs(platform: TestPlatform): Promise<Outputs> {
  return (await platform.engine.outputs("notes", { showSecrets: true })) as unknown as Outputs;
}

async function answer(platform: TestPlatform): Promise<string> {
  const { status, body } = await platform.fetch("notes");
  assert.equal(status, 200, body);
  return body;
}
