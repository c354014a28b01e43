import type { Clock } from "../../types.ts";

/** Milliseconds. `apart`: two looks, whatever came in. `polling`, `sweep`: without and with a webhook that works. */
export interface Pace {
  readonly apart: number;
  readonly polling: number;
  readonly sweep: number;
}

export const PACE: Pace = { apart: 1000, polling: 60_000, sweep: 600_000 };

interface ScheduleOptions {
  /**
   * Looks at the repository; must not throw.
   *
   * @param told whether something told of it, and it was not only time
   * @returns milliseconds after which it is looked at again, whatever happens
   */
  look(told: boolean): Promise<number>;
  readonly clock: Clock;
  /** @default PACE.apart */
  readonly apart?: number;
}

/** Has a repository looked at: when something tells of it, and else when it is time. One look at a time. */
export class Schedule implements AsyncDisposable {
  readonly #options: ScheduleOptions;
  #timer: NodeJS.Timeout | undefined;
  /** When the next look is due. */
  #due = Number.POSITIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #told = false;
  /** Asked for while a look went on. */
  #soon = Number.POSITIVE_INFINITY;
  #ended = false;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  /** Looks at it soon. False: no more. */
  wake(): boolean {
    if (this.#ended) return false;
    this.#told = true;
    // A look that goes on may have read what has changed since.
    if (this.#looking === undefined) this.#after(this.#pause());
    return true;
  }

  /** Looks at it after so many milliseconds, if not before. */
  soon(milliseconds: number): void {
    if (this.#looking === undefined) this.#after(Math.min(milliseconds, this.#due - this.#options.clock()));
    else this.#soon = Math.min(this.#soon, milliseconds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #pause(): number {
    const { apart = PACE.apart, clock } = this.#options;
    return Math.max(0, this.#lookedAt + apart - clock());
  }

  #after(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (this.#ended) return;
    this.#due = this.#options.clock() + milliseconds;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined;
      });
    }, milliseconds);
  }

  async #look(): Promise<void> {
    const { look, clock } = this.#options;
    const told = this.#told;
    this.#told = false;
    this.#soon = Number.POSITIVE_INFINITY;
    this.#lookedAt = clock();
    const next = await look(told);
    this.#after(this.#told ? this.#pause() : Math.min(next, this.#soon));
  }
}
