import assert from "node:assert/strict";
import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { Journal } from "../../services/control-plane/apps/journal.ts";
import { openStore } from "../../services/control-plane/store.ts";
import { changed } from "../../services/stacks/engine.ts";
import { get } from "../support/http.ts";
import { type TestPlatform, testPlatform } from "../support/platform.ts";
import { finish } from "../support/process.ts";
import { until } from "../support/until.ts";

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  readonly body: any;
}

const CROWD = Array.from({ length: 20 }, (_, number) => `crowd-${number}`);

test("apps come, change and go through the API, whole or not at all", async (t) => {
  await using platform = await testPlatform({ commitChanges: true });
  const git = gitOf(platform);
  await git("init", "--quiet", "--initial-branch=main");
  await git("config", "user.email", "owner@example.com");
  await git("config", "user.name", "Owner");
  await platform.up("platform");
  const api = await apiOf(platform);
  const stacks = async () => (await readdir(join(platform.directory, "stacks"))).sort();
  using journal = openJournal(platform);

  await t.test("a dry run shows what would be made, and makes nothing", async () => {
    const { status, body } = await api("POST", "/apps?dry_run=1", { name: "shop" });
    assert.deepEqual([status, body.dry_run, body.app], [200, true, "shop"], JSON.stringify(body));
    assert.ok(
      body.steps.some(({ op, type }: Record<string, string>) => op === "create" && type === "dyno:index:Route"),
    );
    assert.match(body.preview, /dyno:index:Release shop-release/);
    assert.deepEqual(await stacks(), ["Pulumi.platform.yaml"]);
    assert.ok(!(await platform.engine.stacks()).some(({ name }) => name === "shop"), "its stack is gone");
  });

  await t.test("an app is made and welcomes its visitors; the preview is of what was then done", async () => {
    const { status, body } = await api("POST", "/apps", { name: "shop" });
    assert.deepEqual([status, body.name], [201, "shop"], JSON.stringify(body));
    assert.match((await platform.fetch("shop")).body, /Welcome to your new app/);
    assert.match((await api("POST", "/apps", { name: "shop" })).body.message, /already taken/);
    assert.equal(changed((await platform.up("shop"))[0] ?? assert.fail()), 0);

    const secret = "s3cret-value-of-a-config-var";
    const plan = await platform.dynoform("plan", "config:set", `A=${secret}`, "-a", "shop");
    assert.equal(plan.exitCode, 0, plan.output);
    assert.match(plan.output, /Set A config vars[\s\S]*dyno:index:Release shop-release/);
    assert.ok(!plan.output.includes(secret));
    assert.deepEqual((await api("GET", "/apps/shop/config-vars")).body, {});
    assert.match((await platform.dynoform("plan", "apps:destroy", "-a", "shop")).output, /delete/);
  });

  await t.test("maintenance and domains are declared; nothing drifts", async () => {
    const host = "www.shop.example";
    const page = () => get({ host, port: platform.ports.web, path: "/" });
    assert.equal((await api("POST", "/apps/shop/domains", { hostname: host })).status, 201);
    assert.match((await page()).body, /Welcome/);
    assert.equal((await api("PATCH", "/apps/shop", { maintenance: true })).body.maintenance, true);
    assert.match((await page()).body, /Offline for maintenance/);
    assert.equal(changed((await platform.up("shop"))[0] ?? assert.fail()), 0);
    assert.equal((await api("PATCH", "/apps/shop", { maintenance: false })).body.maintenance, false);
    assert.match((await page()).body, /Welcome/);
    assert.equal((await api("DELETE", `/apps/shop/domains/${host}`)).status, 200);
    assert.match((await page()).body, /nothing here/i);
  });

  await t.test("each act is a commit of its file, by who did it", async () => {
    const log = await git("log", "--format=%ae: %s", "--reverse");
    assert.deepEqual(log.split("\n"), [
      "admin@localhost: shop: Create the app",
      "admin@localhost: shop: Add www.shop.example domain",
      "admin@localhost: shop: Turn maintenance mode on",
      "admin@localhost: shop: Turn maintenance mode off",
      "admin@localhost: shop: Remove www.shop.example domain",
    ]);
    assert.equal(await git("ls-tree", "-r", "--name-only", "HEAD"), "stacks/Pulumi.shop.yaml");
    assert.equal(await git("status", "--porcelain", "--", "stacks/Pulumi.shop.yaml"), "");
  });

  await t.test("a renamed app keeps what is its", async () => {
    const { id } = (await api("GET", "/apps/shop")).body;
    assert.equal((await api("PATCH", "/apps/shop", { name: "store" })).body.id, id);
    assert.match((await platform.fetch("store")).body, /Welcome/);
    assert.equal((await platform.fetch("shop")).status, 404);
    assert.equal(changed((await platform.up("shop"))[0] ?? assert.fail()), 0, "its stack has its first name");
    assert.equal((await api("PATCH", "/apps/store", { name: "shop" })).body.id, id);
  });

  await t.test(
    "a control plane killed in the midst of a creation, a change and a destruction: the next ends them",
    async () => {
      const acts: [app: string, done: () => Promise<boolean>, method: string, path: string, body?: unknown][] = [
        [
          "late",
          async () => (await platform.fetch("late")).body.includes("Welcome"),
          "POST",
          "/apps",
          { name: "late" },
        ],
        [
          "late",
          async () => (await api("GET", "/apps/late/config-vars")).body.A === "1",
          "PATCH",
          "/apps/late/config-vars",
          { A: "1" },
        ],
        ["late", async () => !(await stacks()).includes("Pulumi.late.yaml"), "DELETE", "/apps/late"],
      ];
      for (const [app, done, method, path, body] of acts) {
        const cut = assert.rejects(api(method, path, body), TypeError, `${method} ${path}`);
        await until("it goes on", async () => (await running(platform)) > 0);
        await kill(platform, "control-plane");
        await cut;
        await until("it is recorded", async () => journal.activity(app)[0]?.result !== "running");
        assert.equal(journal.activity(app)[0]?.result, "succeeded", journal.activity(app)[0]?.message);
        await until("the API answers", () =>
          api("GET", "/account").then(
            ({ status }) => status === 200,
            () => false,
          ),
        );
        assert.ok(await done(), `${method} ${path}`);
      }
      assert.equal((await platform.fetch("late")).status, 404);
    },
  );

  await t.test("two users change one app at once, and many make apps: all stands as it was said", async (t) => {
    const began = performance.now();
    const [made, changes] = await Promise.all([
      Promise.all([...CROWD, "crowd-0", "shop"].map((name) => api("POST", "/apps", { name }))),
      Promise.all(
        [1, 2, 3, 4].map((who) => api("PATCH", "/apps/shop/config-vars", { [`BY_${who % 2}`]: String(who) })),
      ),
    ]);
    await until("nothing goes on any more", async () => [...CROWD, "shop"].every(idle(journal)));
    t.diagnostic(`20 apps made and one changed four times: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    assert.deepEqual(
      made.map(({ status }) => status).sort(),
      [...CROWD.map(() => 201), 422, 422],
      "a name is given once",
    );
    for (const { status } of changes) assert.ok(status === 200 || status === 409, String(status));
    const landed = journal.activity("shop").filter(({ description }) => /^Set BY_/.test(description));
    assert.ok(landed.every(({ result }) => result === "succeeded"));

    const files = await stacks();
    const known = (await platform.engine.stacks()).map(({ name }) => name).sort();
    assert.deepEqual(
      known.map((name) => `Pulumi.${name}.yaml`),
      files,
    );
    for (const name of CROWD) {
      const text = await readFile(join(platform.directory, "stacks", `Pulumi.${name}.yaml`), "utf8");
      assert.match(parse(text).config["dynoform:app"].id, new RegExp(`^${name}-[a-z]{8}$`));
      assert.match((await platform.fetch(name)).body, /Welcome/);
    }
    const { BY_0, BY_1 } = (await api("GET", "/apps/shop/config-vars")).body;
    assert.deepEqual([BY_0 === "2" || BY_0 === "4", BY_1 === "1" || BY_1 === "3"], [true, true]);
    assert.equal(changed((await platform.up("shop"))[0] ?? assert.fail()), 0);
  });

  await t.test("a destroyed app leaves nothing, and its name is free", async () => {
    const first = (await api("GET", "/apps/shop")).body;
    assert.equal((await api("DELETE", "/apps/shop")).status, 200);
    assert.equal((await api("GET", "/apps/shop")).status, 404);
    assert.match((await platform.fetch("shop")).body, /nothing here/i);
    const home = join(platform.directory, "home", platform.name);
    for (const path of [join(platform.directory, "stacks", "Pulumi.shop.yaml"), join(home, "git", "shop.git")]) {
      await assert.rejects(access(path), { code: "ENOENT" });
    }
    const again = (await api("POST", "/apps", { name: "shop" })).body;
    assert.notEqual(again.id, first.id);
    assert.deepEqual((await api("GET", "/apps/shop/releases")).body.length, 1);
    assert.match(await git("log", "-2", "--format=%s"), /shop: Create the app\nshop: Destroy shop/);
  });
});

function idle(journal: Pick<Journal, "activity">) {
  return (app: string) => journal.activity(app)[0]?.result !== "running";
}

async function apiOf(platform: TestPlatform) {
  const token = (await platform.dynoform("token")).output.trim();
  const api = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`http://127.0.0.1:${platform.ports.api}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", prefer: "wait=300" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  await until("the API answers", () =>
    api("GET", "/account").then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  return api;
}

function gitOf(platform: TestPlatform) {
  return async (...args: string[]): Promise<string> => {
    const { exitCode, output } = await finish(["git", ...args], platform.directory);
    assert.equal(exitCode, 0, output);
    return output.trim();
  };
}

/** How many runs of Pulumi there are in the runner. */
async function running({ docker, name }: TestPlatform): Promise<number> {
  const { Processes } = await docker.getContainer(`${name}-runner`).top();
  return Processes.filter((process: string[]) => process.join(" ").includes("/control/runs/")).length;
}

/** As a crash: `docker kill` would tell Docker that it shall not come back. */
async function kill(platform: TestPlatform, part: string): Promise<void> {
  const container = platform.docker.getContainer(`${platform.name}-${part}`);
  const { State } = await container.inspect();
  process.kill(State.Pid, "SIGKILL");
  await until(`${part} runs again`, async () => {
    const { Running, Pid } = (await container.inspect()).State;
    return Running && Pid !== State.Pid;
  });
}

/** What the control plane has written down. */
function openJournal(platform: TestPlatform): Pick<Journal, "activity"> & Disposable {
  const store = openStore(join(platform.directory, "home", platform.name, "control", "store.sqlite"));
  const journal = new Journal(store);
  return { activity: (app) => journal.activity(app), [Symbol.dispose]: () => store.close() };
}
