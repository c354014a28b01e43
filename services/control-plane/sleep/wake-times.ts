import type { DynoStates } from "../dynos/states.ts";
import type { Clock } from "../types.ts";

export interface WakeTimesArgs {
  readonly states: Pick<DynoStates, "onChange">;
  readonly clock: Clock;
  /** Told once for each wake. */
  readonly woken: (app: string, result: "succeeded" | "failed", seconds: number) => void;
}

/** How long apps take to wake: from the router's call to the first web dyno that serves, or that crashes. */
export class WakeTimes {
  readonly #args: WakeTimesArgs;
  /** When it was, in milliseconds since 1970. */
  readonly #begun = new Map<string, number>();

  constructor(args: WakeTimesArgs) {
    this.#args = args;
    args.states.onChange(({ app, type, state }) => {
      if (type !== "web") return;
      if (state === "up") this.#end(app, "succeeded");
      if (state === "crashed") this.#end(app, "failed");
    });
  }

  begin(app: string): void {
    this.#begun.set(app, this.#args.clock());
  }

  /** Nothing could be started. */
  fail(app: string): void {
    this.#end(app, "failed");
  }

  #end(app: string, result: "succeeded" | "failed"): void {
    const begun = this.#begun.get(app);
    if (begun === undefined) return;
    this.#begun.delete(app);
    this.#args.woken(app, result, (this.#args.clock() - begun) / 1000);
  }
}
