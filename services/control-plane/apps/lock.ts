import { UserError } from "../../../lib/errors.ts";
import type { AppLock } from "../types.ts";

/** An app has too much to do: ask again later. */
export class AppBusy extends UserError {
  override readonly name = "AppBusy";

  constructor(message: string) {
    super(message, { kind: "conflict" });
  }
}

interface QueueLimits {
  /** How many may wait for one app. */
  readonly waiting: number;
  /** How long each may wait, in milliseconds. */
  readonly patience: number;
}

interface Waiter {
  begin(): void;
}

interface Line {
  /** What is done at the moment. */
  current: string;
  readonly waiters: Set<Waiter>;
}

/** Lets one act at a time at each app, in the order in which they came. */
export class QueueLock implements AppLock {
  readonly #limits: QueueLimits;
  readonly #lines = new Map<string, Line>();

  constructor(limits: QueueLimits = { waiting: 10, patience: 60_000 }) {
    this.#limits = limits;
  }

  async run<T>(app: string, what: string, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(app);
    if (line === undefined) this.#lines.set(app, { current: what, waiters: new Set() });
    else await this.#turn(app, what, line);
    try {
      return await work();
    } finally {
      this.#next(app);
    }
  }

  busy(app: string): boolean {
    return this.#lines.has(app);
  }

  /** The apps at which something is done, and how many wait for each. */
  get lines(): { readonly app: string; readonly waiting: number }[] {
    return [...this.#lines].map(([app, { waiters }]) => ({ app, waiting: waiters.size }));
  }

  #turn(app: string, what: string, line: Line): Promise<void> {
    const { waiting, patience } = this.#limits;
    if (line.waiters.size >= waiting) {
      throw new AppBusy(
        `${app} is busy with ${line.current}, and ${waiting} others wait already. Try again in a minute.`,
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = {
      begin() {
        clearTimeout(timer);
        line.current = what;
        resolve();
      },
    };
    const timer = setTimeout(() => {
      line.waiters.delete(waiter);
      reject(
        new AppBusy(`${app} was busy with ${line.current} for ${patience / 1000} seconds. Try again in a minute.`),
      );
    }, patience);
    line.waiters.add(waiter);
    return promise;
  }

  #next(app: string): void {
    const line = this.#lines.get(app);
    const [waiter] = line?.waiters ?? [];
    if (line === undefined || waiter === undefined) {
      this.#lines.delete(app);
      return;
    }
    line.waiters.delete(waiter);
    waiter.begin();
  }
}
