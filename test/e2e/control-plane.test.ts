import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { packageRoot } from "../../lib/package-root.ts";
import { changed } from "../../services/stacks/engine.ts";
import { crashContainer } from "../support/dyno-manager.ts";
import { openJournal } from "../support/journal.ts";
import { memoryOf } from "../support/memory.ts";
import { type TestPlatform, testPlatform } from "../support/platform.ts";
import { finish } from "../support/process.ts";
import { simpleApp } from "../support/simple-app.ts";
import { until } from "../support/until.ts";
import type { Answer, Order } from "./control-plane/inside.ts";

const COMMENT = "# the shop of the examples";

test("what the control plane changes goes on without it, and is taken back when it fails", async (t) => {
  await using platform = await testPlatform({ ci: { trust: [{ repo: "octo/shop", may: "preview" }] } });
  await simpleApp(platform, "shop", { Procfile: 'web: test -z "$BROKEN" && uwsgi uwsgi.ini\n' });
  await platform.app(
    "shop",
    { source: { path: "apps/shop" }, formation: { web: { quantity: 1 } } },
    { VERSION: "one" },
  );
  const file = join(platform.directory, "stacks", "Pulumi.shop.yaml");
  await writeFile(file, `${COMMENT}\n${await readFile(file, "utf8")}`);
  await platform.up();
  using journal = openJournal(platform);

  await t.test("it comes up with its runner, and stays as it is", async (t) => {
    const before = await containers(platform);
    assert.deepEqual([...before.keys()].sort(), ["control-plane", "postgres", "router", "runner"]);
    for (const outcome of await platform.up()) assert.equal(changed(outcome), 0);
    const apart = await inside(platform, { platform: "platform" });
    assert.deepEqual({ ...apart, said: "" }, { changes: 0, said: "" }, "an up in the runner sees what one here sees");
    assert.match(apart.said, /unchanged/);
    // The one that the run was in goes a moment after it.
    await until("its containers are as before", async () => isDeepStrictEqual(await containers(platform), before));
    assert.equal(await wake(platform, "nobody"), 404, "the router reaches it");
    const stranger = { method: "POST", headers: { authorization: "Bearer none" }, body: "{}" };
    const refused = await platform.fetch("dashboard", "/ci/previews", stranger);
    assert.equal(refused.status, 400, "workflows reach it through the router");
    // At most what the issue allows to a platform without apps.
    const parts = ["router", "control-plane", "runner", "postgres"];
    const used = await Promise.all(parts.map((part) => memoryOf(platform, part)));
    const megabytes = used.reduce((sum, part) => sum + part, 0);
    t.diagnostic(`router, control plane, runner and Postgres use ${megabytes.toFixed(0)} MB`);
    assert.ok(megabytes <= 200);
  });

  await t.test("a change lands, its values secure and its file as its owner wrote it", async () => {
    const { changes = 0, failed, said } = await inside(platform, { app: "shop", web: 2, config: { VERSION: "two\n" } });
    assert.equal(failed, undefined);
    assert.ok(changes > 0);
    assert.match(said, /shop\.web\.2/, "its progress is told");
    assert.equal((await dynos(platform)).length, 2);
    assert.equal(await version(platform), "two\n");
    const text = await readFile(file, "utf8");
    assert.ok(text.startsWith(COMMENT));
    assert.match(parse(text).config["dynoform:config"].VERSION.secure, /^v1:/);
    const [activity] = journal.activity("shop");
    assert.equal(activity?.result, "succeeded");
    assert.equal(activity?.user, "ada@example.com");
    assert.match(activity?.log ?? "", /shop\.web\.2/);
  });

  await t.test("one that fails is taken back, and the old dynos serve", async () => {
    const text = await readFile(file, "utf8");
    const before = await dynos(platform);
    const { failed } = await inside(platform, { app: "shop", config: { BROKEN: "1" } });
    assert.match(failed ?? "", /exited 3 times/);
    assert.equal(await readFile(file, "utf8"), text);
    assert.deepEqual(await dynos(platform), before);
    assert.equal(await version(platform), "two\n");
    assert.equal(journal.activity("shop")[0]?.result, "failed");
  });

  await t.test("one whose control plane is killed is made, and recorded by the next", async () => {
    const cut = assert.rejects(inside(platform, { app: "shop", web: 3 }));
    await untilDynos(platform, 3);
    assert.equal(journal.activity("shop")[0]?.result, "running");
    await crashContainer(platform, "control-plane");
    await cut;
    await until("it is recorded", async () => journal.activity("shop")[0]?.result !== "running");
    assert.equal(journal.activity("shop")[0]?.result, "succeeded");
    assert.equal((await dynos(platform)).length, 3);
    assert.equal(parse(await readFile(file, "utf8")).config["dynoform:app"].formation.web.quantity, 3);
  });

  await t.test("one whose runner is killed is taken back", async () => {
    const before = await dynos(platform);
    const order = inside(platform, { app: "shop", web: 4 });
    await untilDynos(platform, 4);
    await crashContainer(platform, "runner");
    const { failed } = await order;
    assert.match(failed ?? "", /ended from outside/);
    assert.deepEqual(await dynos(platform), before);
    for (const outcome of await platform.up()) assert.equal(changed(outcome), 0, "nothing is left to repair");
  });

  await t.test("it stops when it is told to", async () => {
    const container = platform.docker.getContainer(`${platform.name}-control-plane`);
    const started = performance.now();
    await container.stop();
    // Docker would kill it after 10 seconds.
    assert.ok(performance.now() - started < 5_000);
    assert.equal((await container.inspect()).State.ExitCode, 0);
  });
});

async function inside(platform: TestPlatform, order: Order): Promise<Answer> {
  const script = join(packageRoot(), "test", "e2e", "control-plane", "inside.ts");
  const argv = ["docker", "exec", `${platform.name}-control-plane`, "node", script, JSON.stringify(order)];
  const { exitCode, output } = await finish(argv, platform.directory);
  assert.equal(exitCode, 0, output);
  return JSON.parse(output);
}

/** The platform's own containers by what they are, with their ids and when they were started. */
async function containers({ docker, name }: TestPlatform): Promise<Map<string, string>> {
  const list = await docker.listContainers({ filters: { label: [`dynoform.platform=${name}`] } });
  const own = list.filter(({ Labels }) => Labels["dynoform.app"] === undefined);
  const details = await Promise.all(own.map(({ Id }) => docker.getContainer(Id).inspect()));
  return new Map(details.map(({ Id, Name, State }) => [Name.replace(`/${name}-`, ""), `${Id} ${State.StartedAt}`]));
}

/** Asks as the router does. @returns the status */
function wake(platform: TestPlatform, app: string): Promise<number> {
  const socketPath = join(platform.directory, "home", platform.name, "router", "control.sock");
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method: "POST", path: `/wake/${app}` }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on("error", reject).end();
  });
}

async function dynos({ docker, name }: TestPlatform): Promise<string[]> {
  const list = await docker.listServices({ filters: { label: [`dynoform.platform=${name}`, "dynoform.app=shop"] } });
  return list.map(({ ID }) => ID).sort();
}

async function untilDynos(platform: TestPlatform, count: number): Promise<void> {
  await until(`${count} dynos are there`, async () => (await dynos(platform)).length === count);
}

async function version(platform: TestPlatform): Promise<string> {
  const { status, body } = await platform.fetch("shop");
  assert.equal(status, 200, body);
  return body;
}
