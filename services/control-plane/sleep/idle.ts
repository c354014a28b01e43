import { messageOf } from "../../../lib/errors.ts";
import type { Naps } from "../dynos/naps.ts";
import type { AppActivity, RoutedApp, RouterPort } from "../dynos/router-port.ts";
import type { DynoService, DynoServices } from "../dynos/services.ts";
import type { AppLock, Clock } from "../types.ts";
import { type AsleepServices, webDynos } from "./asleep.ts";
import type { Sleep } from "./sleep.ts";

interface IdleArgs {
  readonly sleep: Sleep;
  readonly asleep: AsleepServices;
  readonly services: DynoServices;
  readonly router: RouterPort;
  readonly lock: AppLock;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
  /** Whether a service is at no replica because it crashed. */
  readonly isParked: (service: string) => boolean;
  /** Seconds without a request after which an app sleeps; 0: never. */
  readonly after: number;
  readonly naps: Naps;
  /** How apps nap before they sleep; undefined: they do not. */
  readonly nap: NapTimes | undefined;
}

interface NapTimes {
  /** Seconds without a request after which an app that naps sleeps. */
  readonly until: number;
}

/** Sizes whose dynos sleep. */
const SLEEPY: ReadonlySet<string> = new Set(["free", "eco"]);
/** Milliseconds after its last change in which a worker may be one that somebody's own `up` is proving. */
const PROVING_MS = 120_000;

/**
 * Looks now and then at all apps: those that had no request for long fall asleep, and what a control plane that was
 * killed has left half done is brought to what the router's table says.
 */
export class IdleWatch {
  readonly #args: IdleArgs;
  constructor(args: IdleArgs) {
    this.#args = args;
  }

  async tick(): Promise<void> {
    const { router, services, asleep, warn } = this.#args;
    const [table, activity, all] = await Promise.all([router.list(), router.activity(), services.all()]);
    const byApp = Map.groupBy(all, ({ app }) => app);
    for (const app of asleep.store.apps()) if (!byApp.has(app)) asleep.forget(app);
    for (const entry of table) {
      try {
        await this.#look(entry, byApp.get(entry.app) ?? [], activity[entry.app]);
      } catch (error) {
        warn(`the sleep of ${entry.app} was not seen to: ${messageOf(error)}`);
      }
    }
  }

  async #look(entry: RoutedApp, own: readonly DynoService[], activity: AppActivity | undefined): Promise<void> {
    const { lock, sleep, clock, after, asleep } = this.#args;
    const { app, mode = "awake" } = entry;
    if (lock.busy(app) || sleep.isWaking(app)) return;
    if (mode === "napping") return await this.#lookAtNap(app, own, activity);
    if (mode === "asleep" && this.#running(own, entry).length > 0) await this.#mendAsleep(app, activity);
    else if (mode === "asleep" && asleep.remembered(app).length === 0) asleep.remember(app, own, entry);
    if (mode !== "awake") return;
    if (this.#missing(own, entry).length > 0 || this.#slept(app).length > 0 || this.#args.naps.has(app))
      await this.#mendAwake(app);
    if (after === 0 || !sleeps(own, entry) || activity === undefined || activity.inflight > 0) return;
    // An app that was just deployed, woken or scaled has its time too.
    const last = Math.max(activity.last * 1000, ...own.map(({ updatedAt }) => updatedAt));
    if (clock() - last >= after * 1000) await this.#rest(app, own);
  }

  /** It naps if it may, and sleeps if it cannot. */
  async #rest(app: string, own: readonly DynoService[]): Promise<void> {
    const { sleep, naps, nap, after, warn } = this.#args;
    if (nap === undefined || !naps.canFreeze(own)) {
      await sleep.sleep(app, after);
      return;
    }
    try {
      await sleep.nap(app, after);
    } catch (error) {
      warn(`${app} cannot nap, and sleeps: ${messageOf(error)}`);
      await sleep.sleep(app);
    }
  }

  /** What is thawed in part, by hand or by a crash of Docker, is awake; who has napped for long sleeps. */
  async #lookAtNap(app: string, own: readonly DynoService[], activity: AppActivity | undefined): Promise<void> {
    const { sleep, naps, nap, after, clock } = this.#args;
    if (after === 0 || !naps.isWhole(own)) return await sleep.wake(app);
    const until = nap?.until ?? 0;
    if (activity !== undefined && clock() - activity.last * 1000 >= until * 1000) await sleep.sleep(app, until);
  }

  /** The table says that it sleeps, so it does; unless a request has woken it, and nobody was left to say so. */
  async #mendAsleep(app: string, activity: AppActivity | undefined): Promise<void> {
    const { sleep, asleep, router } = this.#args;
    await sleep.falling(app, "falling asleep again", async () => {
      const { own, entry } = await asleep.read(app);
      if (entry?.mode !== "asleep") return;
      const fellAsleep = Math.max(0, ...asleep.store.of(app).map(({ since }) => since));
      if (activity !== undefined && this.#isInUse(activity, fellAsleep)) {
        await asleep.start(app, asleep.toWake(own, entry));
        await router.mode(app, "awake");
        asleep.forget(app);
        return;
      }
      await asleep.stop(app, this.#running(own, entry), "asleep");
      const after = await asleep.read(app);
      asleep.remember(app, after.own, after.entry);
    });
  }

  /** The table says that it is awake: the dynos it names, and workers that slept, run. */
  async #mendAwake(app: string): Promise<void> {
    const { lock, asleep } = this.#args;
    await lock.run(app, "waking", async () => {
      const { own, entry } = await asleep.read(app);
      if (entry === undefined || (entry.mode ?? "awake") !== "awake") return;
      await this.#args.naps.thaw(app);
      await asleep.start(app, this.#missing(own, entry));
      if (this.#slept(app).length > 0) asleep.forget(app);
    });
  }

  /** Dynos that run, those apart which somebody's `up` may be proving. */
  #running(own: readonly DynoService[], entry: RoutedApp): DynoService[] {
    const web = new Set(webDynos(own, entry));
    const settled = (service: DynoService) =>
      service.type === "web" ? web.has(service) : this.#args.clock() - service.updatedAt >= PROVING_MS;
    return own.filter((service) => service.replicas > 0 && settled(service));
  }

  /** Dynos that do not run, though the app is awake. */
  #missing(own: readonly DynoService[], entry: RoutedApp): DynoService[] {
    const wanted = new Set([...entry.dynos.map(({ name }) => name), ...this.#slept(entry.app)]);
    return own.filter(({ name, replicas }) => replicas === 0 && wanted.has(name) && !this.#args.isParked(name));
  }

  #slept(app: string): string[] {
    const rows = this.#args.asleep.store.of(app);
    return rows.filter(({ reason }) => reason === "asleep").map(({ service }) => service);
  }

  #isInUse({ last, inflight }: AppActivity, since: number): boolean {
    const { clock, after } = this.#args;
    if (inflight > 0) return true;
    return last * 1000 > since && (after === 0 || clock() - last * 1000 < after * 1000);
  }
}

/** Whether it is an app that sleeps: it has web dynos, all of a size that sleeps, and no deployment is under way. */
function sleeps(own: readonly DynoService[], entry: RoutedApp): boolean {
  const web = webDynos(own, entry);
  const proven = own.some((service) => service.type === "web" && service.replicas > 0 && !web.includes(service));
  return web.length > 0 && !proven && web.every(({ size }) => SLEEPY.has(size));
}
