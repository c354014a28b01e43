import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../types.ts";
import { checkedEmail } from "./email.ts";
import { hashOf, newSecret } from "./secrets.ts";
import type { Role } from "./users.ts";

/** Somebody may make an account, or set a new password for the one they have. Times are milliseconds since 1970. */
export interface Invitation {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  /** The e-mail address of the admin. */
  readonly invitedBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Three days in milliseconds. */
const LIFETIME_MS = 3 * 24 * 3_600_000;

/** Links that work once, for three days. There is one for an e-mail address at a time: the newest. */
export class Invitations {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** @returns the secret of the link too, which is shown this once */
  create(given: string, role: Role, invitedBy: string): { readonly invitation: Invitation; readonly secret: string } {
    const email = checkedEmail(given);
    const now = this.#clock();
    this.#db.prepare("DELETE FROM invitation WHERE email = ? OR expires_at <= ?").run(email, now);
    const [id, secret] = [randomUUID(), newSecret()];
    this.#db
      .prepare("INSERT INTO invitation VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(id, hashOf(secret), email, role, invitedBy, now, now + LIFETIME_MS);
    return { invitation: { id, email, role, invitedBy, createdAt: now, expiresAt: now + LIFETIME_MS }, secret };
  }

  /** Looks at one, which stays as it is: programs that preview links open them too. */
  of(secret: string): Invitation | undefined {
    const row = this.#db
      .prepare("SELECT * FROM invitation WHERE hash = ? AND expires_at > ?")
      .get(hashOf(secret), this.#clock());
    return row && toInvitation(row);
  }

  /** Takes one, once. */
  take(secret: string): Invitation | undefined {
    const row = this.#db
      .prepare("DELETE FROM invitation WHERE hash = ? AND expires_at > ? RETURNING *")
      .get(hashOf(secret), this.#clock());
    return row && toInvitation(row);
  }

  list(): Invitation[] {
    return this.#db
      .prepare("SELECT * FROM invitation WHERE expires_at > ? ORDER BY created_at, id")
      .all(this.#clock())
      .map(toInvitation);
  }

  /** @returns whether it was there */
  revoke(id: string): boolean {
    return this.#db.prepare("DELETE FROM invitation WHERE id = ?").run(id).changes === 1;
  }
}

function toInvitation(row: Readonly<Record<string, unknown>>): Invitation {
  return {
    id: String(row.id),
    email: String(row.email),
    role: row.role === "admin" ? "admin" : "member",
    invitedBy: String(row.invited_by),
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
  };
}
