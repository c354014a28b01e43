import type { DatabaseSync } from "node:sqlite";
import type { BackOff } from "../dynos/back-off.ts";
import type { Naps } from "../dynos/naps.ts";
import type { RoutedApp, RouterPort } from "../dynos/router-port.ts";
import type { DynoService, DynoServices } from "../dynos/services.ts";
import type { DynoStates } from "../dynos/states.ts";
import type { Clock } from "../types.ts";
import { type SleepReason, SleepStore } from "./store.ts";

interface AsleepArgs {
  readonly db: DatabaseSync;
  readonly clock: Clock;
  readonly router: RouterPort;
  readonly services: DynoServices;
  readonly states: DynoStates;
  readonly backOff: BackOff;
  readonly naps: Pick<Naps, "thaw">;
}

/** The services of apps that sleep: stops them, remembers them, and starts them again with one call each. */
export class AsleepServices {
  readonly store: SleepStore;
  readonly #args: AsleepArgs;
  /** As Docker had them when their app fell asleep. */
  readonly #left = new Map<string, readonly DynoService[]>();

  constructor(args: AsleepArgs) {
    this.#args = args;
    this.store = new SleepStore(args.db);
  }

  /** An app's entry in the router's table, and its services. */
  async read(app: string): Promise<{ entry: RoutedApp | undefined; own: DynoService[] }> {
    const [table, own] = await Promise.all([this.#args.router.list(), this.#args.services.all(app)]);
    return { entry: table.find((routed) => routed.app === app), own };
  }

  /** Takes those of these services that run to no replica. Those that are parked after crashes sleep too. */
  async stop(app: string, own: readonly DynoService[], reason: SleepReason): Promise<void> {
    const { clock, services, states, backOff } = this.#args;
    const stopped = own.filter(({ name, replicas }) => replicas > 0 || backOff.parkedUntil(name) !== undefined);
    // Remembered first: who is killed in between finds them again.
    this.store.add(
      app,
      stopped.map(({ name }) => name),
      reason,
      clock(),
    );
    for (const service of stopped) {
      if (service.replicas > 0) states.idling({ ...service, service: service.name });
      backOff.forget(service.name);
    }
    // What is frozen hears no SIGTERM.
    await this.#args.naps.thaw(app);
    await Promise.all(stopped.filter(({ replicas }) => replicas > 0).map(({ name }) => services.scale(name, 0)));
  }

  /** What waking an app has to start: the web dynos in the router's table, and the workers that were put to sleep. */
  toWake(own: readonly DynoService[], entry: RoutedApp | undefined): DynoService[] {
    const stored = this.store.of(own[0]?.app ?? "");
    const slept = new Set(stored.map(({ service }) => service));
    const routed = new Set(entry?.dynos.map(({ name }) => name));
    // When nobody remembers, of each worker the newest.
    const newest = new Map(own.filter(({ type }) => type !== "web").map((service) => [service.dyno, service.name]));
    return own.filter(({ name, type, replicas, dyno }) => {
      if (replicas > 0) return false;
      if (type === "web") return routed.has(name);
      return stored.length > 0 ? slept.has(name) : newest.get(dyno) === name;
    });
  }

  /** @returns how many of them there still are */
  async start(app: string, asleep: readonly DynoService[]): Promise<number> {
    const { services, states, backOff } = this.#args;
    this.#left.delete(app);
    // Docker first: somebody may be waiting.
    const starting = Promise.all(asleep.map((service) => services.startKnown(service)));
    for (const service of asleep) {
      states.unidling({ ...service, service: service.name });
      backOff.forgive({ ...service, service: service.name });
    }
    const started = await starting;
    for (const [i, there] of started.entries()) if (!there) backOff.forget(asleep[i]?.name ?? "");
    return started.filter(Boolean).length;
  }

  /** Keeps what waking an app will need, so that it need not be read then. */
  remember(app: string, own: readonly DynoService[], entry: RoutedApp | undefined): void {
    this.#left.set(app, this.toWake(own, entry));
  }

  remembered(app: string): readonly DynoService[] {
    return this.#left.get(app) ?? [];
  }

  forget(app: string): void {
    this.store.clear(app);
    this.#left.delete(app);
  }
}

/** The web dynos that get an app's requests. */
export function webDynos(own: readonly DynoService[], entry: RoutedApp | undefined): DynoService[] {
  const routed = new Set(entry?.dynos.map(({ name }) => name));
  return own.filter(({ name }) => routed.has(name));
}
