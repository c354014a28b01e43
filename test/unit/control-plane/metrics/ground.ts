import type { DeclaredApp } from "../../../../services/control-plane/apps/ports.ts";
import type { Sources } from "../../../../services/control-plane/metrics/collect.ts";
import { Measures } from "../../../../services/control-plane/metrics/measures.ts";
import { scrapes } from "../../../../services/control-plane/metrics/scrapes.ts";
import type { Transfer } from "../../../../services/control-plane/postgres/transfer-store.ts";
import { type Family, parseMetrics } from "../../../support/prometheus.ts";

const NOW = Date.UTC(2026, 0, 15, 12);
const HOUR_MS = 3_600_000;

/** A request of `shop` as the router writes it, without its time and app. */
export function record(status: number | string, seconds: number | string, code = "", completion = "OK"): string {
  const dyno = code === "" ? "web.1" : "-";
  return [code, "GET", "/", "h", "id", "127.0.0.1", dyno, "0.001", seconds, status, "10", "HTTP/1.1", completion].join(
    "\t",
  );
}

export function declared(name: string, addons: DeclaredApp["addons"] = {}): DeclaredApp {
  return {
    name,
    id: `${name}-id`,
    stack: name,
    url: "",
    hosts: [],
    certificates: [],
    acm: false,
    maintenance: false,
    labs: [],
    createdAt: 0,
    formation: {},
    addons,
  };
}

function backup(id: number, hoursAgo: number, over: Partial<Transfer> = {}): Transfer {
  return {
    id,
    uuid: String(id),
    app: "shop-id",
    number: id,
    kind: "backup",
    addon: "DATABASE",
    from: "DATABASE",
    to: "BACKUP",
    database: "d",
    source: null,
    extensions: "",
    state: "succeeded",
    execution: null,
    createdAt: NOW - hoursAgo * HOUR_MS,
    startedAt: NOW - hoursAgo * HOUR_MS,
    finishedAt: NOW - hoursAgo * HOUR_MS,
    canceledAt: null,
    sourceBytes: 1,
    bytes: 1,
    message: null,
    ...over,
  };
}

/** A platform with something of everything, and with what is nobody's. */
export function platform(over: Partial<Sources> = {}): Sources & { readonly problems: string[] } {
  const problems: string[] = [];
  const measures = new Measures();
  for (const app of ["shop", "gone"]) {
    measures.request(app, record(200, 0.02));
    measures.woken(app, "succeeded", 0.8);
    measures.deployed(app, "succeeded", 42);
  }
  measures.request("shop", record(503, 30.001, "H12"));
  measures.deployed("shop", "failed", 3);
  const transfers = [backup(1, 30), backup(2, 6), backup(3, 1, { state: "failed" }), backup(4, 1, { kind: "copy" })];
  return {
    measures,
    apps: { list: async () => [declared("shop", { DATABASE: {}, ORDERS: {} }), declared("blog")] },
    dynos: {
      all: async () => [
        { app: "shop", state: "up" },
        { app: "shop", state: "up" },
        { app: "shop", state: "crashed" },
        { app: "blog", state: "idle" },
        { app: "gone", state: "up" },
      ],
    },
    router: { activity: async () => ({ shop: { inflight: 2 }, gone: { inflight: 1 } }) },
    lock: { lines: [{ app: "shop", waiting: 3 }] },
    runner: { load: { running: 1, waiting: 2 } },
    transfers: { list: (app) => transfers.filter((each) => each.app === app) },
    ledger: {
      usage: (month) => [
        { app: "shop", type: "web", size: "free", seconds: month === "2026-01" ? 3600 : 0 },
        { app: "shop", type: "worker", size: "free", seconds: 60 },
        { app: "gone", type: "web", size: "free", seconds: 5 },
      ],
    },
    hours: { free: 750, per: "app" },
    health: async () => ({ apps: true, data: true, tools: false }),
    certificates: {
      ends: async () => [{ host: "www.shop.test", kind: "automatic", from: NOW, until: NOW + 86_400_000 }],
    },
    clock: () => NOW,
    report: (problem) => problems.push(problem),
    problems,
    ...over,
  };
}

/** What a scrape of them says. */
export async function scraped(sources: Sources): Promise<Map<string, Family>> {
  return parseMetrics((await scrapes(sources)()).text);
}

/** The values of a metric by its labels, written `app=shop,state=up`. */
export function values(families: Map<string, Family>, name: string, of = name): Record<string, number> {
  const series = families.get(of)?.series.filter((each) => each.name === name) ?? [];
  return Object.fromEntries(
    series.map(({ labels, value }) => [
      Object.entries(labels)
        .map((pair) => pair.join("="))
        .join(),
      value,
    ]),
  );
}
