import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { appApi } from "../../support/app-api.ts";
import { apiOf, runtimeDirectory, services } from "../../support/dyno-manager.ts";
import { assertCounted, dynoSeconds } from "../../support/dyno-seconds.ts";
import type { TestPlatform } from "../../support/platform.ts";
import { type ParsedSeries, parseMetrics } from "../../support/prometheus.ts";
import { run } from "../../support/rendezvous.ts";
import { simpleApp } from "../../support/simple-app.ts";
import { until } from "../../support/until.ts";

const PROCFILE = 'web: uwsgi uwsgi.ini\nrelease: echo "migrating to $VERSION" && test "$VERSION" != bad\n';
const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00 (app|heroku)\[[\w.-]+\]: /;

/** The acts of every day, at an app that does not sleep. */
export async function everyday(t: TestContext, platform: TestPlatform): Promise<void> {
  const secret = randomBytes(16).toString("hex");
  using seconds = await dynoSeconds(platform);
  const formation = { web: { quantity: 1, size: "basic" } };
  await simpleApp(platform, "shop", { Procfile: PROCFILE });
  await platform.app("shop", { source: { path: "apps/shop" }, formation }, { VERSION: "one" });
  await platform.up("shop");
  const file = join(platform.directory, "stacks", "Pulumi.shop.yaml");
  const shop = await appApi(platform, "shop");

  await t.test("a secret config var is encrypted in the file, and shown to who asks", async () => {
    await shop.set({ SECRET_KEY: secret });
    assert.match(await readFile(file, "utf8"), /SECRET_KEY: \{ secure: v1:\S+ \}$/m);
    assert.equal((await shop.config()).SECRET_KEY, secret);
    assert.equal(await answer(platform), "one");
  });

  await t.test("a release command that fails: the stack file is as it was, byte for byte", async () => {
    const before = await readFile(file);
    const was = await services(platform, "shop");
    await assert.rejects(shop.set({ VERSION: "bad" }), ({ message }: Error) => {
      assert.match(message, /release command of shop failed with exit status 1/);
      assert.doesNotMatch(message, /^\s+at .*:\d+:\d+\)?$/m, "no stack trace");
      return true;
    });
    assert.deepEqual(await readFile(file), before);
    assert.deepEqual(await services(platform, "shop"), was);
    assert.equal(await answer(platform), "one");
    assert.equal((await shop.releases()).find(({ current }) => current)?.version, 2);
  });

  await t.test("releases: what the release command wrote is shown", async () => {
    const { body } = await (await apiOf(platform)).ask("GET", "/apps/shop/releases/2");
    assert.match(await (await fetch(body.output_stream_url)).text(), /migrating to one$/m);
  });

  await t.test("run: output and exit code are the command's own", async () => {
    const good = await run(platform, "shop", 'echo "$DYNO has $VERSION"; id -u');
    assert.equal(good.exitCode, 0);
    assert.match(
      good.output,
      new RegExp(`^${good.dyno} has one\n\\d{7,}\n$`),
      "it is no ordinary user of the dyno's own",
    );
    assert.equal((await run(platform, "shop", "(exit 7)")).exitCode, 7);
  });

  await t.test("run -d: what it prints is in the app's log", async () => {
    const detached = { attach: false, command: "echo it was done by $DYNO" };
    const { body } = await (await apiOf(platform)).ask("POST", "/apps/shop/dynos", detached);
    const dyno: string = body.name;
    await until("the log has it", async () =>
      (await shop.logs({ dyno })).includes(` app[${dyno}]: it was done by ${dyno}\n`),
    );
    await until("it has ended", async () => /State changed from up to complete$/m.test(await shop.logs({ dyno })));
  });

  await t.test("logs: requests, what the app says, states and releases, each in Heroku's form", async () => {
    assert.equal((await platform.fetch("shop", "/a-page?of=it")).status, 200);
    const routed =
      / heroku\[router\]: at=info method=GET path="\/a-page\?of=it" host=shop\.localhost\S* request_id=\S+ fwd="\S+" dyno=web\.1 connect=\d+ms service=\d+ms status=200 bytes=\d+ protocol=http$/m;
    await until("the request is in the log", async () => routed.test(await shop.logs()));
    const log = await shop.logs();
    for (const line of log.trimEnd().split("\n")) assert.match(line, LINE);
    assert.match(log, / heroku\[web\.1\]: Starting process with command `uwsgi uwsgi\.ini`$/m);
    assert.match(log, / heroku\[web\.1\]: State changed from starting to up$/m);
    assert.match(log, / app\[api\]: Release v2 created by user admin@localhost$/m);
    assert.match(log, / app\[web\.1\]: .*uWSGI/m);
    const times = log
      .trimEnd()
      .split("\n")
      .map((line) => line.slice(0, 32));
    assert.deepEqual(times, times.toSorted(), "they are in order");
    assert.doesNotMatch(await shop.logs({ source: "app" }), / heroku\[/);
  });

  await t.test("usage: what Docker says ran", async () => {
    const { exitCode, output } = await platform.dynoform("usage", "-a", "shop");
    assert.equal(exitCode, 0, output);
    assert.match(output, /^=== shop Usage \d{4}-\d\d$[\s\S]*^web \(Basic\) /m);
    const api = await apiOf(platform);
    const dynos = async (): Promise<{ type: string; seconds: number }[]> =>
      (await api.ask("GET", "/apps/shop/usage")).body.dynos;
    await assertCounted(
      seconds,
      "shop",
      async () => (await dynos()).find(({ type }) => type === "web")?.seconds ?? 0,
      1,
    );
    assert.ok(
      (await dynos()).some(({ type }) => type === "run"),
      "one-off dynos count",
    );
  });

  await t.test(
    "metrics: as many requests as the log has lines, the dynos that run, and nothing that is amiss",
    async () => {
      const token = (await readFile(join(runtimeDirectory(platform), "control", "token"), "utf8")).trim();
      const headers = { authorization: `Bearer ${token}` };
      const series = async () => {
        const answer = await fetch(`http://127.0.0.1:${platform.ports.api}/metrics`, { headers });
        return [...parseMetrics(await answer.text()).values()].flatMap((family) => family.series);
      };
      const logged = (await shop.logs()).match(/ heroku\[router\]: .* status=2\d\d /g)?.length ?? 0;
      assert.ok(logged > 0);
      const counted = ({ name, labels }: ParsedSeries) =>
        name === "dynoform_router_requests_total" && labels.app === "shop" && labels.class === "2xx";
      await until("they are counted", async () => (await series()).find(counted)?.value === logged);
      const all = await series();
      const of = (name: string) => all.filter((each) => each.name === name);
      for (const { labels, value } of [...of("dynoform_platform_up"), ...of("dynoform_metrics_source_up")]) {
        assert.equal(value, 1, JSON.stringify(labels));
      }
      const dynos = of("dynoform_dynos").filter(({ labels }) => labels.app === "shop");
      assert.deepEqual(
        dynos.map(({ labels, value }) => [labels.state, value]),
        [["up", 1]],
      );
    },
  );

  await t.test("no secret stands where it does not belong", async () => {
    for (const part of ["control-plane", "runner", "router"]) {
      const container = platform.docker.getContainer(`${platform.name}-${part}`);
      const text = (await container.logs({ stdout: true, stderr: true })).toString("latin1");
      assert.ok(!text.includes(secret), `docker logs of ${part}`);
    }
    const directory = runtimeDirectory(platform);
    let read = 0;
    for await (const path of glob(join(directory, "{control,router}", "**", "*"))) {
      const bytes = await readFile(path).catch(() => undefined);
      if (bytes === undefined) continue;
      read++;
      assert.ok(!bytes.includes(secret), path);
    }
    assert.ok(read > 5, "records of runs were read");
    assert.ok(!(await shop.logs()).includes(secret));
  });
}

async function answer(platform: TestPlatform): Promise<string> {
  const { status, body } = await platform.fetch("shop");
  assert.equal(status, 200, body);
  return body;
}
