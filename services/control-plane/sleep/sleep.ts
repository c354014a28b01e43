import type { Naps } from "../dynos/naps.ts";
import { isBusy, type RouterPort } from "../dynos/router-port.ts";
import type { DynoService } from "../dynos/services.ts";
import type { AppLock } from "../types.ts";
import { type AsleepServices, webDynos } from "./asleep.ts";
import type { SleepReason } from "./store.ts";

interface SleepArgs {
  readonly lock: AppLock;
  readonly router: RouterPort;
  readonly asleep: AsleepServices;
  readonly naps: Naps;
}

/**
 * Puts apps to sleep, lets them nap, and wakes them. The router's table says which apps do; it is changed before dynos
 * are stopped or frozen, and after they are started or thawed, so that a request that comes in between wakes the app.
 */
export class Sleep {
  readonly #args: SleepArgs;
  readonly #waking = new Map<string, Promise<void>>();
  readonly #falling = new Map<string, Promise<unknown>>();

  constructor(args: SleepArgs) {
    this.#args = args;
  }

  /**
   * Puts an app to sleep: first in the router's table, then its requests end, then its dynos.
   *
   * @param ifIdle seconds; not if a request came within them
   * @returns false: a request came
   */
  sleep(app: string, ifIdle?: number): Promise<boolean> {
    const { asleep } = this.#args;
    return this.falling(app, "falling asleep", async () => {
      if (!(await this.#changeMode(app, "asleep", ifIdle))) return false;
      await asleep.stop(app, (await asleep.read(app)).own, "asleep");
      const { own, entry } = await asleep.read(app);
      asleep.remember(app, own, entry);
      return true;
    });
  }

  /**
   * Lets an app nap: first in the router's table, then its requests end, then its dynos are frozen.
   *
   * @param ifIdle seconds; not if a request came within them
   * @returns false: a request came
   * @throws when they cannot be frozen; then it is awake
   */
  nap(app: string, ifIdle?: number): Promise<boolean> {
    const { asleep, naps, router } = this.#args;
    return this.falling(app, "a nap", async () => {
      const { own } = await asleep.read(app);
      if (!naps.canFreeze(own)) throw new Error("not all of its dynos are up");
      if (!(await this.#changeMode(app, "napping", ifIdle))) return false;
      let frozen = false;
      try {
        // What has not ended by now, as a WebSocket, would hang.
        const { inflight = 0 } = (await router.activity())[app] ?? {};
        if (inflight > 0) return false;
        await naps.freeze(own);
        // An `up` of the host's may have put the app's entry meanwhile.
        frozen = (await asleep.read(app)).entry?.mode === "napping";
        return frozen;
      } finally {
        if (!frozen) await this.#thaw(app);
      }
    });
  }

  /**
   * Starts the dynos of an app that sleeps, or thaws those of one that naps; whoever calls meanwhile shares it. Does not
   * wait until they answer: the router sees that itself.
   *
   * @throws when the app has nothing to start, or its hours are used up
   */
  wake(app: string): Promise<void> {
    const under = this.#waking.get(app);
    if (under) return under;
    const waking = this.#wake(app).finally(() => this.#waking.delete(app));
    this.#waking.set(app, waking);
    return waking;
  }

  isWaking(app: string): boolean {
    return this.#waking.has(app);
  }

  /**
   * Takes the free dynos of an app away until {@link renew}, because the hours are used up. An app whose web dynos are
   * all free answers with a page that says so; of others only the free dynos stop. May be called again.
   */
  async exhaust(app: string): Promise<void> {
    const { asleep } = this.#args;
    const look = async () => {
      const { own, entry } = await asleep.read(app);
      const web = webDynos(own, entry);
      const change = web.length > 0 && web.every(isFree) && entry?.mode !== "quota";
      const running = own.filter((service) => isFree(service) && service.replicas > 0);
      return { change, running };
    };
    const { change, running } = await look();
    if (!change && running.length === 0) return;
    await this.falling(app, "the end of the free hours", async () => {
      const now = await look();
      if (now.change) {
        await this.#changeMode(app, "quota");
        asleep.store.change(app, "quota");
      }
      await asleep.stop(app, (await asleep.read(app)).own.filter(isFree), "quota");
    });
  }

  /** Gives the free dynos back: those of an app with web dynos start at its next request, others at once. */
  async renew(app: string): Promise<void> {
    const { lock, router, asleep } = this.#args;
    await lock.run(app, "the new month's hours", async () => {
      const { own, entry } = await asleep.read(app);
      const slept = asleep.store.of(app).some(({ reason }) => reason === "quota");
      if (entry?.mode === "quota") await router.mode(app, "asleep");
      if (entry?.mode === "quota" || entry?.mode === "asleep") {
        asleep.store.change(app, "asleep");
        asleep.remember(app, own, entry);
      } else if (slept) {
        await asleep.start(app, asleep.toWake(own, entry));
        asleep.forget(app);
      }
    });
  }

  /** Runs what ends in an app's sleep, alone; waking waits for its end. */
  falling<T>(app: string, what: string, work: () => Promise<T>): Promise<T> {
    const falling = this.#args.lock.run(app, what, work).finally(() => {
      if (this.#falling.get(app) === falling) this.#falling.delete(app);
    });
    this.#falling.set(app, falling);
    return falling;
  }

  async #wake(app: string): Promise<void> {
    const { lock } = this.#args;
    await this.#falling.get(app)?.catch(() => {});
    const start = () => this.#startFromSleep(app);
    // Whoever waits for a page shall not wait for an `up`; starting what is in the table disturbs none.
    await (lock.busy(app) ? start() : lock.run(app, "waking", start));
  }

  async #startFromSleep(app: string): Promise<void> {
    const { router, asleep, naps } = this.#args;
    if (asleep.store.of(app).some(({ reason }) => reason === "quota")) {
      throw new Error(`the free hours of ${app} are used up`);
    }
    if (naps.has(app) && asleep.store.of(app).length === 0) return await this.#thaw(app);
    await naps.thaw(app);
    const remembered = asleep.remembered(app);
    const started = await asleep.start(app, remembered);
    if (started < remembered.length || started === 0) {
      const { own, entry } = await asleep.read(app);
      if (webDynos(own, entry).length === 0) throw new Error(`${app} has no web dyno to start`);
      await asleep.start(app, asleep.toWake(own, entry));
    }
    await router.mode(app, "awake");
    asleep.forget(app);
  }

  async #thaw(app: string): Promise<void> {
    const { router, naps } = this.#args;
    await naps.thaw(app);
    await router.mode(app, "awake");
  }

  /** False: refused, because a request came. */
  async #changeMode(app: string, mode: SleepReason | "napping", ifIdle?: number): Promise<boolean> {
    try {
      await this.#args.router.mode(app, mode, ifIdle === undefined ? undefined : { ifIdle });
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    }
  }
}

function isFree({ size }: DynoService): boolean {
  return size === "free";
}
