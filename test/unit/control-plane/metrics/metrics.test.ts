import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import fc from "fast-check";
import { requestText } from "../../../../services/control-plane/logs/requests/request-line.ts";
import { Measures } from "../../../../services/control-plane/metrics/measures.ts";
import { scrapes } from "../../../../services/control-plane/metrics/scrapes.ts";
import { Tallies } from "../../../../services/control-plane/metrics/tally.ts";
import { metricsText } from "../../../../services/control-plane/metrics/text.ts";
import { parseMetrics } from "../../../support/prometheus.ts";
import { declared, platform, record, scraped, values } from "./ground.ts";

test("a scrape has what the platform knows of its apps, and nothing of others", async () => {
  const found = await scraped(platform());
  assert.deepEqual(values(found, "dynoform_router_requests_total"), {
    "app=shop,class=2xx,code=": 1,
    "app=shop,class=5xx,code=H12": 1,
  });
  assert.deepEqual(values(found, "http_server_active_requests"), { "app=shop": 2 });
  assert.deepEqual(values(found, "dynoform_dynos"), {
    "app=shop,state=up": 2,
    "app=shop,state=crashed": 1,
    "app=blog,state=idle": 1,
  });
  const wakes = "dynoform_app_wake_duration_seconds";
  assert.deepEqual(values(found, `${wakes}_sum`, wakes), { "app=shop,result=succeeded": 0.8 });
  const deployments = "dynoform_deployment_duration_seconds";
  assert.deepEqual(values(found, `${deployments}_count`, deployments), {
    "app=shop,result=succeeded": 1,
    "app=shop,result=failed": 1,
  });
  assert.deepEqual(values(found, "dynoform_app_queue_length"), { "app=shop": 3 });
  assert.deepEqual(values(found, "dynoform_runs"), { "state=running": 1, "state=waiting": 2 });
  assert.deepEqual(values(found, "dynoform_postgres_backups"), {
    "app=shop,addon=DATABASE": 2,
    "app=shop,addon=ORDERS": 0,
  });
  assert.deepEqual(values(found, "dynoform_postgres_backup_age_seconds"), { "app=shop,addon=DATABASE": 6 * 3600 });
  assert.deepEqual(values(found, "dynoform_dyno_usage_seconds"), { "app=shop,size=free": 3660 });
  assert.deepEqual(values(found, "dynoform_free_dyno_limit_seconds"), { "per=app": 750 * 3600 });
  assert.deepEqual(values(found, "dynoform_platform_up"), { "part=apps": 1, "part=data": 1, "part=tools": 0 });
});

test("durations are in the bucket below which they are, and WebSockets in none", async () => {
  const measures = new Measures();
  for (const seconds of [0.005, 0.0051, 29.9, 31]) measures.request("shop", record(200, seconds));
  measures.request("shop", record(101, 3600));
  const found = await scraped(platform({ measures }));
  const name = "http_server_request_duration_seconds";
  const buckets = values(found, `${name}_bucket`, name);
  const at = (le: string) => buckets[`app=shop,class=2xx,code=,le=${le}`];
  assert.deepEqual([at("0.005"), at("0.01"), at("10"), at("30"), at("+Inf")], [1, 2, 2, 3, 4]);
  assert.equal(buckets["app=shop,class=1xx,code=,le=+Inf"], undefined);
  assert.equal(values(found, "dynoform_router_requests_total")["app=shop,class=1xx,code="], 1);
});

test("requests are counted as the app's log says them: 10,000 of all kinds", async () => {
  const measures = new Measures();
  const logged: Record<string, number> = {};
  const field = <T>(...all: T[]) => fc.constantFrom(...all);
  const any = fc.tuple(
    field("", "", "H12", "H13", "H15", "H80"),
    field("GET", "HEAD"),
    field("web.1", "-"),
    field("0.004", "0.3", "31.002", "-"),
    field("200", "204", "304", "404", "408", "500", "503", "999", "-"),
    field("OK", "", undefined),
    field("10", "-"),
    field("10", "3", "-"),
  );
  for (const [code, method, dyno, time, status, completion, promised, sent] of fc.sample(any, 10_000)) {
    const end = completion === undefined ? [] : [completion, promised, sent];
    const line = [code, method, "/", "h", "i", "f", dyno, "0.001", time, status, "1", "HTTP/1.1", ...end].join("\t");
    measures.request("shop", line);
    const said = requestText(line);
    const answered = / status=(\d*) /.exec(said)?.[1] ?? "";
    const kind = /^[1-5]\d\d$/.test(answered) ? `${answered[0]}xx` : "other";
    const key = `app=shop,class=${kind},code=${/ code=(H\d\d) /.exec(said)?.[1] ?? ""}`;
    logged[key] = (logged[key] ?? 0) + 1;
  }
  const found = values(await scraped(platform({ measures })), "dynoform_router_requests_total");
  assert.ok(Object.keys(found).length > 10);
  assert.deepEqual(found, logged);
});

