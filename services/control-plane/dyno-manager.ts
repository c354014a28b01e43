import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { isNotFound, messageOf } from "../../lib/errors.ts";
import { BackOff, type BackOffTimes } from "./dynos/back-off.ts";
import { Cycle } from "./dynos/cycle.ts";
import { pastEvents } from "./dynos/events.ts";
import { Naps } from "./dynos/naps.ts";
import { Restarter, type Which } from "./dynos/restart.ts";
import { revive } from "./dynos/revive.ts";
import type { RouterPort } from "./dynos/router-port.ts";
import { DynoServices } from "./dynos/services.ts";
import { DynoStates } from "./dynos/states.ts";
import { type DynoStatus, type StatusArgs, statusOf, statusOfAll } from "./dynos/status.ts";
import { Ticker } from "./dynos/ticker.ts";
import { DynoWatcher } from "./dynos/watch.ts";
import { Ledger } from "./hours/ledger.ts";
import { FreeHours } from "./hours/quota.ts";
import { AsleepServices } from "./sleep/asleep.ts";
import { IdleWatch } from "./sleep/idle.ts";
import { Relief } from "./sleep/relief.ts";
import { Sleep } from "./sleep/sleep.ts";
import { StaleNaps } from "./sleep/stale.ts";
import { WakeTimes, type WakeTimesArgs } from "./sleep/wake-times.ts";
import type { AppLock, Clock, LogSink } from "./types.ts";

export interface DynoManagerArgs {
  readonly docker: Docker;
  readonly db: DatabaseSync;
  readonly router: RouterPort;
  readonly log: LogSink;
  readonly lock: AppLock;
  readonly clock?: Clock;
  /** Told of each app that awoke, or could not, and of the seconds from the router's call on. */
  readonly woken?: WakeTimesArgs["woken"];
  /** Told what went wrong; everything goes on. */
  readonly warn?: (message: string) => void;
  /** Of the platform's settings; times in seconds. */
  readonly settings: {
    readonly platform: string;
    readonly sleep: { readonly after: number };
    /** Undefined: apps sleep without a nap before. `reserve`: bytes of the machine's memory. */
    readonly nap?: { readonly until: number; readonly reserve?: number };
    readonly cycle: { readonly every: number; readonly spread: number };
    readonly hours: { readonly free: number; readonly per: "app" | "account" };
  };
  readonly backOff?: BackOffTimes;
  /** Seconds that a web dyno has to boot where no app says other. @default 60 */
  readonly bootTimeout?: number;
  /** Bytes of the machine's memory that are free. @default what Linux says */
  readonly freeMemory?: () => number;
}

const SECOND_MS = 1000;
/** Milliseconds after Docker's start in which it may have failed to start containers. */
const AFTER_START_MS = 120 * SECOND_MS;
/** Milliseconds within which the router is answered. */
const WAKE_ANSWER_MS = 700;

/** All that is done about dynos while they run: watched, restarted, put to sleep and woken, counted. */
export class DynoManager {
  readonly watcher: DynoWatcher;
  readonly services: DynoServices;
  readonly states: DynoStates;
  readonly backOff: BackOff;
  readonly restarter: Restarter;
  readonly sleep: Sleep;
  readonly idle: IdleWatch;
  readonly naps: Naps;
  readonly relief: Relief;
  readonly ledger: Ledger;
  readonly hours: FreeHours;
  readonly #args: DynoManagerArgs;
  readonly #cycle: Cycle;
  readonly #asleep: AsleepServices;
  readonly #wakes: WakeTimes;
  readonly #stale: StaleNaps;
  readonly #running = new DisposableStack();

  constructor(args: DynoManagerArgs) {
    this.#args = args;
    const { docker, db, router, log, lock, settings } = args;
    const { clock = Date.now, warn = console.error, bootTimeout, freeMemory } = args;
    const { platform } = settings;
    const services = new DynoServices(docker, platform);
    const watcher = new DynoWatcher({ docker, platform, clock, warn });
    const states = new DynoStates({ docker, watcher, router, log, clock, warn, bootTimeout });
    const backOff = new BackOff({ db, clock, lock, router, services, states, warn, times: args.backOff });
    const restarter = new Restarter({ docker, watcher, services, states, router, lock, backOff, freeMemory });
    const naps = new Naps({ docker, watcher, states });
    const asleep = new AsleepServices({ db, clock, router, services, states, backOff, naps });
    const sleeping = new Sleep({ lock, router, asleep, naps });
    const isParked = (service: string) => backOff.parkedUntil(service) !== undefined;
    const {
      sleep: { after },
      nap,
    } = settings;
    const ledger = new Ledger({ db, clock, watcher, past: (from) => pastEvents(docker, platform, from, clock()) });
    this.#asleep = asleep;
    this.#wakes = new WakeTimes({ states, clock, woken: args.woken ?? (() => {}) });
    this.watcher = watcher;
    this.services = services;
    this.states = states;
    this.backOff = backOff;
    this.restarter = restarter;
    this.sleep = sleeping;
    const rest = { sleep: sleeping, asleep, naps, router, lock, clock, warn };
    this.idle = new IdleWatch({ ...rest, services, isParked, after, nap });
    this.relief = new Relief({ ...rest, watcher, reserve: nap?.reserve, freeMemory });
    this.#stale = new StaleNaps({ ...rest, startOfDatabase: () => startOf(docker, `${platform}-postgres`) });
    this.naps = naps;
    this.ledger = ledger;
    this.hours = new FreeHours({
      db,
      clock,
      ledger,
      log,
      warn,
      sleep: sleeping,
      ...settings.hours,
      freeApps: () => this.#freeApps(),
    });
    this.#cycle = new Cycle({ watcher, restarter, lock, clock, warn, ...settings.cycle });
  }

