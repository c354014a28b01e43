import type { BackOff } from "./back-off.ts";
import { isRunning, type KnownDyno } from "./docker-dynos.ts";
import type { DynoState } from "./lines.ts";
import type { RouterPort } from "./router-port.ts";
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
export async function statusOf({ watcher, services, states, backOff, router }: StatusArgs, app: string) {
  const [declared, table] = await Promise.all([services.all(app), router.list().catch(() => [])]);
  const entry = table.find((routed) => routed.app === app);
  const routed = new Set(entry?.dynos.map(({ name }) => name));
  const sleeps = entry?.mode === "asleep" || entry?.mode === "quota";

  const best = new Map<string, { readonly status: DynoStatus; readonly rank: number }>();
  for (const service of declared) {
    const running = watcher.running(service.name)[0];
    const parked = service.replicas === 0 && backOff.parkedUntil(service.name) !== undefined;
    const serves = service.type !== "web" || routed.has(service.name);
    // What a deployment that failed has left behind.
    if (service.replicas === 0 && !parked && !(sleeps && serves)) continue;
    const status = describe(service, running, states, { parked, sleeps });
    const rank = (running ? 1 : 0) + (serves ? 2 : 0);
    if (rank >= (best.get(service.dyno)?.rank ?? 0)) best.set(service.dyno, { status, rank });
  }
  const oneOff = watcher.list().filter((dyno) => dyno.app === app && dyno.service === undefined && isRunning(dyno));
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
  const fixed = parked ? "crashed" : replicas === 0 ? (sleeps ? "idle" : "down") : undefined;
  const state = fixed ?? known?.state ?? (running ? "up" : "starting");
  // A service that is to run is never down for more than the moment between two containers.
  const shown = replicas > 0 && (state === "down" || state === "idle") ? "starting" : state;
  const since = known?.since ?? running?.startedAt ?? updatedAt;
  return { app, dyno, type, size, service: name, container: running?.container, command, state: shown, since };
}

function describeOneOff({ app, dyno, type, size, container, command, startedAt = 0 }: KnownDyno): DynoStatus {
  return { app, dyno, type, size, service: undefined, container, command, state: "up", since: startedAt };
}
