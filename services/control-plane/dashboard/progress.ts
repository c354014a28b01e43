import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { traceOf } from "../../../lib/errors.ts";
import { toApiError } from "../api/errors.ts";
import type { Clock } from "../types.ts";

/** An act that somebody began here. Times are milliseconds since 1970. */
export interface Progress {
  readonly id: string;
  /** The caller's id: nobody else may look. */
  readonly caller: string;
  readonly title: string;
  /** The app's name; undefined: it is about none. */
  readonly app: string | undefined;
  readonly back: string;
  readonly startedAt: number;
  readonly end: End | undefined;
}

type End =
  | { readonly at: number; readonly result: "done"; readonly next: string; readonly message: string }
  | { readonly at: number; readonly result: "failed"; readonly message: string };

interface Begun {
  readonly caller: string;
  readonly title: string;
  readonly app: string | undefined;
  readonly back: string;
  /** Does it. @returns where to go then, and what to say there */
  work(): Promise<{ readonly next: string; readonly message: string }>;
}

/** How many that have ended are remembered. */
const KEPT = 200;

/** Milliseconds for which an act is waited for before a page shows how it goes on. */
const WAIT_MS = 300;

/** The acts that were begun on pages, so that no browser waits for an answer while they go on. */
export class ProgressBook {
  readonly #clock: Clock;
  readonly #report: (problem: string) => void;
  readonly #known = new Map<string, Progress>();

  constructor(clock: Clock, report: (problem: string) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** @returns it as it is a moment later, when short ones have ended */
  async begin({ work, ...begun }: Begun): Promise<Progress> {
    const id = randomBytes(12).toString("base64url");
    this.#known.set(id, { ...begun, id, startedAt: this.#clock(), end: undefined });
    const ended = work().then(
      ({ next, message }) => this.#end(id, { at: this.#clock(), result: "done", next, message }),
      (error: unknown) => this.#fail(id, error),
    );
    await Promise.race([ended, sleep(WAIT_MS, undefined, { ref: false })]);
    return this.#known.get(id) as Progress;
  }

  /** @param caller whose it must be */
  find(id: string, caller: string): Progress | undefined {
    const found = this.#known.get(id);
    return found?.caller === caller ? found : undefined;
  }

  #fail(id: string, error: unknown): void {
    const { status, message } = toApiError(error);
    if (status >= 500) this.#report(traceOf(error));
    this.#end(id, { at: this.#clock(), result: "failed", message });
  }

  #end(id: string, end: End): void {
    const progress = this.#known.get(id);
    if (progress === undefined) return;
    // Those that ended last come last.
    this.#known.delete(id);
    this.#known.set(id, { ...progress, end });
    const over = [...this.#known.values()].filter((each) => each.end !== undefined);
    for (const each of over.slice(0, Math.max(0, over.length - KEPT))) this.#known.delete(each.id);
  }
}