test("what was counted follows an app's name and goes with the app", async () => {
  const sources = platform();
  const { measures } = sources;
  measures.renamed({ name: "shop", id: "shop-id" }, "blog");
  const requests = async () => Object.keys(values(await scraped(sources), "dynoform_router_requests_total"));
  assert.deepEqual(await requests(), ["app=blog,class=2xx,code=", "app=blog,class=5xx,code=H12"]);
  measures.gone({ name: "blog" });
  assert.deepEqual(await requests(), []);
  measures.request("blog", record(200, 1));
  measures.making({ name: "blog", id: "other-id" });
  assert.deepEqual(await requests(), [], "a new app of that name begins at none");
});

test("there are as many series as there are apps, whatever their answers", async () => {
  const series = async (apps: number) => {
    const measures = new Measures();
    const names = Array.from({ length: apps }, (_, index) => `app-${index}`);
    for (const app of names) for (let status = 100; status < 1000; status++) measures.request(app, record(status, 1));
    const found = await scraped(
      platform({ measures, apps: { list: async () => names.map((name) => declared(name)) } }),
    );
    return found.get("dynoform_router_requests_total")?.series.length ?? 0;
  };
  assert.deepEqual([await series(1), await series(10)], [6, 60]);
});

test("what cannot be read is left out and said; the rest is there", async () => {
  const sources = platform({ dynos: { all: () => Promise.reject(new Error("Docker is away")) } });
  const found = await scraped(sources);
  assert.equal(found.get("dynoform_dynos"), undefined);
  const up = values(found, "dynoform_metrics_source_up");
  assert.deepEqual([up["source=dynos"], up["source=apps"]], [0, 1]);
  assert.deepEqual(sources.problems, ["metrics of dynos: Docker is away"]);
});

test("scrapes that come together cost no more than one", async () => {
  let reads = 0;
  const scrape = scrapes(
    platform({
      apps: {
        async list() {
          reads++;
          return [];
        },
      },
    }),
  );
  const [first, second] = await Promise.all([scrape(), scrape()]);
  assert.equal(reads, 1);
  assert.equal(first, second);
  assert.equal(first.type, "text/plain; version=0.0.4; charset=utf-8");
});

test("no hours to have, no series that says so", async () => {
  const found = await scraped(platform({ hours: { free: 0, per: "app" } }));
  assert.equal(found.has("dynoform_free_dyno_limit_seconds"), false);
});

test("a label's value cannot end its line", async () => {
  const labels = { app: 'a"b\\c\nd' };
  const text = await metricsText([{ name: "x", help: "X.", type: "gauge", series: [{ labels, value: 1 }] }]);
  assert.deepEqual(parseMetrics(text).get("x")?.series, [{ name: "x", labels, value: 1 }]);
});

test("tallies hold numbers that add up, for any durations", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.double({ min: 0, max: 100, noNaN: true }))), (durations) => {
      const tallies = new Tallies<{ readonly kind: string }>([1, 10]);
      for (const seconds of durations) tallies.add("shop", { kind: "a" }, seconds ?? undefined);
      const known = durations.filter((each) => each !== null);
      const [tally] = tallies.list();
      assert.equal(tally?.count ?? 0, durations.length);
      assert.equal(tally?.timed ?? 0, known.length);
      const below = (bound: number) => known.filter((each) => each <= bound).length;
      assert.deepEqual(tally?.buckets ?? [0, 0], [below(1), below(10)]);
    }),
  );
});

test("Prometheus' client is loaded by the first scrape, not before", async () => {
  const program = `
    import { createRequire } from "node:module";
    const { cache } = createRequire(import.meta.url);
    const loaded = () => Object.keys(cache).some((file) => file.includes("/prom-client/"));
    const { scrapes } = await import("./services/control-plane/metrics/scrapes.ts");
    await import("./services/control-plane/api/index.ts");
    const before = loaded();
    await scrapes({ report() {}, runner: { load: {} }, lock: { lines: [] }, hours: {}, clock: Date.now,
      measures: { requests: { list: () => [] }, wakes: { list: () => [] }, deployments: { list: () => [] } } })();
    console.log(before, loaded());
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  assert.equal(stdout.trim(), "false true");
});
