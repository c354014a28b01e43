import type { BackOff } from "./back-off.ts";
import { isRunning, type KnownDyno } from "./docker-dynos.ts";
import type { DynoState } from "./lines.ts";
import type { RoutedApp, RouterPort } from "./router-port.ts";
import { compareDynos, type DynoService, type DynoServices } from "./services.ts";
import type { DynoStates } from "./states.ts";
import type { DynoWatcher } from "./watch.ts";

/** A dyno as `ps` shows it. */
export interface DynoStatus {
  readonly app: string;
  readonly dyno: string;
  readonly type: string;
  readonly size: string;
  /** Undefined for one-off dynos. */
  readonly service: string | undefined;
  /** Its running container. */
  readonly container: string | undefined;
  readonly command: string | undefined;
  readonly state: DynoState;
  /** Of one that is idle: its processes are frozen, not stopped. */
  readonly detail?: "napping";
  /** When it came into this state, in milliseconds since 1970. */
  readonly since: number;
}

export interface StatusArgs {
  readonly watcher: DynoWatcher;
  readonly services: DynoServices;
  readonly states: DynoStates;
  readonly backOff: BackOff;
  readonly router: RouterPort;
}

/** The dynos of an app, each once: while a deployment lets two be side by side, the one that serves. */
export async function statusOf(args: StatusArgs, app: string): Promise<DynoStatus[]> {
  const [declared, table] = await Promise.all([args.services.all(app), args.router.list().catch(() => [])]);
  const running = args.watcher.list().filter((dyno) => dyno.app === app);
  return describeApp(args, declared, tableEntry(table, app), running);
}

/** The dynos of all apps, for two questions whatever their number. */
export async function statusOfAll(args: StatusArgs): Promise<DynoStatus[]> {
  const [declared, table] = await Promise.all([args.services.all(), args.router.list().catch(() => [])]);
  const byApp = Map.groupBy(declared, ({ app }) => app);
  const known = Map.groupBy(args.watcher.list(), ({ app }) => app);
  const apps = new Set([...byApp.keys(), ...known.keys()]);
  return [...apps].flatMap((app) =>
    describeApp(args, byApp.get(app) ?? [], tableEntry(table, app), known.get(app) ?? []),
  );
}

function tableEntry(table: readonly RoutedApp[], app: string): RoutedApp | undefined {
  return table.find((routed) => routed.app === app);
}

/** @param containers that the app has, those that have ended too */
function describeApp(
  { states, backOff }: StatusArgs,
  declared: readonly DynoService[],
  entry: RoutedApp | undefined,
  containers: readonly KnownDyno[],
): DynoStatus[] {
  const routed = new Set(entry?.dynos.map(({ name }) => name));
  const sleeps = entry?.mode === "asleep" || entry?.mode === "quota";

  const best = new Map<string, { readonly status: DynoStatus; readonly rank: number }>();
  for (const service of declared) {
    const running = containers.find((dyno) => dyno.service === service.name && isRunning(dyno));
    const parked = service.replicas === 0 && backOff.parkedUntil(service.name) !== undefined;
    const serves = service.type !== "web" || routed.has(service.name);
    // What a deployment that failed has left behind.
    if (service.replicas === 0 && !parked && !(sleeps && serves)) continue;
    const status = describe(service, running, states, { parked, sleeps });
    const rank = (running ? 1 : 0) + (serves ? 2 : 0);
    if (rank >= (best.get(service.dyno)?.rank ?? 0)) best.set(service.dyno, { status, rank });
  }
  const oneOff = containers.filter((dyno) => dyno.service === undefined && isRunning(dyno));
  return [...[...best.values()].map(({ status }) => status), ...oneOff.map(describeOneOff)].sort((a, b) =>
    compareDynos(a.dyno, b.dyno),
  );
}

function describe(
  service: DynoService,
  running: KnownDyno | undefined,
  states: DynoStates,
  { parked, sleeps }: { readonly parked: boolean; readonly sleeps: boolean },
): DynoStatus {
  const { app, dyno, type, size, name, command, replicas, updatedAt } = service;
  const known = states.get(name);
  const naps = replicas > 0 && running?.paused === true;
  const fixed = parked ? "crashed" : replicas === 0 ? (sleeps ? "idle" : "down") : undefined;
  const state = fixed ?? known?.state ?? (running ? "up" : "starting");
  // A service that is to run is never down for more than the moment between two containers.
  const shown = replicas > 0 && (state === "down" || state === "idle") ? "starting" : state;
  const since = known?.since ?? running?.startedAt ?? updatedAt;
  const status = { app, dyno, type, size, service: name, container: running?.container, command, since };
  return naps ? { ...status, state: "idle", detail: "napping" } : { ...status, state: shown };
}

function describeOneOff({ app, dyno, type, size, container, command, startedAt = 0 }: KnownDyno): DynoStatus {
  return { app, dyno, type, size, service: undefined, container, command, state: "up", since: startedAt };
}
