import type Docker from "dockerode";
import { isNotFound, UserError } from "../../errors.ts";
import type { AppLock } from "../types.ts";
import type { BackOff } from "./back-off.ts";
import type { KnownDyno } from "./docker-dynos.ts";
import { RESTARTING } from "./lines.ts";
import { isUnrouted, type RoutedApp, type RouterPort } from "./router-port.ts";
import type { DynoService, DynoServices } from "./services.ts";
import { type DynoStates, EXIT_TIMEOUT } from "./states.ts";
import type { DynoWatcher } from "./watch.ts";

export interface RestarterArgs {
  readonly docker: Docker;
  readonly watcher: DynoWatcher;
  readonly services: DynoServices;
  readonly states: DynoStates;
  readonly router: RouterPort;
  readonly lock: AppLock;
  readonly backOff: BackOff;
  /**
   * Seconds a dyno has to end after SIGTERM.
   * @default 30
   */
  readonly exitTimeout?: number;
}

/** Which dynos of an app; all, when nothing is said. */
export interface Which {
  readonly type?: string;
  /** `web.1` */
  readonly dyno?: string;
}

/** Milliseconds for a restarted dyno to be up: Swarm starts it, and it has 60 seconds to boot. */
const SETTLE = 120_000;

/**
 * Restarts dynos one after the other, without losing a request: out of the router's entry, its requests end, SIGTERM,
 * Swarm starts a fresh container, back in when that answers. An app's only dyno has its requests held meanwhile.
 */
export class Restarter {
  readonly #args: RestarterArgs;
  constructor(args: RestarterArgs) {
    this.#args = args;
  }

  /**
   * Restarts the dynos of an app. Of one that sleeps there are none.
   *
   * @param reason as the log says it
   * @returns the dynos that were restarted
   * @throws when a dyno does not come up again; those after it are left as they are
   */
  restart(app: string, which: Which = {}, reason = RESTARTING): Promise<string[]> {
    return this.#args.lock.run(app, "a restart", async () => {
      const { router, services } = this.#args;
      const entry = (await router.list()).find((routed) => routed.app === app);
      const all = (await services.all(app)).filter((service) => this.#runs(service, entry));
      const wanted = all.filter(({ type, dyno }) => (which.type ?? type) === type && (which.dyno ?? dyno) === dyno);
      for (const service of wanted) await this.#restart(service, reason);
      return wanted.map(({ dyno }) => dyno);
    });
  }

  /** Whether it is one of the app's dynos: not one that an `up` is proving, or has left behind. */
  #runs({ name, type, replicas }: DynoService, entry: RoutedApp | undefined): boolean {
    if (entry?.mode === "asleep" || entry?.mode === "quota") return replicas > 0;
    if (type === "web" && !entry?.dynos.some((dyno) => dyno.name === name)) return false;
    return replicas > 0 || this.#args.backOff.parkedUntil(name) !== undefined;
  }

  async #restart(service: DynoService, reason: string): Promise<void> {
    const { watcher, services, states, backOff } = this.#args;
    const { name, app, dyno } = service;
    const old = watcher.running(name)[0];
    const before = old?.container ?? states.get(name)?.container;
    backOff.forget(name);
    const names = { ...service, service: name };
    if (service.replicas === 0) {
      states.unparking(names);
      // Its requests wait for it again.
      await this.#tellRouter(service, (router) => router.crashed(app, false));
      await services.startKnown(service);
    } else if (old) {
      await this.#tellRouter(service, (router) => router.takeOut(app, name));
      states.restarting(names, reason);
      await this.#terminate(old);
    }
    const late = AbortSignal.timeout(SETTLE);
    const settled = await states.settled(name, before, late).catch(() => undefined);
    if (settled === "up") return;
    const what = settled === "crashed" ? "crashed" : `did not come up within ${SETTLE / 1000} seconds`;
    throw new UserError(`${dyno} of ${app} ${what} after it was restarted; its log tells why`);
  }

  /** Of a web dyno, as long as it has a place in the table. */
  async #tellRouter({ type }: DynoService, tell: (router: RouterPort) => Promise<unknown>): Promise<void> {
    if (type !== "web") return;
    try {
      await tell(this.#args.router);
    } catch (error) {
      if (!isUnrouted(error)) throw error;
    }
  }

  async #terminate({ container }: KnownDyno): Promise<void> {
    const { watcher, exitTimeout = EXIT_TIMEOUT } = this.#args;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _listening = watcher.on(({ kind, dyno }) => {
      if (dyno.container === container && kind !== "found") resolve();
    });
    if (!(await this.#kill(container, "SIGTERM"))) return;
    const late = setTimeout(() => {
      this.#kill(container, "SIGKILL").catch(() => {});
    }, exitTimeout * 1000);
    await promise.finally(() => clearTimeout(late));
  }

  /** False: it has ended already. */
  async #kill(container: string, signal: string): Promise<boolean> {
    try {
      await this.#args.docker.getContainer(container).kill({ signal });
      return true;
    } catch (error) {
      if (isNotFound(error) || (error as { statusCode?: number }).statusCode === 409) return false;
      throw error;
    }
  }
}
