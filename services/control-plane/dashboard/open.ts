import type { DatabaseSync } from "node:sqlite";
import type Docker from "dockerode";
import { messageOf } from "../../../lib/errors.ts";
import type { ControlPlaneSettings } from "../../../model/platform/control-plane.ts";
import type { Dispatcher } from "../api/dispatcher.ts";
import type { Apps } from "../apps/apps.ts";
import { Journal } from "../apps/journal.ts";
import type { DynoManager } from "../dyno-manager.ts";
import type { RouterPort } from "../dynos/router-port.ts";
import { Ticker } from "../dynos/ticker.ts";
import type { Logs } from "../logs/ports.ts";
import type { Runner } from "../runs/runner.ts";
import type { Clock } from "../types.ts";
import type { MemberRoute } from "../web/visit.ts";
import { appStates } from "./app-states.ts";
import { dashboardPages } from "./index.ts";
import { LastReleases } from "./last-releases.ts";
import { MemoryWatch } from "./metrics/memory-watch.ts";
import type { AppMetrics } from "./metrics/metrics.ts";

interface OpenDashboardOptions {
  readonly dispatcher: Dispatcher;
  readonly apps: Pick<Apps, "activity" | "follow">;
  readonly runner: Pick<Runner, "log">;
  readonly logs: Logs;
  readonly dynos: DynoManager;
  readonly router: RouterPort;
  readonly docker: Docker;
  readonly store: DatabaseSync;
  readonly metrics: AppMetrics;
  readonly settings: Pick<ControlPlaneSettings, "domain" | "apiPort" | "httpsPort">;
  readonly clock: Clock;
  report(problem: string): void;
}

/** Milliseconds. */
const SECOND_MS = 1000;

/** The dashboard's pages over the control plane's parts, and what it looks at by itself until disposed. */
export function openDashboard(options: OpenDashboardOptions): { readonly pages: MemberRoute[] } & Disposable {
  const { dispatcher, apps, runner, logs, dynos, router, docker, store, metrics, settings, clock, report } = options;
  const journal = new Journal(store, clock);
  const memory = new MemoryWatch({
    docker,
    running: () => dynos.watcher.running(),
    seen: (app, bytes) => metrics.memory(app, bytes),
  });
  const releases = new LastReleases(store, clock);
  const forget = ({ name }: { readonly name: string }) => {
    metrics.forget(name);
    releases.forget(name);
  };
  apps.follow({
    making: forget,
    renamed({ name }, to) {
      metrics.rename(name, to);
      releases.forget(name);
    },
    gone: forget,
  });
  const running = new DisposableStack();
  const every = (seconds: number, what: string, work: () => unknown) =>
    running.use(new Ticker(seconds * SECOND_MS, work, (message) => report(`${what}: ${message}`)));
  every(60, "the memory of dynos", () => memory.tick());
  every(10, "metrics", () => metrics.tick());
  const isParked = (service: string) => dynos.backOff.parkedUntil(service) !== undefined;
  const pages = dashboardPages(
    {
      dispatcher,
      logs,
      activity: (app, limit) => apps.activity(app, limit),
      async progress(app) {
        const change = journal.unfinished().find((each) => each.app === app);
        return change === undefined ? "" : `${await runner.log(change.run)}${await runner.log(change.repair)}`;
      },
      states: (app) => appStates({ router, services: dynos.services, dynos: dynos.states, isParked }, app),
      releases,
      metrics,
      daily: (app, month) => dynos.ledger.daily(app, month),
      lookAtMemory: (app) =>
        memory.look(app).catch((error: unknown) => report(`the memory of ${app}'s dynos: ${messageOf(error)}`)),
      platform: { domain: settings.domain, apiPort: settings.apiPort, httpsPort: settings.httpsPort },
      clock,
    },
    report,
  );
  return { pages, [Symbol.dispose]: () => running.dispose() };
}
