import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../lib/errors.ts";
import type { Apps, DeclaredApp } from "../apps/ports.ts";
import type { Expiry } from "../certificates/expiry.ts";
import type { DynoStatus } from "../dynos/status.ts";
import type { Health } from "../health.ts";
import type { Usage } from "../hours/ledger.ts";
import { type Month, monthOf } from "../hours/month.ts";
import { Catalogue } from "../postgres/catalogue.ts";
import type { Transfer } from "../postgres/transfer-store.ts";
import type { Clock } from "../types.ts";
import type { Measures } from "./measures.ts";
import { processMetrics } from "./process.ts";
import type { Tallies } from "./tally.ts";
import type { Labels, Metric, Series } from "./text.ts";

/** What metrics are read from. */
export interface Sources {
  readonly measures: Measures;
  readonly apps: Pick<Apps, "list">;
  readonly dynos: { all(): Promise<readonly Pick<DynoStatus, "app" | "state">[]> };
  /** Requests in flight, by app. */
  readonly router: { activity(): Promise<Readonly<Record<string, { readonly inflight: number }>>> };
  /** Apps that are being changed, and how many changes wait for each. */
  readonly lock: { readonly lines: readonly { readonly app: string; readonly waiting: number }[] };
  /** Runs of Pulumi. */
  readonly runner: { readonly load: { readonly running: number; readonly waiting: number } };
  readonly transfers: { list(app: string): readonly Transfer[] };
  readonly ledger: { usage(month: Month): readonly Usage[] };
  /** Free hours a month; 0: without end. */
  readonly hours: { readonly free: number; readonly per: "app" | "account" };
  health(): Promise<Health>;
  /** What hosts are served with over HTTPS. */
  readonly certificates: { ends(): Promise<readonly Expiry[]> };
  readonly clock: Clock;
  /** Gets why a source could not be read. */
  report(problem: string): void;
}

/** Milliseconds for each source: Prometheus gives up after ten seconds. */
const SOURCE_TIMEOUT_MS = 5_000;

/** What the sources said, of declared apps alone. */
interface Reading {
  readonly up: readonly Series[];
  readonly names: ReadonlySet<string>;
  readonly dynos: readonly Pick<DynoStatus, "app" | "state">[];
  readonly inflight: readonly Series[];
  readonly parts: Partial<Health>;
  readonly usage: readonly Usage[];
  readonly backups: ReturnType<typeof backupsOf>;
  readonly ends: readonly Expiry[];
}

/**
 * All that is measured, at this moment. Series are those of declared apps, so there are as many as there are apps. What
 * cannot be read is left out, and `dynoform_metrics_source_up` says so.
 */
export async function collect(sources: Sources): Promise<Metric[]> {
  const reading = await readSources(sources);
  return [
    ...processMetrics(),
    ...platformMetrics(sources, reading),
    ...requestMetrics(sources, reading),
    ...dynoMetrics(sources, reading),
    ...changeMetrics(sources, reading),
    ...backupMetrics(reading),
    ...certificateMetrics(reading),
  ];
}

async function readSources({
  apps,
  dynos,
  router,
  health,
  ledger,
  transfers,
  certificates,
  clock,
  report,
}: Sources): Promise<Reading> {
  const up: Series[] = [];
  const read = async <T>(source: string, work: () => T | Promise<T>, none: T): Promise<T> => {
    const late = new AbortController();
    const outcome = await Promise.race([
      (async () => work())().then(
        (value) => ({ value }),
        (error: unknown) => ({ problem: messageOf(error) }),
      ),
      sleep(SOURCE_TIMEOUT_MS, { problem: "no answer" }, { ref: false, signal: late.signal }),
    ]);
    late.abort();
    const found = "value" in outcome;
    if (!found) report(`metrics of ${source}: ${outcome.problem}`);
    up.push({ labels: { source }, value: found ? 1 : 0 });
    return found ? outcome.value : none;
  };
  const [declared, states, activity, parts, ends] = await Promise.all([
    read("apps", () => apps.list(), []),
    read("dynos", () => dynos.all(), []),
    read("router", () => router.activity(), {}),
    read<Partial<Health>>("health", health, {}),
    read("certificates", () => certificates.ends(), []),
  ]);
  const usage = await read("hours", () => ledger.usage(monthOf(clock())), []);
  const backups = await read("backups", () => backupsOf(declared, transfers, clock()), []);
  const names = new Set(declared.map(({ name }) => name));
  const isOwn = ({ app }: { readonly app: string }) => names.has(app);
  const inflight = Object.entries(activity).filter(([app]) => names.has(app));
  return {
    up,
    names,
    dynos: states.filter(isOwn),
    inflight: inflight.map(([app, { inflight: value }]) => ({ labels: { app }, value })),
    parts,
    usage: usage.filter(isOwn),
    backups,
    ends,
  };
}

