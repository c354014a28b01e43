/** What waits for a drain that does not take it: lines, and bytes. The oldest go first. */
const LINES = 50_000;
const BYTES = 8_000_000;

/** Bytes that all drains together may keep. */
const ALL_BYTES = 64_000_000;

/** Bytes waiting for all drains. */
export interface Budget {
  bytes: number;
}

interface Item {
  readonly id: number;
  readonly message: Buffer;
}

export interface Dropped {
  readonly count: number;
  /** Microseconds since 1970. */
  readonly since: number;
}

/** The messages that wait for one drain. */
export class DrainQueue {
  readonly #budget: Budget;
  #items: Item[] = [];
  #head = 0;
  #bytes = 0;
  #dropped: { count: number; since: number } | undefined;
  #wake: (() => void) | undefined;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** @param now microseconds since 1970 */
  push(item: Item, now: number): void {
    this.#items.push(item);
    this.#count(item.message.length);
    while (this.length > 1 && (this.length > LINES || this.#bytes > BYTES || this.#budget.bytes > ALL_BYTES)) {
      this.#shift();
      this.drop(1, now);
    }
    this.#wake?.();
  }

  /** Counts messages that the drain will not get. */
  drop(count: number, now: number): void {
    this.#dropped ??= { count: 0, since: now };
    this.#dropped.count += count;
  }

  /** What was dropped since it was asked last. */
  takeDropped(): Dropped | undefined {
    const dropped = this.#dropped;
    this.#dropped = undefined;
    return dropped;
  }

  /** The oldest messages, at least one of them if there is any. */
  take(count: number, bytes: number): Item[] {
    const taken: Item[] = [];
    let size = 0;
    while (this.length > 0 && taken.length < count) {
      size += this.#items[this.#head]?.message.length ?? 0;
      if (taken.length > 0 && size > bytes) break;
      taken.push(this.#shift());
    }
    return taken;
  }

  /** Resolves when there is something to take, or when woken. */
  async filled(): Promise<void> {
    if (this.length > 0) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  wake(): void {
    this.#wake?.();
  }

  clear(): void {
    this.#count(-this.#bytes);
    this.#items = [];
    this.#head = 0;
  }

  #shift(): Item {
    const item = this.#items[this.#head] as Item;
    this.#items[this.#head++] = undefined as unknown as Item;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    this.#count(-item.message.length);
    return item;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.bytes += bytes;
  }
}
