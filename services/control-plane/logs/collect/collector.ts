import { setMaxListeners } from "node:events";
import type Docker from "dockerode";
import type { Clock, DynoContainer, DynoEvent } from "../../types.ts";
import { KEPT } from "../buffer/buffer.ts";
import type { Intake } from "../buffer/intake.ts";
import { Follower, originOf } from "./follower.ts";
import { LIMITS, type Limits } from "./limiter.ts";
import type { Position } from "./position.ts";

interface CollectorOptions {
  readonly docker: Docker;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly limits?: Limits;
}

/** Follows the output of every dyno's container: those that start, that were found, and that ended before anybody looked. */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #stopped = new AbortController();
  readonly #followed = new Map<string, Promise<void>>();
  /** Since when there is a memory, in milliseconds since 1970. */
  readonly #began: number;

  constructor(options: CollectorOptions) {
    this.#options = options;
    setMaxListeners(0, this.#stopped.signal); // one a container
    const { intake, clock } = options;
    this.#began = (intake.position("began") as number | undefined) ?? clock();
    intake.mark("began", this.#began);
  }

  event({ kind, dyno }: DynoEvent): void {
    if (kind === "removed" || kind === "lost") this.removed(dyno);
    else if (kind === "ended") this.ended(dyno);
    else this.started(dyno);
  }

  started(dyno: DynoContainer): void {
    const { container, startedAt, finishedAt } = dyno;
    if (startedAt === undefined || this.#followed.has(container) || this.#stopped.signal.aborted) return;
    const { docker, intake } = this.#options;
    const position = intake.position(originOf(container)) as Position | undefined;
    if (position?.done && finishedAt !== undefined) return;
    // Without a memory of what was shown, what came before it is for the buffer only.
    const tail = startedAt < this.#began ? KEPT : undefined;
    const limits = this.#options.limits ?? LIMITS;
    const follower = new Follower({ docker, dyno, intake, limits, tail, signal: this.#stopped.signal });
    this.#followed.set(
      container,
      follower.run().finally(() => this.#followed.delete(container)),
    );
  }

  /** A container that is followed shows its end by itself. */
  ended(dyno: DynoContainer): void {
    this.started(dyno);
  }

  removed({ container }: DynoContainer): void {
    const forget = () => {
      if (!this.#stopped.signal.aborted) this.#options.intake.forget(originOf(container));
    };
    const reading = this.#followed.get(container);
    if (reading === undefined) forget();
    else void reading.then(forget);
  }

  /** Forgets the containers that Docker no longer has. */
  async tidy(): Promise<void> {
    const { docker, intake } = this.#options;
    const origins = intake.origins().filter((origin) => origin.startsWith(originOf("")));
    if (origins.length === 0) return;
    const known = new Set((await docker.listContainers({ all: true })).map(({ Id }) => originOf(Id)));
    for (const origin of origins) if (!known.has(origin)) intake.forget(origin);
  }

  /** Stops reading; another collector with the same memory goes on where this one stopped. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#followed.values());
  }
}
