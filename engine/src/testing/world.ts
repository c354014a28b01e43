import type { PropertyMap } from "../values/values.ts";

/** What a provider does to a thing, or looks at of it. */
export type Operation = "create" | "update" | "delete" | "read";

/** Just before it is done, or when it was done and nobody knows it yet. */
export type Moment = "before" | "after";

/** What is "really there" to the simulated providers of a test, and how it behaves. */
export class World {
  /** By id: the properties, and the `name`, which is the resource's unless a property says another. */
  readonly things = new Map<string, PropertyMap>();
  /** `OPERATION NAME` of every change that was begun, in order. */
  readonly log: string[] = [];
  /** What providers were configured with. */
  readonly configs: PropertyMap[] = [];
  #last = 0;
  readonly #failures = new Map<string, string>();

  /**
   * Called around every operation; one that throws fails it. By default nothing happens. The signal is aborted when the
   * deployment is cancelled.
   */
  interrupt: (moment: Moment, operation: Operation, name: string, signal: AbortSignal) => Promise<void> | void =
    () => {};

  /** From now on the operation on the thing of that name fails, before anything is done, until `heal`. */
  fail(operation: Operation, name: string, reason: string): void {
    this.#failures.set(`${operation} ${name}`, reason);
  }

  /** Nothing fails any more. */
  heal(): void {
    this.#failures.clear();
  }

  /** Notes that an operation begins; reads are not logged. @throws Error if it is to fail */
  async begin(operation: Operation, name: string, signal: AbortSignal): Promise<void> {
    if (operation !== "read") this.log.push(`${operation} ${name}`);
    const reason = this.#failures.get(`${operation} ${name}`);
    if (reason !== undefined) throw new Error(reason);
    await this.interrupt("before", operation, name, signal);
  }

  newId(name: string): string {
    return `${name}-${++this.#last}`;
  }

  /** The names of all things, sorted. */
  names(): string[] {
    return [...this.things.values()].map(({ name }) => String(name)).sort();
  }
}
