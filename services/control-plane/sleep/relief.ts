import { freemem, totalmem } from "node:os";
import { messageOf } from "../../../lib/errors.ts";
import type { Naps } from "../dynos/naps.ts";
import type { RouterPort } from "../dynos/router-port.ts";
import type { DynoWatcher } from "../dynos/watch.ts";
import type { AppLock, Clock } from "../types.ts";
import type { Sleep } from "./sleep.ts";

interface ReliefArgs {
  readonly sleep: Pick<Sleep, "sleep" | "isWaking">;
  readonly naps: Pick<Naps, "has">;
  readonly watcher: Pick<DynoWatcher, "running">;
  readonly router: Pick<RouterPort, "list" | "activity">;
  readonly lock: AppLock;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
  /** Bytes of the machine's memory that are to stay free. @default a tenth of it */
  readonly reserve?: number | undefined;
  /** Bytes that are free. @default what Linux says */
  readonly freeMemory?: (() => number) | undefined;
}

/** Milliseconds until what one app gives back is seen. */
const APART_MS = 3_000;

/** Gives the memory of apps that nap back when the machine has little: who has napped longest sleeps. */
export class Relief {
  readonly #args: ReliefArgs;
  #last = Number.NEGATIVE_INFINITY;

  constructor(args: ReliefArgs) {
    this.#args = args;
  }

  /** To be called every second. */
  async tick(): Promise<void> {
    const { sleep, watcher, router, clock, warn, reserve = totalmem() / 10, freeMemory = freemem } = this.#args;
    if (clock() - this.#last < APART_MS || freeMemory() >= reserve) return;
    if (!watcher.running().some(({ paused }) => paused)) return;
    const [table, activity] = await Promise.all([router.list(), router.activity()]);
    const [oldest] = table
      .filter(({ app, mode }) => mode === "napping" && this.#mayFall(app))
      .sort((a, b) => (activity[a.app]?.last ?? 0) - (activity[b.app]?.last ?? 0));
    if (oldest === undefined) return;
    this.#last = clock();
    const megabytes = Math.floor(freeMemory() / 2 ** 20);
    warn(`${megabytes} MB of memory are free: ${oldest.app}, which naps, falls asleep`);
    try {
      await sleep.sleep(oldest.app);
    } catch (error) {
      warn(`${oldest.app} did not fall asleep: ${messageOf(error)}`);
    }
  }

  #mayFall(app: string): boolean {
    const { naps, lock, sleep } = this.#args;
    return naps.has(app) && !lock.busy(app) && !sleep.isWaking(app);
  }
}
