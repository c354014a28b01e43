import assert from "node:assert/strict";
import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import type { Journal } from "../../services/control-plane/apps/journal.ts";
import { changed } from "../../services/stacks/engine.ts";
import { newAccount } from "../support/account.ts";
import { crashContainer, untilApi } from "../support/dyno-manager.ts";
import { get } from "../support/http.ts";
import { openJournal } from "../support/journal.ts";
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
        await crashContainer(platform, "control-plane");
        await cut;
        await until("it is recorded", async () => journal.activity(app)[0]?.result !== "running");
        assert.equal(journal.activity(app)[0]?.result, "succeeded", journal.activity(app)[0]?.message);
        await untilApi(platform);
        assert.ok(await done(), `${method} ${path}`);
      }
      assert.equal((await platform.fetch("late")).status, 404);
    },
  );

  await t.test(
    "two users change one app at once: one waits for the other, or is told that the app is busy",
    async () => {
      const bob = await newAccount(platform, "bob@example.com");
      assert.equal((await api("POST", "/apps/shop/collaborators", { user: bob.email })).status, 201);
      const users = [asker(platform, bob.token), api];
      const values = ["1", "2", "3", "4"];
      const writers = (name: string) => values.filter((value) => name === `BY_${Number(value) % 2}`);
      const answers = await Promise.all(
        values.map((value) => {
          const user = users[Number(value) % 2] ?? assert.fail();
          return user("PATCH", "/apps/shop/config-vars", { [`BY_${Number(value) % 2}`]: value });
        }),
      );
      for (const { status } of answers) assert.ok(status === 200 || status === 409, String(status));
      assert.ok(answers.some(({ status }) => status === 200));
      const config = (await api("GET", "/apps/shop/config-vars")).body;
      for (const name of ["BY_0", "BY_1"]) {
        const landed = writers(name).filter((value) => answers[Number(value) - 1]?.status === 200);
        if (landed.length === 0) assert.equal(config[name], undefined);
        else assert.ok(landed.includes(config[name]), `${name} is ${config[name]}`);
      }
      assert.equal(changed((await platform.up("shop"))[0] ?? assert.fail()), 0);
      const authors = (await git("log", "--format=%ae")).split("\n");
      assert.equal(
        authors.includes(bob.email),
        answers.some(({ status }, index) => index % 2 === 1 && status === 200),
      );
    },
  );

  await t.test("many apps at once: all stands as it was said", async (t) => {
    const began = performance.now();
    const names = [...CROWD, "crowd-0", "shop"];
    // A client that waits no longer is told that it is not done yet (504), and the act goes on.
    const made = await Promise.all(names.map((name) => api("POST", "/apps", { name }, 20)));
    await until("nothing goes on any more", async () => CROWD.every(idle(journal)), 400);
    t.diagnostic(`20 apps made at once in ${((performance.now() - began) / 1000).toFixed(1)} s`);
    const refused = made.map(({ status }) => status).filter((status) => status !== 201 && status !== 504);
    assert.equal(refused.length, 2, `a name is given once: ${refused}`);
    for (const status of refused) assert.ok(status === 422 || status === 409, String(status));
    const files = await stacks();
    const known = (await platform.engine.stacks()).map(({ name }) => `Pulumi.${name}.yaml`);
    assert.deepEqual(known.sort(), files);
    for (const name of CROWD) {
      assert.equal(journal.activity(name)[0]?.result, "succeeded", journal.activity(name)[0]?.message);
      const text = await readFile(join(platform.directory, "stacks", `Pulumi.${name}.yaml`), "utf8");
      assert.match(parse(text).config["dynoform:app"].id, new RegExp(`^${name}-[a-z]{8}$`));
      assert.match((await platform.fetch(name)).body, /Welcome/);
    }
    assert.equal(await git("status", "--porcelain", "--", "stacks"), "?? stacks/Pulumi.platform.yaml", "all committed");
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
  return asker(platform, (await platform.dynoform("token")).output.trim());
}

function asker({ ports }: TestPlatform, token: string) {
  const url = `http://127.0.0.1:${ports.api}`;
  return async (method: string, path: string, body?: unknown, wait = 250): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", prefer: `wait=${wait}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
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
