import type { KnownDyno } from "./docker-dynos.ts";
import type { DynoState } from "./lines.ts";

/** Why a dyno is being stopped; undefined: because whoever owns it wanted it. */
type Intent = "restart" | "idle" | "park";

/** Which dyno it is. */
export type DynoNames = Pick<KnownDyno, "app" | "dyno" | "type"> & { readonly service: string | undefined };

/** A dyno of a service that ended though nobody had stopped it. */
export interface Crash {
  readonly dyno: KnownDyno & { readonly service: string };
  /** Milliseconds that it ran. */
  readonly ran: number;
}

/** What is remembered of a dyno from one of its containers to the next. */
export interface Slot extends DynoNames {
  state: DynoState;
  /** Milliseconds since 1970. */
  since: number;
  /** The newest container. */
  container: string | undefined;
  intent: Intent | undefined;
  /** While it is restarted beside: the container that serves until the new one does, and then the one that ends. */
  serving: string | undefined;
  leaving: string | undefined;
  /** Containers that were sent SIGTERM. */
  readonly terminated: Set<string>;
  /** Aborted when the newest container has ended. */
  gone: AbortController;
  /** When it was parked after crashes. */
  parkedAt: number;
  /** When R14 was last said. */
  outOfMemory: number;
}

/** One a service; a one-off dyno has one by its container. */
export class Slots {
  readonly #slots = new Map<string, Slot>();

  find(key: string): Slot | undefined {
    return this.#slots.get(key);
  }

  /** The slot of a dyno; one that is made has this state. */
  of(names: DynoNames & { readonly container?: string }, state: DynoState, now: number): Slot {
    const key = names.service ?? names.container ?? names.dyno;
    const found = this.#slots.get(key);
    if (found) return found;
    const { app, dyno, type, service, container } = names;
    const made: Slot = {
      ...{ app, dyno, type, service, container, state, since: now },
      intent: undefined,
      serving: undefined,
      leaving: undefined,
      terminated: new Set(),
      gone: new AbortController(),
      parkedAt: 0,
      outOfMemory: Number.NEGATIVE_INFINITY,
    };
    this.#slots.set(key, made);
    return made;
  }

  remove(key: string): void {
    this.#slots.delete(key);
  }

  /** Ends what waits for any of them. */
  stop(): void {
    for (const { gone } of this.#slots.values()) gone.abort();
  }

  /** Forgets services that are gone. */
  prune(services: ReadonlySet<string>): void {
    for (const [key, { service, gone }] of this.#slots) {
      if (service === undefined || services.has(service)) continue;
      gone.abort();
      this.#slots.delete(key);
    }
  }
}
