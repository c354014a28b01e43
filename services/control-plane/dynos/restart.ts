import type Docker from "dockerode";
import { UserError } from "../../../lib/errors.ts";
import type { AppLock } from "../types.ts";
import type { BackOff } from "./back-off.ts";
import { endBeside, isReachable, type Reachable, restartBeside } from "./beside.ts";
import { RESTARTING } from "./lines.ts";
import { lackOfRoom } from "./room.ts";
import { isUnrouted, type RoutedApp, type RouterPort } from "./router-port.ts";
import type { DynoService, DynoServices } from "./services.ts";
import { type DynoStates, EXIT_TIMEOUT_SECONDS } from "./states.ts";
import { terminate } from "./terminate.ts";
import type { DynoWatcher } from "./watch.ts";

interface RestarterArgs {
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
  /** Bytes of the machine's memory that are free. @default what Linux says */
  readonly freeMemory?: (() => number) | undefined;
}

/** Which dynos of an app; all, when nothing is said. */
export interface Which {
  readonly type?: string;
  /** `web.1` */
  readonly dyno?: string;
}

/** Milliseconds for a restarted dyno to be up: Swarm starts it, and it has 60 seconds to boot. */
const SETTLE_MS = 120_000;

/**
 * Restarts dynos one after the other, without losing a request. A web dyno that serves gets its new container beside the
 * old one, if there is memory for both. Other dynos are stopped first, since two of one worker would do its work twice;
 * so is a web dyno without room: out of the router's entry, its requests end, SIGTERM, Swarm starts a fresh container,
 * back in when that answers, and an app's only dyno has its requests held meanwhile.
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
   * @throws when a dyno does not come up again, or goes on as it was because its new container did not; those after it
   *   are left as they are
   */
  restart(app: string, which: Which = {}, reason = RESTARTING): Promise<string[]> {
    return this.#args.lock.run(app, "a restart", async () => {
      const { router, services } = this.#args;
      const entry = (await router.list()).find((routed) => routed.app === app);
      const all = (await services.all(app)).filter((service) => this.#runs(service, entry));
      const wanted = all.filter(({ type, dyno }) => (which.type ?? type) === type && (which.dyno ?? dyno) === dyno);
      for (const service of wanted) await this.#restart(service, entry, reason);
      return wanted.map(({ dyno }) => dyno);
    });
  }

  /** Ends restarts that were cut off: of dynos that Docker or the control plane left with two containers. */
  async mend(): Promise<void> {
    const { services, lock } = this.#args;
    const isDouble = ({ replicas }: DynoService) => replicas > 1;
    for (const { app, name } of (await services.all()).filter(isDouble)) {
      if (lock.busy(app)) continue;
      await lock.run(app, "a restart that was cut off", async () => {
        const service = (await services.all(app)).find((other) => other.name === name && isDouble(other));
        if (service) await endBeside(this.#args, service);
      });
    }
  }

  /** Whether it is one of the app's dynos: not one that an `up` is proving, or has left behind. */
  #runs({ name, type, replicas }: DynoService, entry: RoutedApp | undefined): boolean {
    if (entry?.mode === "asleep" || entry?.mode === "quota") return replicas > 0;
    if (type === "web" && !entry?.dynos.some((dyno) => dyno.name === name)) return false;
    return replicas > 0 || this.#args.backOff.parkedUntil(name) !== undefined;
  }

  /** The container beside which another can be started; undefined: it has to be stopped first. */
  async #besideWhich(service: DynoService, entry: RoutedApp | undefined): Promise<Reachable | undefined> {
    const { docker, watcher, states, freeMemory } = this.#args;
    const { type, name } = service;
    const [old, second] = watcher.running(name);
    if (type !== "web" || entry?.mode !== "awake" || second || !isReachable(old)) return undefined;
    if (states.get(name)?.state !== "up") return undefined;
    const lack = await lackOfRoom(docker, service, old, freeMemory?.());
    if (lack === undefined) return old;
    states.tell({ ...service, service: name }, lack);
    return undefined;
  }

  async #restart(service: DynoService, entry: RoutedApp | undefined, reason: string): Promise<void> {
    const { docker, watcher, services, states, backOff, exitTimeout = EXIT_TIMEOUT_SECONDS } = this.#args;
    const { name, app, dyno } = service;
    const served = await this.#besideWhich(service, entry);
    if (served) {
      backOff.forget(name);
      return await restartBeside(this.#args, service, served, reason);
    }
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
      await terminate(docker, watcher, old, exitTimeout);
    }
    const late = AbortSignal.timeout(SETTLE_MS);
    const settled = await states.settled(name, before, late).catch(() => undefined);
    if (settled === "up") return;
    const what = settled === "crashed" ? "crashed" : `did not come up within ${SETTLE_MS / 1000} seconds`;
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
}
