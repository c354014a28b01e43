import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../types.ts";
import { hashOf } from "./secrets.ts";

/** How many logins of one account, and from one place, may fail within the window. */
const LIMITS = { account: 10, source: 50 } as const;

/** Milliseconds. */
const WINDOW_MS = 15 * 60_000;

/** Too many logins have failed. */
export class TooManyAttempts extends Error {
  override readonly name = "TooManyAttempts";
  /** Seconds until another one is let in. */
  readonly retryAfter: number;

  constructor(retryAfter: number) {
    const minutes = Math.ceil(retryAfter / 60);
    super(`Too many failed logins. Try again in ${minutes} ${minutes === 1 ? "minute" : "minutes"}.`);
    this.retryAfter = retryAfter;
  }
}

/** Limits on failed logins. They are in the store, so a restart forgives nothing. */
export class Attempts {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /**
   * Counts a login as failed before its password is looked at, so that many at once are no way around the limit.
   *
   * @param email whether there is such an account or not
   * @returns what to call when the login has succeeded
   * @throws TooManyAttempts
   */
  begin(email: string, source: string): () => void {
    const now = this.#clock();
    this.#db.prepare("DELETE FROM failed_login WHERE at <= ?").run(now - WINDOW_MS);
    const keys = [["account", hashOf(email)] as const, ["source", hashOf(source)] as const];
    for (const [kind, who] of keys) this.#check(kind, who, now);
    const insert = this.#db.prepare("INSERT INTO failed_login (kind, who, at) VALUES (?, ?, ?)");
    const [ofAccount, ofSource] = keys.map(([kind, who]) => insert.run(kind, who, now).lastInsertRowid);
    return () => {
      this.#db.prepare("DELETE FROM failed_login WHERE rowid IN (?, ?)").run(Number(ofAccount), Number(ofSource));
    };
  }

  #check(kind: keyof typeof LIMITS, who: Buffer, now: number): void {
    const oldest = this.#db
      .prepare("SELECT at FROM failed_login WHERE kind = ? AND who = ? ORDER BY at DESC LIMIT 1 OFFSET ?")
      .get(kind, who, LIMITS[kind] - 1);
    if (oldest !== undefined) throw new TooManyAttempts(Math.ceil((Number(oldest.at) + WINDOW_MS - now) / 1000));
  }
}
