import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { packageRoot } from "../../../../lib/package-root.ts";
import { platform, scraped } from "./ground.ts";

const folder = join(packageRoot(), "examples/monitoring");
const text = (file: string) => readFileSync(join(folder, file), "utf8");

interface Board {
  readonly uid: string;
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

/** Every metric that there is by its series' names, with the labels that it can have. */
async function known(): Promise<Map<string, Set<string>>> {
  const all = new Map([["up", new Set(["job", "instance"])]]);
  for (const { series } of (await scraped(platform())).values()) {
    for (const { name, labels } of series) {
      const before = all.get(name) ?? ["job", "instance"];
      all.set(name, new Set([...before, ...Object.keys(labels)]));
    }
  }
  return all;
}

const WORDS = new Set(["and", "or", "unless", "bool"]);

/** The metrics that an expression of PromQL names, each with the labels that it is asked for. */
function metricsIn(expr: string): { readonly name: string; readonly labels: readonly string[] }[] {
  const grouping = /\b(?:by|without|on|ignoring|group_left|group_right) *\(([^)]*)\)/g;
  const plain = expr.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/\[[^\]]*\]/g, " ");
  const grouped = [...plain.matchAll(grouping)].flatMap(([, list = ""]) => list.match(/\w+/g) ?? []);
  const tokens = plain.replace(grouping, " ").matchAll(/(?<![\w.])([a-zA-Z_:][\w:]*)( *\()?(?: *\{([^}]*)\})?/g);
  return [...tokens]
    .filter(([, name = "", call]) => call === undefined && !WORDS.has(name))
    .map(([, name = "", , matchers = ""]) => ({
      name,
      labels: [...(matchers.match(/\w+(?= *[=!])/g) ?? []), ...grouped.filter((label) => label !== "le")],
    }));
}

function check(where: string, expr: string, all: Map<string, Set<string>>): void {
  const named = metricsIn(expr);
  assert.ok(named.length > 0, `${where}: names no metric`);
  for (const { name, labels } of named) {
    const has = all.get(name);
    assert.ok(has, `${where}: there is no metric ${name}`);
    for (const label of labels) assert.ok(has.has(label), `${where}: ${name} has no label ${label}`);
  }
}

test("what this test reads of an expression", () => {
  assert.deepEqual(
    metricsIn('sum by (app) (rate(a_total{class="5xx",x!~"y{}"}[5m])) / on () group_left () 2 * b{} > 0'),
    [
      { name: "a_total", labels: ["class", "x", "app"] },
      { name: "b", labels: ["app"] },
    ],
  );
});

test("every metric and label that the board asks for is there", async () => {
  const all = await known();
  const board: Board = JSON.parse(text("grafana-dashboard.json"));
  assert.equal(board.uid, "dynoform");
  for (const { title, targets } of board.panels) {
    assert.ok(targets.length > 0, title);
    for (const { expr } of targets) check(title, expr, all);
  }
  const variable = board.templating.list.find(({ name }) => name === "app")?.definition ?? "";
  const [, metric = "", label = ""] = /^label_values\((\w+), (\w+)\)$/.exec(variable) ?? [];
  assert.ok(all.get(metric)?.has(label), variable);
});

test("every metric that there is stands on the board or in an alert, and in the documents", async () => {
  const board = text("grafana-dashboard.json") + text("alerts.yml");
  const documents = readFileSync(join(packageRoot(), "docs/metrics.md"), "utf8");
  for (const [name] of await scraped(platform())) {
    assert.ok(documents.includes(`\`${name}\``), `docs/metrics.md does not say what ${name} is`);
    if (/^(process_start|dynoform_metrics_source)/.test(name)) continue;
    assert.ok(board.includes(name), `nobody looks at ${name}`);
  }
});

test("Prometheus' configuration says where, as whom, and by which alerts", async () => {
  const config = parse(text("prometheus.yml"), { strict: true });
  const [job] = config.scrape_configs;
  assert.deepEqual(
    [job.job_name, job.metrics_path, job.authorization, job.static_configs],
    ["dynoform", "/metrics", { type: "Bearer", credentials_file: "token" }, [{ targets: ["127.0.0.1:5000"] }]],
  );
  const all = await known();
  for (const file of config.rule_files) {
    const { groups }: Rules = parse(text(file), { strict: true });
    for (const { alert, expr } of groups.flatMap(({ rules }) => rules)) check(alert, expr, all);
  }
});