function platformMetrics({ runner }: Sources, { up, parts }: Reading): Metric[] {
  const { running, waiting } = runner.load;
  return [
    gauge("dynoform_metrics_source_up", "Whether what metrics are read from could be read.", up),
    gauge(
      "dynoform_platform_up",
      "Whether apps are served, databases can be reached, and changes be made.",
      Object.entries(parts).map(([part, works]) => ({ labels: { part }, value: works ? 1 : 0 })),
    ),
    gauge("dynoform_runs", "Runs of Pulumi, by state.", [
      { labels: { state: "running" }, value: running },
      { labels: { state: "waiting" }, value: waiting },
    ]),
  ];
}

function requestMetrics({ measures }: Sources, { names, inflight }: Reading): Metric[] {
  const requests = measures.requests.list().filter(({ app }) => names.has(app));
  return [
    {
      name: "dynoform_router_requests_total",
      help: "Requests that the router answered for apps, by class of the status and the router's own code.",
      type: "counter",
      series: requests.map(({ app, kind, count }) => ({ labels: { app, ...kind }, value: count })),
    },
    timed(
      "http_server_request_duration_seconds",
      "Time from a request's first byte to its answer's last; WebSockets are left out.",
      measures.requests,
      names,
    ),
    gauge("http_server_active_requests", "Requests that are being answered.", inflight),
  ];
}

function dynoMetrics({ measures, hours }: Sources, { names, dynos, usage }: Reading): Metric[] {
  return [
    gauge(
      "dynoform_dynos",
      "Dynos, by state.",
      counted(dynos, ({ app, state }) => ({ app, state })),
    ),
    timed(
      "dynoform_app_wake_duration_seconds",
      "Time from the router's call to a web dyno that serves.",
      measures.wakes,
      names,
    ),
    gauge(
      "dynoform_dyno_usage_seconds",
      "Time that an app's dynos ran in this month (UTC), by size.",
      counted(
        usage,
        ({ app, size }) => ({ app, size }),
        ({ seconds }) => seconds,
      ),
    ),
    gauge(
      "dynoform_free_dyno_limit_seconds",
      "Time that free dynos may run in a month, of each app or of all together.",
      hours.free === 0 ? [] : [{ labels: { per: hours.per }, value: hours.free * 3600 }],
    ),
  ];
}

function changeMetrics({ measures, lock }: Sources, { names }: Reading): Metric[] {
  const lines = lock.lines.filter(({ app }) => names.has(app));
  return [
    timed("dynoform_deployment_duration_seconds", "Deployments of commits.", measures.deployments, names),
    gauge(
      "dynoform_app_queue_length",
      "Changes that wait for an app that is being changed.",
      lines.map(({ app, waiting }) => ({ labels: { app }, value: waiting })),
    ),
  ];
}

function backupMetrics({ backups }: Reading): Metric[] {
  return [
    gauge(
      "dynoform_postgres_backups",
      "Backups that are kept of a database.",
      backups.map(({ labels, count }) => ({ labels, value: count })),
    ),
    gauge(
      "dynoform_postgres_backup_age_seconds",
      "Time since the newest backup of a database was done.",
      backups.flatMap(({ labels, age }) => (age === undefined ? [] : [{ labels, value: age }])),
    ),
  ];
}

function certificateMetrics({ ends }: Reading): Metric[] {
  return [
    gauge(
      "dynoform_certificate_expiry_timestamp_seconds",
      "When the certificate of a host ends, in seconds since 1970; of kind uploaded or automatic.",
      ends.map(({ host, kind, until }) => ({ labels: { host, kind }, value: until / 1000 })),
    ),
  ];
}

function gauge(name: string, help: string, series: readonly Series[]): Metric {
  return { name, help, type: "gauge", series };
}

/** A histogram of what was counted of these apps. */
function timed<K extends Labels>(name: string, help: string, tallies: Tallies<K>, apps: ReadonlySet<string>): Metric {
  const known = tallies.list().filter(({ app, timed }) => apps.has(app) && timed > 0);
  const series = known.map(({ app, kind, buckets, timed: count, seconds: sum }) => ({
    labels: { app, ...kind },
    buckets,
    count,
    sum,
  }));
  return { name, help, type: "histogram", bounds: tallies.bounds, series };
}

/** How many there are of the same labels, or what they have together. */
function counted<T>(all: readonly T[], labelsOf: (each: T) => Labels, weight = (_each: T) => 1): Series[] {
  const groups = Map.groupBy(all, (each) => Object.values(labelsOf(each)).join("\t"));
  return [...groups.values()].map((group) => ({
    labels: labelsOf(group[0] as T),
    value: group.reduce((sum, each) => sum + weight(each), 0),
  }));
}

/** @param now milliseconds since 1970 @returns ages in seconds; undefined: there is no backup */
function backupsOf(declared: readonly DeclaredApp[], transfers: Sources["transfers"], now: number) {
  return new Catalogue(declared).addons.map(({ app, id, attachment }) => {
    const done = transfers
      .list(app.id)
      .filter(({ kind, state, addon }) => kind === "backup" && state === "succeeded" && addon === id);
    const newest = done.length === 0 ? undefined : Math.max(...done.map(({ finishedAt }) => finishedAt ?? 0));
    return {
      labels: { app: app.name, addon: attachment },
      count: done.length,
      age: newest === undefined ? undefined : Math.max(0, now - newest) / 1000,
    };
  });
}
