import { type LogFilter, matches, type StoredLine } from "./line.ts";

/** Sees a line; what it throws ends its tail. */
export type Listener = (line: StoredLine) => void;

/** Ends a tail. */
export type Untail = (() => void) & Disposable;

/** Those who follow the logs of apps. */
export class Tails {
  readonly #tails = new Map<string, Set<{ readonly filter: LogFilter; readonly listener: Listener }>>();

  add(app: string, filter: LogFilter, listener: Listener): Untail {
    const tails = this.#tails.get(app) ?? new Set();
    this.#tails.set(app, tails);
    const tail = { filter, listener };
    tails.add(tail);
    const end = () => {
      tails.delete(tail);
      if (tails.size === 0 && this.#tails.get(app) === tails) this.#tails.delete(app);
    };
    return Object.assign(end, { [Symbol.dispose]: end });
  }

  has(app: string): boolean {
    return this.#tails.has(app);
  }

  show(app: string, lines: readonly StoredLine[]): void {
    const tails = this.#tails.get(app);
    for (const tail of [...(tails ?? [])]) {
      try {
        for (const line of lines) if (matches(tail.filter, line)) tail.listener(line);
      } catch {
        // Whoever cannot take a line must not keep the others from theirs.
        tails?.delete(tail);
      }
    }
  }
}
