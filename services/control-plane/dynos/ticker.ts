import { messageOf } from "../../../lib/errors.ts";

/** Does something again and again, never twice at a time; what goes wrong is told, the same once. */
export class Ticker implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #busy = false;
  #told: string | undefined;

  /** @param milliseconds between two beginnings */
  constructor(milliseconds: number, work: () => unknown, warn: (message: string) => void) {
    this.#timer = setInterval(async () => {
      if (this.#busy) return;
      this.#busy = true;
      try {
        await work();
        this.#told = undefined;
      } catch (error) {
        const message = messageOf(error);
        if (message !== this.#told) warn(message);
        this.#told = message;
      } finally {
        this.#busy = false;
      }
    }, milliseconds);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
