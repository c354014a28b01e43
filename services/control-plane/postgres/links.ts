import { randomBytes } from "node:crypto";
import type { Clock } from "../types.ts";

/** Milliseconds for which a link is good. */
const LIFETIME = 3_600_000;

export interface Link {
  /** Of the transfer that made the backup. */
  readonly backup: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Links to backups for whoever has them: a secret each, good for an hour and no longer than this process. */
export class Links {
  readonly #links = new Map<string, Link>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param backup a UUID */
  add(backup: string): { readonly secret: string; readonly until: number } {
    for (const [secret, { until }] of this.#links) if (until <= this.#clock()) this.#links.delete(secret);
    const secret = randomBytes(24).toString("base64url");
    const until = this.#clock() + LIFETIME;
    this.#links.set(secret, { backup, until });
    return { secret, until };
  }

  /** The backup's UUID; undefined: no such link, or no longer. */
  find(secret: string): string | undefined {
    const link = this.#links.get(secret);
    return link !== undefined && link.until > this.#clock() ? link.backup : undefined;
  }
}
