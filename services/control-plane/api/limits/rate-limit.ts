import type { Clock } from "../../types.ts";
import { ApiError } from "../errors.ts";

/** How many of those who ask are remembered; of the rest, who asked longest ago begins anew. */
const KNOWN = 10_000;

interface Rate {
  /** Requests at once by who has made none for a while. */
  readonly burst: number;
  /** Requests an hour. */
  readonly hourly: number;
}

export interface Rates {
  readonly account: Rate;
  /** Of who is not let in, by address. */
  readonly stranger: Rate;
}

export const RATES: Rates = {
  // Heroku's own.
  account: { burst: 4500, hourly: 4500 },
  // Behind a published port all have the same address, so it bounds what strangers cost, and is no defence of a
  // password; wrong ones are counted by account.
  stranger: { burst: 600, hourly: 36_000 },
};

interface Bucket {
  tokens: number;
  /** When that many were in it, in milliseconds since 1970. */
  at: number;
}

/** A bucket of tokens for each who asks. It is full at first, each request takes one, and it fills again steadily. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #clock: Clock;
  /** Who asked longest ago comes first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /**
   * Takes a token.
   *
   * @returns how many are left
   * @throws ApiError 429 when there is none
   */
  take(who: string): number {
    const { burst, hourly } = this.#rate;
    const now = this.#clock();
    const { tokens, at } = this.#buckets.get(who) ?? { tokens: burst, at: now };
    const present = Math.min(burst, tokens + (Math.max(0, now - at) / 3_600_000) * hourly);
    const left = present >= 1 ? present - 1 : present;
    this.#buckets.delete(who);
    this.#buckets.set(who, { tokens: left, at: now });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > KNOWN && oldest !== undefined) this.#buckets.delete(oldest);
    if (present < 1) throw exceeded(Math.ceil(((1 - present) * 3600) / hourly));
    return Math.floor(left);
  }
}

/** In Heroku's words. @param wait seconds */
function exceeded(wait: number): ApiError {
  const message = "Your account reached the API rate limit\nPlease wait a few minutes before making new requests";
  return new ApiError(429, "rate_limit", message, {}, { "Retry-After": String(wait), "RateLimit-Remaining": "0" });
}
