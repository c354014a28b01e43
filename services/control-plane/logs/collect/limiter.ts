/** How much one dyno may log. */
export interface Limits {
  /** Lines and bytes a second, for as long as it likes. */
  readonly lines: number;
  readonly bytes: number;
  /** Lines and bytes at once, after a time of quiet. */
  readonly burstLines: number;
  readonly burstBytes: number;
}

/**
 * Far above what apps log, and far below what would take a processor from the others. A burst is what a dyno may well
 * write honestly, such as a long report; it is read as fast as Docker gives it.
 */
export const LIMITS: Limits = { lines: 2000, bytes: 1_000_000, burstLines: 120_000, burstBytes: 24_000_000 };

/** Two buckets that fill with time. */
export class Limiter {
  readonly #limits: Limits;
  #lines: number;
  #bytes: number;
  #at: number;

  /** @param now of a clock in milliseconds that only goes forward */
  constructor(limits: Limits, now: number) {
    this.#limits = limits;
    this.#lines = limits.burstLines;
    this.#bytes = limits.burstBytes;
    this.#at = now;
  }

  /** Whether there is room for any more. */
  get open(): boolean {
    return this.#lines > 0 && this.#bytes > 0;
  }

  take(lines: number, bytes: number): void {
    this.#lines -= lines;
    this.#bytes -= bytes;
  }

  refill(now: number): void {
    const { lines, bytes, burstLines, burstBytes } = this.#limits;
    const seconds = Math.max(0, now - this.#at) / 1000;
    this.#at = now;
    this.#lines = Math.min(burstLines, this.#lines + seconds * lines);
    this.#bytes = Math.min(burstBytes, this.#bytes + seconds * bytes);
  }

  /** Milliseconds until there is room for what a dyno may log in a second. */
  get pause(): number {
    const { lines, bytes } = this.#limits;
    return 1000 * Math.max((lines - this.#lines) / lines, (bytes - this.#bytes) / bytes, 0);
  }
}
