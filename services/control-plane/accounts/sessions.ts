import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../types.ts";
import { hashOf, newSecret } from "./secrets.ts";

/** A browser that is logged in. Times are milliseconds since 1970. */
export interface BrowserSession {
  readonly id: string;
  /** Whose it is. */
  readonly user: string;
  /** Where the browser was when it logged in: an IP address. */
  readonly from: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Two weeks in milliseconds: the longest that a browser stays logged in. */
export const SESSION_LIFETIME_MS = 14 * 24 * 3_600_000;

/** The browsers that are logged in, by the value of the cookie that each has. It is kept as a hash. */
export class Sessions {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** @returns the cookie's value */
  open(user: string, from: string): string {
    const now = this.#clock();
    this.#db.prepare("DELETE FROM session WHERE expires_at <= ?").run(now);
    const cookie = newSecret();
    this.#db
      .prepare("INSERT INTO session (id, account, hash, source, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)")
      .run(randomUUID(), user, hashOf(cookie), from, now, now + SESSION_LIFETIME_MS);
    return cookie;
  }

  /** Whose session it is, unless it has ended: the user's id. */
  of(cookie: string): string | undefined {
    const row = this.#db
      .prepare("SELECT account FROM session WHERE hash = ? AND expires_at > ?")
      .get(hashOf(cookie), this.#clock());
    return row && String(row.account);
  }

  /** A user's own, oldest first. */
  list(user: string): BrowserSession[] {
    return this.#db
      .prepare("SELECT * FROM session WHERE account = ? AND expires_at > ? ORDER BY created_at, id")
      .all(user, this.#clock())
      .map((row) => ({
        id: String(row.id),
        user: String(row.account),
        from: String(row.source),
        createdAt: Number(row.created_at),
        expiresAt: Number(row.expires_at),
      }));
  }

  close(cookie: string): void {
    this.#db.prepare("DELETE FROM session WHERE hash = ?").run(hashOf(cookie));
  }

  end(id: string): void {
    this.#db.prepare("DELETE FROM session WHERE id = ?").run(id);
  }

  endAll(user: string): void {
    this.#db.prepare("DELETE FROM session WHERE account = ?").run(user);
  }
}
