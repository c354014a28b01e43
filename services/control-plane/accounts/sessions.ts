import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../types.ts";
import { derived, hashOf, newSecret } from "./secrets.ts";

/** A browser that is logged in. Times are milliseconds since 1970. */
export interface BrowserSession {
  readonly id: string;
  /** Whose it is. */
  readonly user: string;
  /** Where the browser was when it logged in. */
  readonly source: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

const COOKIE = "dynoform_session";

/** Two weeks in milliseconds: the longest that a browser stays logged in. */
const LIFETIME = 14 * 24 * 3_600_000;

/** The browsers that are logged in, by the cookie that each has. */
export class Sessions {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /**
   * @param source where the browser is, e.g. an address
   * @returns what its forms must send along, and the value of the `Set-Cookie` header
   */
  open(user: string, source: string): { readonly csrf: string; readonly cookie: string } {
    const now = this.#clock();
    this.#db.prepare("DELETE FROM session WHERE expires_at <= ?").run(now);
    const secret = newSecret();
    this.#db
      .prepare("INSERT INTO session (id, account, hash, source, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)")
      .run(randomUUID(), user, hashOf(secret), source, now, now + LIFETIME);
    return { csrf: csrfOf(secret), cookie: setCookie(secret, LIFETIME / 1000) };
  }

  /**
   * Whose session a request belongs to, unless it has ended.
   *
   * @param header its `Cookie` header
   * @returns what its forms must send along too, which other sites cannot know
   */
  of(header: string | undefined): { readonly user: string; readonly csrf: string } | undefined {
    for (const secret of secretsOf(header)) {
      const row = this.#db
        .prepare("SELECT account FROM session WHERE hash = ? AND expires_at > ?")
        .get(hashOf(secret), this.#clock());
      if (row !== undefined) return { user: String(row.account), csrf: csrfOf(secret) };
    }
    return undefined;
  }

  /** A user's own, oldest first. */
  list(user: string): BrowserSession[] {
    return this.#db
      .prepare("SELECT * FROM session WHERE account = ? AND expires_at > ? ORDER BY created_at, id")
      .all(user, this.#clock())
      .map((row) => ({
        id: String(row.id),
        user: String(row.account),
        source: String(row.source),
        createdAt: Number(row.created_at),
        expiresAt: Number(row.expires_at),
      }));
  }

  /** Ends a session. @returns the value of the `Set-Cookie` header that removes the cookie */
  close(header: string | undefined): string {
    for (const secret of secretsOf(header)) {
      this.#db.prepare("DELETE FROM session WHERE hash = ?").run(hashOf(secret));
    }
    return setCookie("", 0);
  }

  end(id: string): void {
    this.#db.prepare("DELETE FROM session WHERE id = ?").run(id);
  }

  endAll(user: string): void {
    this.#db.prepare("DELETE FROM session WHERE account = ?").run(user);
  }
}

function csrfOf(secret: string): string {
  return derived(secret, "csrf");
}

/** An app of the same domain can set a cookie of this name too; then there are several, and ours is among them. */
function secretsOf(header = ""): string[] {
  return header
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${COOKIE}=`))
    .map((pair) => pair.slice(COOKIE.length + 1))
    .slice(0, 5);
}

/** Not `Secure`: the platform speaks HTTP on the loopback address. */
function setCookie(secret: string, seconds: number): string {
  return `${COOKIE}=${secret}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax`;
}
