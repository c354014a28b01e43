import type { DatabaseSync } from "node:sqlite";
import { setImmediate as turn } from "node:timers/promises";
import { DynoManager } from "../../../../services/control-plane/dyno-manager.ts";
import type { BackOffTimes } from "../../../../services/control-plane/dynos/back-off.ts";
import type {
  AppActivity,
  AppMode,
  BesideStep,
  RoutedApp,
  RouterPort,
} from "../../../../services/control-plane/dynos/router-port.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import type { AppLock, LogSink } from "../../../../services/control-plane/types.ts";
import { FakeDocker } from "./fake-docker.ts";

/** Lets what was begun go on as far as it can. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 40; i++) await turn();
}

/** One at a time, without limits. */
export class SimpleLock implements AppLock {
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #held = new Map<string, number>();
  async run<T>(app: string, _what: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(app);
    this.#held.set(app, (this.#held.get(app) ?? 0) + 1);
    const mine = (async () => {
      await before?.catch(() => {});
      return await work();
    })();
    this.#turns.set(app, mine);
    return mine.finally(() => this.#held.set(app, (this.#held.get(app) ?? 1) - 1));
  }
  /** Whoever holds it was killed. */
  free(): void {
    this.#turns.clear();
    this.#held.clear();
  }
  busy(app: string): boolean {
    return (this.#held.get(app) ?? 0) > 0;
  }
}

/** Keeps lines as `heroku[web.1]: text`. */
export class Lines implements LogSink {
  readonly all: string[] = [];
  write(app: string, { source, process, text }: { source: string; process: string; text: string }): void {
    this.all.push(`${app} ${source}[${process}]: ${text}`);
  }
  /** Takes out what was written so far, without the app. */
  take(): string[] {
    return this.all.splice(0).map((line) => line.replace(/^\S+ /, ""));
  }
}

/** A router's table; dynos answer at once. */
export class FakeRouter implements RouterPort {
  readonly apps = new Map<string, { mode: AppMode; dynos: { name: string }[] }>();
  readonly active: Record<string, AppActivity> = {};
  readonly calls: string[] = [];
  /** Dynos that were seen to listen while they were proven. */
  readonly listening = new Set<string>();
  readonly clock: () => number;
  /** What `putIn` does. */
  answers: (service: string) => Promise<unknown> = async () => {};
  constructor(clock: () => number) {
    this.clock = clock;
  }

  put(app: string, ...services: string[]): void {
    this.apps.set(app, { mode: "awake", dynos: services.map((name) => ({ name })) });
    this.active[app] ??= { last: this.clock() / 1000, inflight: 0 };
  }
  request(app: string): void {
    this.active[app] = { last: this.clock() / 1000, inflight: 0 };
  }
  async list(): Promise<RoutedApp[]> {
    return [...this.apps].map(([app, { mode, dynos }]) => ({ app, mode, dynos: [...dynos] }));
  }
  async activity() {
    return { ...this.active };
  }
  async mode(app: string, mode: AppMode, { ifIdle }: { ifIdle?: number } = {}) {
    this.calls.push(`${app} ${mode}`);
    const { last = 0, inflight = 0 } = this.active[app] ?? {};
    if (ifIdle !== undefined && (inflight > 0 || this.clock() / 1000 - last < ifIdle)) {
      throw Object.assign(new Error("in use"), { error: "busy" });
    }
    const entry = this.apps.get(app);
    if (!entry) throw Object.assign(new Error("no such app"), { error: "not_found" });
    entry.mode = mode;
  }
  async takeOut(_app: string, service: string) {
    this.calls.push(`out ${service}`);
  }
  async putIn(_app: string, service: string) {
    this.calls.push(`in ${service}`);
    await this.answers(service);
  }
  async beside(_app: string, service: string, { state }: BesideStep) {
    this.calls.push(`${state} ${service}`);
    if (state === "move") await this.answers(service);
  }
  async bound(service: string) {
    return this.listening.has(service);
  }
  async crashed(app: string, crashed: boolean) {
    this.calls.push(`${app} crashed ${crashed}`);
  }
}

export const PLATFORM = "test";

export function labels(app: string, dyno: string, size = "free"): Record<string, string> {
  return {
    "dynoform.platform": PLATFORM,
    "dynoform.app": app,
    "dynoform.dyno": dyno,
    "dynoform.type": dyno.replace(/\..*/, ""),
    "dynoform.size": size,
  };
}

export interface Settings {
  readonly after?: number;
  readonly nap?: { readonly until: number; readonly reserve?: number };
  readonly every?: number;
  readonly free?: number;
  readonly per?: "app" | "account";
  readonly backOff?: BackOffTimes;
  readonly db?: DatabaseSync;
  readonly start?: number;
  /** Seconds that a dyno has to boot. */
  readonly bootTimeout?: number;
}

/** A dyno manager on fakes and a real store, on a clock that the test moves. */
export class Ground {
  now: number;
  /** Bytes. */
  freeMemory = 2 ** 40;
  readonly clock = () => this.now;
  readonly docker = new FakeDocker(this.clock);
  readonly router = new FakeRouter(this.clock);
  readonly log = new Lines();
  readonly lock = new SimpleLock();
  readonly warnings: string[] = [];
  readonly wakes: { readonly app: string; readonly result: string; readonly seconds: number }[] = [];
  readonly db: DatabaseSync;
  readonly #settings: Settings;
  manager: DynoManager;

  constructor(settings: Settings = {}) {
    this.#settings = settings;
    this.now = settings.start ?? Date.UTC(2026, 0, 1, 12);
    this.db = settings.db ?? openStore(":memory:");
    this.manager = this.#make();
  }

  #make(): DynoManager {
    const { after = 1800, nap, every = 0, free = 750, per = "app", backOff, bootTimeout } = this.#settings;
    return new DynoManager({
      docker: this.docker.api,
      db: this.db,
      router: this.router,
      log: this.log,
      lock: this.lock,
      clock: this.clock,
      warn: (message) => this.warnings.push(message),
      woken: (app, result, seconds) => this.wakes.push({ app, result, seconds }),
      settings: {
        platform: PLATFORM,
        sleep: { after },
        ...(nap && { nap }),
        cycle: { every, spread: 0 },
        hours: { free, per },
      },
      backOff,
      freeMemory: () => this.freeMemory,
      ...(bootTimeout !== undefined && { bootTimeout }),
    });
  }

  /** As `start`, but without timers: tests tick. */
  async start(): Promise<this> {
    await this.manager.watcher.start();
    this.manager.states.begin();
    await this.manager.ledger.begin();
    await settle();
    return this;
  }

  /** The control plane is killed, and started again on the same store. */
  async restart(): Promise<void> {
    this.stop();
    this.manager = this.#make();
    await this.start();
  }

  stop(): void {
    this.manager.stop();
  }

  /** Seconds later. */
  async later(seconds: number): Promise<void> {
    this.now += seconds * 1000;
    await settle();
  }
}
