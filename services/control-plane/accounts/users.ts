import type { DatabaseSync } from "node:sqlite";
import { UserError } from "../../../lib/errors.ts";
import type { Clock } from "../types.ts";
import type { Caller } from "./caller.ts";
import { checkedEmail, normalEmail } from "./email.ts";

/** An admin may do everything on every app, and invite; a member has own apps and those shared with them. */
export type Role = "admin" | "member";

export interface User {
  readonly id: string;
  readonly email: string;
  readonly name: string | undefined;
  readonly role: Role;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly lastLogin: number | undefined;
}

const LONGEST_NAME = 100;

/** The people who may use the platform. There is always an admin. */
export class Users {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;
  readonly #idOf: (email: string) => string;

  /** @param idOf the id of an account, by its e-mail address */
  constructor(db: DatabaseSync, clock: Clock, idOf: (email: string) => string) {
    this.#db = db;
    this.#clock = clock;
    this.#idOf = idOf;
  }

  /** The admin who has been there longest: whoever holds the host acts as this one. */
  first(): User {
    const row = this.#db.prepare("SELECT * FROM account WHERE role = 'admin' ORDER BY number LIMIT 1").get();
    if (row === undefined) throw new Error("there is no admin");
    return toUser(row);
  }

  /** Makes the first admin, who has no password yet, where there is none. */
  ensureFirst(email: string): void {
    if (this.#db.prepare("SELECT 1 FROM account WHERE role = 'admin'").get() !== undefined) return;
    const known = this.byEmail(email);
    if (known === undefined) this.create({ email, role: "admin", password: undefined });
    else this.#db.prepare("UPDATE account SET role = 'admin' WHERE id = ?").run(known.id);
  }

  list(): User[] {
    return this.#db.prepare("SELECT * FROM account ORDER BY email").all().map(toUser);
  }

  get(id: string): User | undefined {
    const row = this.#db.prepare("SELECT * FROM account WHERE id = ?").get(id);
    return row && toUser(row);
  }

  byEmail(email: string): User | undefined {
    const row = this.#db.prepare("SELECT * FROM account WHERE email = ?").get(normalEmail(email));
    return row && toUser(row);
  }

  /** @param which an e-mail address or an id */
  find(which: string): User | undefined {
    return this.byEmail(which) ?? this.get(which);
  }

  /**
   * @param password what is kept of it
   * @throws UserError when there is one with this address
   */
  create(args: { readonly email: string; readonly role: Role; readonly password: string | undefined }): User {
    const email = checkedEmail(args.email);
    const now = this.#clock();
    const { changes } = this.#db
      .prepare(
        `INSERT INTO account (id, email, role, password, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (email) DO NOTHING`,
      )
      .run(this.#idOf(email), email, args.role, args.password ?? null, now, now);
    if (changes === 0) throw new UserError(`There is an account ${email} already.`);
    return this.byEmail(email) as User;
  }

  /** What is kept of a user's password; undefined: nobody can log in with one. */
  password(id: string): string | undefined {
    return optional(this.#db.prepare("SELECT password FROM account WHERE id = ?").get(id)?.password);
  }

  setPassword(id: string, password: string): void {
    this.#db.prepare("UPDATE account SET password = ?, updated_at = ? WHERE id = ?").run(password, this.#clock(), id);
  }

  /** Sets a password where there is none. @returns whether there was none */
  claim(id: string, password: string): boolean {
    const statement = "UPDATE account SET password = ?, updated_at = ? WHERE id = ? AND password IS NULL";
    return this.#db.prepare(statement).run(password, this.#clock(), id).changes === 1;
  }

  loggedIn(id: string): void {
    this.#db.prepare("UPDATE account SET last_login = ? WHERE id = ?").run(this.#clock(), id);
  }

  /** @throws UserError for a name that is too long */
  rename(id: string, name: string | undefined): void {
    const trimmed = name?.trim() || null;
    if (trimmed !== null && (trimmed.length > LONGEST_NAME || /\p{Cc}/u.test(trimmed))) {
      throw new UserError(`A name has ${LONGEST_NAME} characters at most, all in one line.`);
    }
    this.#db.prepare("UPDATE account SET name = ?, updated_at = ? WHERE id = ?").run(trimmed, this.#clock(), id);
  }

  /** @throws UserError when that was the last admin */
  setRole(id: string, role: Role): void {
    this.#keepAnAdmin(role === "admin" ? undefined : id);
    this.#db.prepare("UPDATE account SET role = ?, updated_at = ? WHERE id = ?").run(role, this.#clock(), id);
  }

  /** Removes a user with tokens, sessions and rights; the apps go to the first admin. @throws UserError for the last admin */
  remove(id: string): void {
    this.#keepAnAdmin(id);
    this.#db.prepare("DELETE FROM account WHERE id = ?").run(id);
  }

  #keepAnAdmin(leaving: string | undefined): void {
    if (leaving === undefined) return;
    const others = this.#db.prepare("SELECT 1 FROM account WHERE role = 'admin' AND id <> ?").get(leaving);
    if (others === undefined) throw new UserError("This is the only admin. Make somebody else an admin first.");
  }
}

/** A user who acts. @param via what was presented */
export function toCaller({ id, email, role }: User, via: Caller["via"]): Caller {
  return { id, email, role, via };
}

type Row = Readonly<Record<string, unknown>>;

function toUser(row: Row): User {
  return {
    id: String(row.id),
    email: String(row.email),
    name: optional(row.name),
    role: row.role === "admin" ? "admin" : "member",
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    lastLogin: row.last_login === null ? undefined : Number(row.last_login),
  };
}

function optional(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
