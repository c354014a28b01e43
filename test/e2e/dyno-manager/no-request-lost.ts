import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { appApi } from "../../support/app-api.ts";
import { apiOf, containers, dynoStates } from "../../support/dyno-manager.ts";
import { loadApp, loadOn } from "../../support/load-app.ts";
import type { TestPlatform } from "../../support/platform.ts";
import { until } from "../../support/until.ts";

/** Whatever is done to an app that is under load: only the app itself answers. */
export async function noRequestLost(t: TestContext, platform: TestPlatform): Promise<void> {
  await loadApp(platform, "shop", "A");
  await platform.app("shop", { source: { path: "apps/shop" } }, { VERSION: "one" });
  await platform.up("shop");
  const api = await apiOf(platform);
  const shop = await appApi(platform, "shop");
  const states = () => dynoStates(api, "shop");
  /** What is done, and when it began; a lost request is told with it. */
  const acts: { readonly at: number; readonly what: string }[] = [];
  const started = performance.now();
  await using load = loadOn(platform, "shop");
  const act = (what: string, work: () => Promise<void>) =>
    t.test(what, async () => {
      acts.push({ at: performance.now() - started, what });
      await work();
    });

  await act("a deploy of other code", async () => {
    await loadApp(platform, "shop", "B");
    const { exitCode, output } = await platform.pulumi("up", "-s", "shop", "--yes");
    assert.equal(exitCode, 0, output);
    await load.seen((body) => body.startsWith("code B one"));
  });

  await act("a config change", async () => {
    assert.equal((await shop.set({ VERSION: "two" })).VERSION, "two");
    await load.seen((body) => body.startsWith("code B two"));
  });

  await act("scale web=3", async () => {
    assert.deepEqual(await shop.scale({ web: 3 }), { web: 3 });
    for (const dyno of ["web.1", "web.2", "web.3"]) await load.seen((body) => body.endsWith(dyno));
  });

  await act("scale web=2", async () => {
    assert.deepEqual(await shop.scale({ web: "-1" }), { web: 2 });
    await until("two dynos are up", async () => Object.keys(await states()).join() === "web.1,web.2");
  });

  await act("a dyno is killed while another lives", async () => {
    const before = await containers(platform, "shop", "running");
    const [killed] = [...before].find(([, dyno]) => dyno === "web.2") ?? [];
    assert.ok(killed !== undefined);
    await platform.docker.getContainer(killed).kill();
    await until("it is up again", async () => {
      const now = await containers(platform, "shop", "running");
      const back = [...now].some(([id, dyno]) => dyno === "web.2" && id !== killed);
      return back && (await states())["web.2"] === "up";
    });
    await load.seen((body) => body.endsWith("web.2"));
    const log = await shop.logs({ dyno: "web.2" });
    assert.match(log, /heroku\[web\.2\]: State changed from up to crashed$/m);
    assert.match(log, /heroku\[web\.2\]: State changed from starting to up$/m);
  });

  /** Each dyno runs in another container and is up; the API does not wait for it, as Heroku's does not. */
  const restarted = (before: ReadonlyMap<string, string>) =>
    until("all are restarted", async () => {
      const now = await containers(platform, "shop", "running");
      const fresh = now.keys().every((id) => !before.has(id));
      return fresh && now.size === before.size && Object.values(await states()).every((state) => state === "up");
    });

  await act("restart of both dynos", async () => {
    const before = await containers(platform, "shop", "running");
    await shop.restart();
    await restarted(before);
  });

  await act("scale web=1", async () => {
    assert.deepEqual(await shop.scale({ web: 1 }), { web: 1 });
    assert.deepEqual(await states(), { "web.1": "up" });
  });

  await act("restart of the only dyno", async () => {
    const before = await containers(platform, "shop", "running");
    await shop.restart("web.1");
    await restarted(before);
  });

  await act("rollback", async () => {
    assert.equal(await shop.rollback(1), 4);
    await load.seen((body) => body.startsWith("code A one"));
    const shown = (await shop.releases()).map(({ version, description, current }) => ({
      version,
      description,
      current,
    }));
    assert.deepEqual(shown.slice(0, 2), [
      { version: 4, description: "Rollback to v1", current: true },
      { version: 3, description: "Set VERSION config vars", current: false },
    ]);
  });

  const { sent, lost } = await load.stop();
  t.diagnostic(`${sent} requests, ${lost.length} lost, in ${Math.round((performance.now() - started) / 1000)} s`);
  assert.ok(sent > 500, `only ${sent} requests were sent`);
  assert.deepEqual(
    lost.map(({ at, path, what }) => ({
      during: acts.findLast((one) => one.at <= at)?.what,
      after: at - (acts.findLast((one) => one.at <= at)?.at ?? 0),
      path,
      what: /Code=\w+/.exec(what)?.[0] ?? what.slice(0, 200),
    })),
    [],
  );
}
