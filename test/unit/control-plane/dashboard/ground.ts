import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Dispatcher } from "../../../../services/control-plane/api/dispatcher.ts";
import { createApi } from "../../../../services/control-plane/api/index.ts";
import type { AuditEntry } from "../../../../services/control-plane/api/ports.ts";
import type { AppState } from "../../../../services/control-plane/dashboard/app-states.ts";
import { dashboardPages } from "../../../../services/control-plane/dashboard/index.ts";
import { LastReleases } from "../../../../services/control-plane/dashboard/last-releases.ts";
import { AppMetrics } from "../../../../services/control-plane/dashboard/metrics/metrics.ts";
import type { Activity } from "../../../../services/control-plane/dashboard/ports.ts";
import type { ConnectionsOptions } from "../../../../services/control-plane/github/connections/connections.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import { memoryAccounts } from "../api/accounts.ts";
import { World } from "../api/fakes.ts";
import { ADA, ANN, type Served as SiteServed, serveTestSite } from "../web/ground.ts";

export const NOW = Date.UTC(2026, 0, 15, 12, 0, 0);

/** The dashboard over the API over a world of fakes. Ann may use `shop`; Ada, an admin, all apps. */
export interface Served extends SiteServed {
  readonly world: World;
  readonly metrics: AppMetrics;
  readonly states: Map<string, AppState>;
  readonly activities: Activity[];
  /** What was written into the audit log. */
  readonly audited: AuditEntry[];
  /** What the running change prints. */
  printed: string;
}

/** @param connecting how accounts of GitHub's are connected, where that is not as in the world of fakes */
export async function serveDashboard(
  wrap: (dispatcher: Dispatcher) => Pick<Dispatcher, "dispatch"> = (dispatcher) => dispatcher,
  connecting: Partial<ConnectionsOptions> = {},
): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), "dashboard-"));
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, "token\n");
  const clock = () => NOW;
  const world = new World();
  const db = openStore(":memory:");
  for (const { id, email, role } of [ANN, ADA]) {
    world.db
      .prepare("INSERT INTO account (id, email, role, created_at, updated_at) VALUES (?, ?, ?, 0, 0)")
      .run(id, email, role);
  }
  const audited: AuditEntry[] = [];
  const accounts = Object.assign(memoryAccounts(tokenFile, { clock }), {
    may: ({ role }: { role: string }, app: string) => role === "admin" || app === "shop-id",
    owner: () => ({ id: "1", email: "ann@example.com" }),
    audit: (entry: AuditEntry) => audited.push(entry),
  });
  const ports = { ...world.ports(), github: world.github.port(connecting) };
  const { dispatcher } = createApi({
    health: async () => ({ apps: true, data: true, tools: false }),
    ports: { ...ports, accounts },
    platform: "test",
    tokenFile,
    hours: { free: 750, per: "app" },
    report: () => {},
    clock,
  });
  const metrics = new AppMetrics({ db, clock });
  const states = new Map<string, AppState>([["shop", { word: "up", dynos: 1 }]]);
  const activities: Activity[] = [];
  const served = { printed: "" };
  const members = dashboardPages(
    {
      dispatcher: wrap(dispatcher),
      logs: ports.logs,
      activity: (_app, limit = 50) => activities.slice(0, limit),
      progress: async () => served.printed,
      states: async () => states,
      releases: new LastReleases(db, clock),
      metrics,
      daily: () => [3600, 0, 7200],
      lookAtMemory: async () => {},
      platform: { domain: "localhost", apiPort: 5000, httpsPort: 8443 },
      clock,
    },
    (problem) => site.problems.push(problem),
  );
  const site = await serveTestSite({ members, everybody: [] });
  return Object.assign(served, {
    ...site,
    world,
    metrics,
    states,
    activities,
    audited,
    async [Symbol.asyncDispose]() {
      await site[Symbol.asyncDispose]();
      db.close();
      await rm(folder, { recursive: true, force: true });
    },
  });
}
