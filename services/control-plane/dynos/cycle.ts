import { messageOf } from "../../../lib/errors.ts";
import type { AppLock, Clock } from "../types.ts";
import type { KnownDyno } from "./docker-dynos.ts";
import { CYCLING } from "./lines.ts";
import type { Restarter } from "./restart.ts";
import type { DynoWatcher } from "./watch.ts";

interface CycleArgs {
  readonly watcher: Pick<DynoWatcher, "running">;
  readonly restarter: Pick<Restarter, "restart">;
  readonly lock: AppLock;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
  /** Seconds that a dyno runs before it is restarted; 0: it never is. */
  readonly every: number;
  /** Seconds; up to so much later, different for each dyno. */
  readonly spread: number;
}

/** Milliseconds until a dyno that could not be restarted is tried again. */
const RETRY_MS = 600_000;

/**
 * Restarts each dyno once in a while, as Heroku does each day, one at a time. When its turn is follows from when its
 * container started and what it is called, so it is the same whoever asks, and nothing has to be remembered.
 */
export class Cycle {
  readonly #args: CycleArgs;
  readonly #failed = new Map<string, number>();
  constructor(args: CycleArgs) {
    this.#args = args;
  }

  /** Restarts the dyno that has been due for longest, if there is one. */
  async tick(): Promise<void> {
    const { watcher, restarter, lock, clock, warn, every } = this.#args;
    if (every === 0) return;
    const now = clock();
    const running = watcher.running();
    this.#forgetBut(running);
    const due = running
      // Nobody asks for one that naps; when it wakes, its turn comes.
      .filter((dyno) => dyno.service !== undefined && !dyno.paused && this.due(dyno) <= now && !lock.busy(dyno.app))
      .filter(({ container }) => now - (this.#failed.get(container) ?? Number.NEGATIVE_INFINITY) >= RETRY_MS)
      .sort((a, b) => this.due(a) - this.due(b))[0];
    if (due === undefined) return;
    try {
      await restarter.restart(due.app, { dyno: due.dyno }, CYCLING);
    } catch (error) {
      warn(`the daily restart of ${due.dyno} of ${due.app} failed: ${messageOf(error)}`);
    }
    // Also when another container of this dyno was restarted in its place, as during a deployment.
    this.#failed.set(due.container, now);
  }

  /** When a dyno is to be restarted, in milliseconds since 1970. */
  due({ container, startedAt = 0 }: Pick<KnownDyno, "container" | "startedAt">): number {
    const { every, spread } = this.#args;
    // Docker's ids are random.
    const share = Number.parseInt(container.slice(0, 8), 16) / 2 ** 32;
    return startedAt + (every + share * spread) * 1000;
  }

  #forgetBut(running: readonly KnownDyno[]): void {
    const there = new Set(running.map(({ container }) => container));
    for (const container of this.#failed.keys()) if (!there.has(container)) this.#failed.delete(container);
  }
}
