import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Answer } from "../support/http.ts";
import { type LoadResult, startLoad } from "../support/load.ts";
import { type TestPlatform, testPlatform } from "../support/platform.ts";
import { until } from "../support/until.ts";

test("deploys, scaling and crashes of the documents' app", async (t) => {
  await using platform = await testPlatform();
  const template = await helloTemplate(platform);
  const hello = (web: number) =>
    platform.app(
      "hello",
      {
        source: { path: "apps/hello" },
        formation: { web: { quantity: web, size: "free" } },
        addons: { DATABASE: { service: "postgresql", plan: "mini" } },
      },
      { UWSGI_THREADS: "20" },
    );
  await hello(1);
  await platform.up();

  await t.test("a change of one line, there and back, loses no request", async (t) => {
    const original = await readFile(template, "utf8");
    for (const [version, text] of [
      ["second", `${original}<!-- second -->\n`],
      ["first", original],
    ] as const) {
      await using load = startLoad(target(platform, { rate: 50 }));
      await writeFile(template, text);
      const started = performance.now();
      const up = platform.pulumi("up", "-s", "hello", "--yes");
      await load.seen((body) => body.includes("<h1") && body.includes("<!-- second -->") === (version === "second"));
      t.diagnostic(
        `the ${version} version answered ${((performance.now() - started) / 1000).toFixed(1)} s after the command`,
      );
      const { exitCode, output } = await up;
      assert.equal(exitCode, 0, output);
      assertNothingLost(await load.stop());
    }
  });

  await t.test("one dyno, three, one: the first is never touched and no request is lost", async () => {
    await using load = startLoad(target(platform, { rate: 50 }));
    const first = await dynos(platform);
    assert.deepEqual([...first.keys()], ["web.1"]);

    await hello(3);
    await platform.up("hello");
    const three = await dynos(platform);
    assert.deepEqual([...three.keys()].sort(), ["web.1", "web.2", "web.3"]);
    assert.equal(three.get("web.1"), first.get("web.1"));
    const answering = new Set<string>();
    await until("all three dynos answer", async () => {
      answering.add(await whoami(platform));
      return answering.size === 3;
    });

    await hello(1);
    await platform.up("hello");
    assert.deepEqual(await dynos(platform), first);
    for (let n = 0; n < 6; n++) assert.equal(await whoami(platform), "web.1");
    assertNothingLost(await load.stop());
  });

  await t.test("a killed dyno comes back by itself, with an empty disk", async () => {
    const files = async () => JSON.parse((await platform.fetch("hello", "/fs")).body) as { found: string[] };
    await files();
    assert.notDeepEqual((await files()).found, []);
    const [container] = (await dynos(platform)).values();
    await platform.docker.getContainer(container as string).kill();
    assert.deepEqual((await files()).found, []);
    assert.notDeepEqual([...(await dynos(platform)).values()], [container]);
  });

  await t.test("two dynos share no disk", async () => {
    await hello(2);
    await platform.up("hello");
    const files = new Map<string, Set<string>>();
    await until("both dynos have listed their files twice", async () => {
      const { dyno, found, wrote } = JSON.parse((await platform.fetch("hello", "/fs")).body);
      files.set(dyno, new Set([...(files.get(dyno) ?? []), ...found, wrote]));
      return files.size === 2 && [...files.values()].every((seen) => seen.size >= 2);
    });
    const [one = new Set(), two = new Set()] = files.values();
    assert.deepEqual(one.intersection(two), new Set());
  });
});

/** 1 request in 20 takes two seconds; the others write to and read from Postgres. */
function target(platform: TestPlatform, { rate }: { rate: number }): Parameters<typeof startLoad>[0] {
  return {
    host: "hello.localhost",
    port: platform.ports.web,
    rate,
    path: (n) => (n % 20 === 0 ? "/slow" : "/"),
    isFromApp: ({ status }: Answer) => status === 200,
  };
}

function assertNothingLost(result: LoadResult): void {
  assert.ok(result.sent > 50, `only ${result.sent} requests were sent`);
  assert.deepEqual(result.lost, []);
}

async function helloTemplate(platform: TestPlatform): Promise<string> {
  const path = await platform.copyExample("flask-hello", "hello");
  return join(platform.directory, path, "hello", "templates", "index.html");
}

async function whoami(platform: TestPlatform): Promise<string> {
  return JSON.parse((await platform.fetch("hello", "/whoami")).body).dyno;
}

/** The running containers of the app's dynos, by the dynos' names. */
async function dynos(platform: TestPlatform): Promise<Map<string, string>> {
  const filters = { label: [`dynoform.platform=${platform.name}`, "dynoform.app=hello"], status: ["running"] };
  const list = await platform.docker.listContainers({ filters });
  return new Map(list.map(({ Id, Labels }) => [Labels["dynoform.dyno"] ?? "", Id]));
}