  /** Resolves when everything that runs is known; goes on until {@link stop}. */
  async start(): Promise<void> {
    const { docker, settings, clock = Date.now, warn = console.error } = this.#args;
    await this.watcher.start();
    this.states.begin();
    await this.ledger.begin();
    const every = (milliseconds: number, what: string, work: () => unknown) => {
      this.#running.use(new Ticker(milliseconds, work, (message) => warn(`${what}: ${message}`)));
    };
    every(SECOND_MS, "dyno hours", () => this.ledger.beat());
    every(SECOND_MS, "crashed dynos", () => this.backOff.tick());
    every(this.#idleEvery, "sleep", () => this.idle.tick());
    every(SECOND_MS, "memory for dynos", () => this.relief.tick());
    if (settings.nap !== undefined) every(this.#idleEvery, "the database of dynos that nap", () => this.#stale.tick());
    every(30 * SECOND_MS, "cycling", () => this.#cycle.tick());
    every(30 * SECOND_MS, "restarts that were cut off", () => this.restarter.mend());
    every(60 * SECOND_MS, "free hours", () => this.hours.tick());
    const reviveParts = async () => {
      const { connectedSince = Number.NEGATIVE_INFINITY } = this.watcher;
      if (clock() - connectedSince < AFTER_START_MS) await revive(docker, settings.platform, warn);
    };
    every(0.5 * SECOND_MS, "the platform's containers", reviveParts);
    every(300 * SECOND_MS, "dynos", () => this.#readAgain());
    // What was left half done is mended now, not at the next look; the router may be on its way up, too.
    reviveParts().catch((error) => warn(`the platform's containers: ${messageOf(error)}`));
    this.restarter.mend().catch((error) => warn(`restarts that were cut off: ${messageOf(error)}`));
    this.idle.tick().catch((error) => warn(`sleep: ${messageOf(error)}`));
  }

  stop(): void {
    this.watcher.stop();
    this.states.stop();
    this.#running.dispose();
  }

  /** The dynos of an app, as `ps` shows them. */
  list(app: string): Promise<DynoStatus[]> {
    return statusOf(this.#status, app);
  }

  /** Those of all apps. */
  all(): Promise<DynoStatus[]> {
    return statusOfAll(this.#status);
  }

  /** Whether there is such an app. Of one that was put to sleep or naps it is known, and Docker is not asked: somebody waits. */
  async has(app: string): Promise<boolean> {
    return this.naps.has(app) || this.#asleep.remembered(app).length > 0 || (await this.services.all(app)).length > 0;
  }

  /**
   * Starts the dynos of a sleeping app: what the router asks for. It gives its requests up when it is not answered
   * within a second, so a Docker that takes longer is not waited for.
   */
  async wake(app: string): Promise<void> {
    const { warn = console.error } = this.#args;
    if (!this.sleep.isWaking(app)) this.#wakes.begin(app);
    const woken = this.sleep.wake(app);
    woken.catch((error) => {
      this.#wakes.fail(app);
      warn(`${app} could not be woken: ${messageOf(error)}`);
    });
    await Promise.race([woken, sleep(WAKE_ANSWER_MS, undefined, { ref: false })]);
  }

  /** Where a service's container is; undefined when none runs, it was asked to end, or Docker cannot tell. */
  addressOf(service: string): string | undefined {
    if (!this.watcher.connected) return undefined;
    return this.watcher.running(service).find((dyno) => !this.states.isEnding(dyno))?.address;
  }

  /** Restarts dynos; see {@link Restarter.restart}. Whoever stops a dyno that is declared has it started again too. */
  async restart(app: string, which?: Which): Promise<string[]> {
    if (this.naps.has(app)) {
      await this.sleep.wake(app);
      await this.naps.thawed(app);
    }
    return await this.restarter.restart(app, which);
  }

  get #status(): StatusArgs {
    const { watcher, services, states, backOff } = this;
    return { watcher, services, states, backOff, router: this.#args.router };
  }

  async #readAgain(): Promise<void> {
    await this.watcher.reread();
    this.states.prune(new Set((await this.services.all()).map(({ name }) => name)));
  }

  async #freeApps(): Promise<string[]> {
    return [...new Set((await this.services.all()).filter(({ size }) => size === "free").map(({ app }) => app))];
  }

  /** Often enough that short times, as tests and the curious set, are kept. */
  get #idleEvery(): number {
    const { after } = this.#args.settings.sleep;
    return Math.min(30, Math.max(1, after / 10)) * SECOND_MS;
  }
}

/** When a container was started, as Docker writes it; undefined: it does not run. */
async function startOf(docker: Docker, container: string): Promise<string | undefined> {
  try {
    const { StartedAt, Running } = (await docker.getContainer(container).inspect()).State;
    return Running ? StartedAt : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
