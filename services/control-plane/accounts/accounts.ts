import type { DatabaseSync } from "node:sqlite";
import type { Sender } from "../../../lib/sender.ts";
import { stableId } from "../../../model/ids.ts";
import { migrate } from "../store.ts";
import type { Clock } from "../types.ts";
import { Access } from "./access.ts";
import { Attempts } from "./attempts.ts";
import { Audit, type AuditEntry } from "./audit.ts";
import { type Authorization, Authorizations } from "./authorizations.ts";
import { BrowserLogins } from "./browser-logins.ts";
import type { Caller, Right } from "./caller.ts";
import { Favorites } from "./favorites.ts";
import { Invitations } from "./invitations.ts";
import { Logins } from "./logins.ts";
import { Passwords } from "./passwords.ts";
import { STEPS } from "./schema.ts";
import { Sessions } from "./sessions.ts";
import { bearerOf, type Token } from "./token.ts";
import { toCaller, Users } from "./users.ts";

export interface AccountsOptions {
  readonly db: DatabaseSync;
  /** The platform's name. */
  readonly platform: string;
  /** The e-mail address of the first admin. */
  readonly operator: string;
  /** The key that lies on the host: whoever has it acts as the first admin. */
  readonly key: Pick<Token, "accepts">;
  /** Whether anybody may make an account. */
  readonly signUp: boolean;
  readonly clock: Clock;
  /** @default new Passwords() */
  readonly passwords?: Passwords;
}

/** Who may use the platform, and what of it. */
export class Accounts {
  readonly users: Users;
  readonly authorizations: Authorizations;
  readonly sessions: Sessions;
  readonly access: Access;
  readonly favorites: Favorites;
  readonly invitations: Invitations;
  readonly browserLogins = new BrowserLogins();
  readonly log: Audit;
  readonly logins: Logins;
  readonly signUp: boolean;
  readonly #key: Pick<Token, "accepts">;

  constructor({ db, platform, operator, key, signUp, clock, passwords = new Passwords() }: AccountsOptions) {
    migrate(db, "accounts", STEPS);
    this.users = new Users(db, clock, (email) => stableId("dynoform", platform, "user", email));
    this.authorizations = new Authorizations(db, clock);
    this.sessions = new Sessions(db, clock);
    this.access = new Access(db, clock, this.users);
    this.favorites = new Favorites(db, clock);
    this.invitations = new Invitations(db, clock);
    this.log = new Audit(db, clock);
    this.signUp = signUp;
    const { users, sessions, invitations, log } = this;
    const attempts = new Attempts(db, clock);
    this.logins = new Logins({ users, sessions, invitations, log, attempts, passwords, signUp });
    this.#key = key;
    this.users.ensureFirst(operator);
  }

  /**
   * Who presents an API token, or the key of the host, as a bearer or as the password of any user. That key is for who is on
   * the host: from anywhere it opens nothing.
   */
  async who(authorization: string | undefined, { remote }: Pick<Sender, "remote">): Promise<Caller | undefined> {
    const token = bearerOf(authorization);
    if (token === undefined) return undefined;
    const found = this.authorizations.of(token);
    if (found !== undefined) return this.#caller(found.user, "token", found);
    if (remote) return undefined;
    return (await this.#key.accepts(authorization)) ? toCaller(this.users.first(), "key") : undefined;
  }

  may(caller: Caller, app: string, right: Right): boolean {
    if (caller.role === "admin" || this.access.owner(app).id === caller.id) return true;
    return right === "use" && this.access.isCollaborator(app, caller.id);
  }

  owner(app: string): { readonly id: string; readonly email: string } {
    const { id, email } = this.access.owner(app);
    return { id, email };
  }

  /** A user who is not there in person: who did something before, or will. @param user the id */
  caller(user: string): Caller | undefined {
    return this.#caller(user, "token");
  }

  audit(entry: AuditEntry): void {
    this.log.write(entry);
  }

  /** Who is logged in with a browser. @param cookie its value */
  session(cookie: string): Caller | undefined {
    const user = this.sessions.of(cookie);
    return user === undefined ? undefined : this.#caller(user, "session");
  }

  /** @param cookie its value */
  logout(cookie: string): void {
    this.sessions.close(cookie);
  }

  #caller(id: string, via: Caller["via"], authorization?: Authorization): Caller | undefined {
    const user = this.users.get(id);
    return user && { ...toCaller(user, via), ...(authorization && { authorization: authorization.id }) };
  }
}
