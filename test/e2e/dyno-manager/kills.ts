import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { changed } from "../../../services/stacks/engine.ts";
import { appApi } from "../../support/app-api.ts";
import {
  apiOf,
  crashContainer,
  dynoStates,
  killContainer,
  routerTable,
  services,
  untilApi,
  untilAsleep,
} from "../../support/dyno-manager.ts";
import { assertCounted, dynoSeconds } from "../../support/dyno-seconds.ts";
import { loadApp, loadOn } from "../../support/load-app.ts";
import type { TestPlatform } from "../../support/platform.ts";
import { until } from "../../support/until.ts";

const addons = { DATABASE: { service: "postgresql" } };

/** Each answer has been to Postgres and back. */
const SOURCE = `import os, psycopg2

def app(environ, start_response):
    with psycopg2.connect(os.environ["DATABASE_URL"]) as database, database.cursor() as cursor:
        cursor.execute("SELECT %s", (os.environ["VERSION"],))
        answer = cursor.fetchone()[0]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"code K {answer} {os.environ['DYNO']}".encode()]
`;

/** Whatever of the platform is killed under load: its apps are served again. */
export async function kills(t: TestContext, platform: TestPlatform): Promise<void> {
  using seconds = await dynoSeconds(platform);
  await loadApp(platform, "busy", "K", { "run.py": SOURCE });
  await loadApp(platform, "nap", "N");
  await platform.app("busy", { source: { path: "apps/busy" }, addons }, { VERSION: "one" });
  await platform.app("nap", { source: { path: "apps/nap" } }, { VERSION: "one" });
  await platform.up("busy", "nap");
  const file = join(platform.directory, "stacks", "Pulumi.busy.yaml");
  const app = await appApi(platform, "busy");
  const load = () => loadOn(platform, "busy", { path: () => "/", rate: 20 });

  await t.test("the control plane, stopped and killed: nothing is lost, and the sleeping app wakes", async () => {
    await untilAsleep(platform, "nap");
    await using requests = load();
    await requests.seen(() => true);
    const controlPlane = platform.docker.getContainer(`${platform.name}-control-plane`);
    await controlPlane.stop();
    const { status, headers } = await platform.fetch("nap");
    assert.deepEqual({ status, again: headers["retry-after"] }, { status: 503, again: "5" });
    await controlPlane.start();
    await untilApi(platform);
    await killContainer(platform, "control-plane");
    await served(platform, "nap", "code N one web.1");
    await untilApi(platform);
    await requests.seen(() => true);
    assert.deepEqual((await requests.stop()).lost, []);
  });

  await t.test("the control plane during an up, which goes on and is found", async () => {
    await using requests = load();
    // Who asked is cut off.
    const change = assert.rejects(app.set({ VERSION: "two" }));
    await newService(platform);
    await killContainer(platform, "control-plane");
    await change;
    await requests.seen((body) => body.startsWith("code K two"));
    await untilApi(platform);
    await until("it is the release", async () => (await app.releases()).some(({ version }) => version === 2));
    assert.deepEqual((await requests.stop()).lost, []);
    assert.equal((await services(platform, "busy")).length, 1);
  });

  await t.test("the runner during an up, which is taken back", async () => {
    await using requests = load();
    const before = await readFile(file);
    const change = assert.rejects(app.set({ VERSION: "cut" }));
    await newService(platform);
    await killContainer(platform, "runner");
    await change;
    assert.deepEqual(await readFile(file), before, "the stack file is as it was");
    assert.equal((await services(platform, "busy")).length, 1, "nothing is left of it");
    const [outcome] = await platform.up("busy");
    assert.ok(outcome !== undefined && changed(outcome) === 0, JSON.stringify(outcome?.changes));
    await app.set({ VERSION: "three" });
    await requests.seen((body) => body.startsWith("code K three"));
    assert.deepEqual((await requests.stop()).lost, []);
  });

  for (const part of ["router", "postgres"]) {
    await t.test(`${part}: the busy app is served again, the sleeping one wakes`, async () => {
      await untilAsleep(platform, "nap");
      await using requests = load();
      await requests.seen(() => true);
      await crashContainer(platform, part);
      await served(platform, "nap", "code N one web.1");
      await served(platform, "busy", "code K three web.1");
      await requests.seen(() => true);
    });
  }

  await t.test("no entry is stale", async () => {
    const table = new Map((await routerTable(platform)).map(({ app, dynos }) => [app, dynos.map(({ name }) => name)]));
    assert.ok(table.has("busy") && table.has("nap"));
    for (const [app, dynos] of table) {
      assert.deepEqual(
        dynos,
        (await services(platform, app)).map(({ name }) => name),
      );
    }
    for (const outcome of await platform.up()) assert.equal(changed(outcome), 0, JSON.stringify(outcome.changes));
  });

  await t.test("every second is counted once", async () => {
    const api = await apiOf(platform);
    for (const app of ["busy", "nap"]) {
      const used = async () => (await api.ask("GET", `/apps/${app}/usage`)).body.quota.used_by_app;
      const dynos = Object.keys(await dynoStates(api, app)).length;
      t.diagnostic(await assertCounted(seconds, app, used, 1 * dynos));
    }
  });
}

/** Waits until there is a service more than there was for the app that is being changed. */
async function newService(platform: TestPlatform): Promise<void> {
  await until("the up has made a service", async () => (await services(platform, "busy")).length === 2);
}

async function served(platform: TestPlatform, app: string, body: string): Promise<void> {
  await until(`${app} is served`, async () => {
    const answer = await platform.fetch(app).catch(() => undefined);
    return answer?.status === 200 && answer.body === body;
  });
}
