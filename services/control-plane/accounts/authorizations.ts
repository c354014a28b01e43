import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { UserError } from "../../../lib/errors.ts";
import type { Clock } from "../types.ts";
import { hashOf, hintOf, newToken } from "./secrets.ts";

/** A token for the API, as far as it is kept. Times are milliseconds since 1970. */
export interface Authorization {
  readonly id: string;
  /** Whose it is. */
  readonly user: string;
  /** Beginning and end of the token. */
  readonly hint: string;
  readonly description: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Undefined: never. */
  readonly expiresAt: number | undefined;
  /** To the minute. */
  readonly usedAt: number | undefined;
}

/** With the token itself, which is shown this once. */
export interface NewAuthorization extends Authorization {
  readonly token: string;
}

interface AuthorizationWish {
  readonly user: string;
  readonly description: string;
  /** Seconds; undefined: it never expires. */
  readonly expiresIn: number | undefined;
}

const LONGEST_DESCRIPTION = 200;
const MOST = 200;
const MINUTE_MS = 60_000;

/** The tokens of the API: hashed, each with an end or until it is revoked. */
export class Authorizations {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** @throws UserError when the wish is strange, or the user has very many */
  create({ user, description, expiresIn }: AuthorizationWish): NewAuthorization {
    const now = this.#clock();
    this.#db.prepare("DELETE FROM authorization WHERE expires_at <= ?").run(now);
    if (this.list(user).length >= MOST) {
      throw new UserError(
        `There are ${MOST} tokens of yours already. Revoke some: \`heroku authorizations:revoke ID\`.`,
      );
    }
    const [id, token] = [randomUUID(), newToken()];
    this.#db
      .prepare(
        `INSERT INTO authorization (id, account, hash, hint, description, created_at, updated_at, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(id, user, hashOf(token), hintOf(token), checked(description), now, now, this.#end(expiresIn));
    return { ...(this.get(user, id) as Authorization), token };
  }

  /** The one that a token belongs to, unless it has expired. */
  of(token: string): Authorization | undefined {
    const now = this.#clock();
    const row = this.#db
      .prepare("SELECT * FROM authorization WHERE hash = ? AND coalesce(expires_at > ?, 1)")
      .get(hashOf(token), now);
    if (row === undefined) return undefined;
    if (now - Number(row.used_at ?? 0) >= MINUTE_MS) {
      this.#db.prepare("UPDATE authorization SET used_at = ? WHERE id = ?").run(now, String(row.id));
    }
    return toAuthorization(row);
  }

  /** A user's own, oldest first. */
  list(user: string): Authorization[] {
    return this.#db
      .prepare("SELECT * FROM authorization WHERE account = ? AND coalesce(expires_at > ?, 1) ORDER BY created_at, id")
      .all(user, this.#clock())
      .map(toAuthorization);
  }

  get(user: string, id: string): Authorization | undefined {
    return this.list(user).find((each) => each.id === id);
  }

  describe(user: string, id: string, description: string): void {
    this.#db
      .prepare("UPDATE authorization SET description = ?, updated_at = ? WHERE id = ? AND account = ?")
      .run(checked(description), this.#clock(), id, user);
  }

  /** Puts another token in the place of the present one, which holds no longer; the end stays. */
  rotate(user: string, id: string): NewAuthorization | undefined {
    const token = newToken();
    this.#db
      .prepare("UPDATE authorization SET hash = ?, hint = ?, updated_at = ? WHERE id = ? AND account = ?")
      .run(hashOf(token), hintOf(token), this.#clock(), id, user);
    const rotated = this.get(user, id);
    return rotated && { ...rotated, token };
  }

  /** @returns whether it was there */
  revoke(user: string, id: string): boolean {
    return this.#db.prepare("DELETE FROM authorization WHERE id = ? AND account = ?").run(id, user).changes === 1;
  }

  #end(expiresIn: number | undefined): number | null {
    if (expiresIn === undefined) return null;
    if (!Number.isFinite(expiresIn) || expiresIn <= 0) throw new UserError("A token expires after a second or later.");
    return this.#clock() + Math.round(expiresIn * 1000);
  }
}

function checked(description: string): string {
  const text = description.trim();
  if (text.length > LONGEST_DESCRIPTION || /\p{Cc}/u.test(text)) {
    throw new UserError(`A description has ${LONGEST_DESCRIPTION} characters at most, all in one line.`);
  }
  return text;
}

function toAuthorization(row: Readonly<Record<string, unknown>>): Authorization {
  const time = (value: unknown) => (value === null ? undefined : Number(value));
  return {
    id: String(row.id),
    user: String(row.account),
    hint: String(row.hint),
    description: String(row.description),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    expiresAt: time(row.expires_at),
    usedAt: time(row.used_at),
  };
}
