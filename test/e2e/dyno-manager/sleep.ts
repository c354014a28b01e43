import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { changed } from "../../../services/stacks/engine.ts";
import { appApi } from "../../support/app-api.ts";
import { apiOf, containers, dynoStates, services, untilAsleep } from "../../support/dyno-manager.ts";
import { loadApp } from "../../support/load-app.ts";
import type { TestPlatform } from "../../support/platform.ts";
import { run } from "../../support/rendezvous.ts";
import { until } from "../../support/until.ts";

const PROCFILE = 'web: test -z "$BROKEN" && uwsgi uwsgi.ini\nworker: sleep infinity\n';

/** Starts only while its database has no table of this name. */
const FRAGILE = `import os, sys, psycopg2
with psycopg2.connect(os.environ["DATABASE_URL"]) as database, database.cursor() as cursor:
    if sys.argv[1:]:
        cursor.execute(sys.argv[1])
    else:
        cursor.execute("SELECT to_regclass('broken')")
        sys.exit(0 if cursor.fetchone()[0] is None else 7)
`;

/** Apps that nobody asks for sleep, and answer whoever asks. */
export async function sleeping(t: TestContext, platform: TestPlatform): Promise<void> {
  await loadApp(platform, "nap", "A", { Procfile: PROCFILE });
  await loadApp(platform, "fragile", "F", {
    Procfile: "web: python check.py && uwsgi uwsgi.ini\n",
    "check.py": FRAGILE,
  });
  const formation = { web: { quantity: 1 }, worker: { quantity: 1 } };
  await platform.app("nap", { source: { path: "apps/nap" }, formation }, { VERSION: "one" });
  const addons = { DATABASE: { service: "postgresql" } };
  await platform.app("fragile", { source: { path: "apps/fragile" }, addons }, { VERSION: "one" });
  await platform.up("nap", "fragile");
  const file = join(platform.directory, "stacks", "Pulumi.nap.yaml");
  const api = await apiOf(platform);
  const [nap, fragile] = [await appApi(platform, "nap"), await appApi(platform, "fragile")];

  await t.test("the worker sleeps with web; 100 first requests start each once", async () => {
    await untilAsleep(platform, "nap");
    assert.deepEqual(await dynoStates(api, "nap"), { "web.1": "idle", "worker.1": "idle" });
    const before = await containers(platform, "nap");
    const answers = await Promise.all(Array.from({ length: 100 }, () => answer(platform, "nap")));
    assert.deepEqual(new Set(answers), new Set(["code A one web.1"]));
    await until("the worker runs", async () =>
      [...(await containers(platform, "nap", "running")).values()].includes("worker.1"),
    );
    const after = await containers(platform, "nap");
    const started = [...after].filter(([id]) => !before.has(id)).map(([, dyno]) => dyno);
    assert.deepEqual(started.sort(), ["web.1", "worker.1"]);
    const log = await nap.logs();
    for (const line of ["Idling", "State changed from up to down", "Unidling", "State changed from starting to up"]) {
      assert.match(log, new RegExp(`heroku\\[web\\.1\\]: ${line}$`, "m"));
    }
  });

  await t.test("refresh and up find nothing to do while it sleeps", async () => {
    await untilAsleep(platform, "nap");
    const refreshed = await platform.pulumi("refresh", "-s", "nap", "--yes");
    assert.equal(refreshed.exitCode, 0, refreshed.output);
    const [outcome] = await platform.up("nap");
    assert.ok(outcome !== undefined && changed(outcome) === 0, JSON.stringify(outcome?.changes));
    assert.ok(
      (await services(platform, "nap")).every(({ replicas }) => replicas === 0),
      "the up has woken it",
    );
  });

  await t.test("a change that fails twice leaves it as it was, and it still wakes", async () => {
    const before = await readFile(file);
    for (const attempt of ["first", "second"]) {
      await assert.rejects(nap.set({ BROKEN: "1" }), /exited 3 times/, attempt);
      assert.deepEqual(await readFile(file), before, "the stack file is as it was");
    }
    assert.equal((await services(platform, "nap")).length, 2, "nothing is left of what failed");
    assert.equal(await answer(platform, "nap"), "code A one web.1");
  });

  await t.test("scaled while it sleeps", async () => {
    await untilAsleep(platform, "nap");
    assert.deepEqual(await nap.scale({ web: 2 }), { web: 2 });
    const seen = new Set<string>();
    await until("both dynos answer", async () => seen.add(await answer(platform, "nap")).size === 2);
    assert.deepEqual([...seen].sort(), ["code A one web.1", "code A one web.2"]);
  });

  await t.test("a config change while it sleeps", async () => {
    await untilAsleep(platform, "nap");
    await nap.set({ VERSION: "two" });
    assert.match(await answer(platform, "nap"), /^code A two /);
    assert.equal((await services(platform, "nap")).length, 3);
  });

  await t.test("pings keep it awake while another falls asleep", async () => {
    const stop = new AbortController();
    const pinging = (async () => {
      while (!stop.signal.aborted) {
        await answer(platform, "nap");
        await pause(500, undefined, { signal: stop.signal }).catch(() => {});
      }
    })();
    const watching = (async () => {
      let before = new Map<string, string>();
      await until("each of its dynos runs once", async () => {
        before = await containers(platform, "nap", "running");
        return [...before.values()].sort().join() === "web.1,web.2,worker.1";
      });
      await answer(platform, "fragile");
      await untilAsleep(platform, "fragile");
      assert.deepEqual(await containers(platform, "nap", "running"), before);
    })();
    await Promise.all([pinging, watching.finally(() => stop.abort())]);
  });

  await t.test(
    "an image that was pruned while it slept is built again, for a request and for a one-off dyno",
    async () => {
      const releases = (await nap.releases()).length;
      await prune(platform, "nap");
      assert.match(await answer(platform, "nap"), /^code A two /);
      await until("its log says so", async () => /app\[api\]: The image was built again$/m.test(await nap.logs()));
      await prune(platform, "nap");
      assert.equal((await run(platform, "nap", "echo $VERSION")).output.trim(), "two");
      assert.equal((await nap.releases()).length, releases, "what runs is the same");
      assert.equal(changed((await platform.up("nap"))[0] ?? assert.fail()), 0);
    },
  );

  await t.test("a dyno that cannot boot when it is woken: all who wait are told so", async () => {
    const sql = async (text: string) =>
      assert.equal((await run(platform, "fragile", `python check.py '${text}'`)).exitCode, 0, text);
    await sql("CREATE TABLE broken ()");
    const answers = await Promise.all(Array.from({ length: 10 }, () => platform.fetch("fragile")));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [503]);
    const log = () => fragile.logs({ dyno: "router" });
    await until("each is in the log", async () => {
      const lines = (await log()).matchAll(/ at=error code=(H10|H20) .* path="\/" /g);
      return [...lines].length === 10;
    });
    await sql("DROP TABLE broken");
    await fragile.restart();
    await until("it is well again", async () => (await platform.fetch("fragile")).status === 200);
  });
}

/** What `docker system prune --all` does to an app that sleeps. */
async function prune(platform: TestPlatform, app: string): Promise<void> {
  await untilAsleep(platform, app);
  const { docker, name } = platform;
  const images = await docker.listImages({ filters: JSON.stringify({ reference: [`${name}/app-${app}`] }) });
  assert.notEqual(images.length, 0);
  for (const { Id } of images) await docker.getImage(Id).remove({ force: true });
}

async function answer(platform: TestPlatform, app: string): Promise<string> {
  const { status, body } = await platform.fetch(app);
  assert.equal(status, 200, body);
  return body;
}
