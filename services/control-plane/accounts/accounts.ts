import type { DatabaseSync } from "node:sqlite";
import { UserError } from "../../errors.ts";
import type { Caller } from "../api/call.ts";
import { stableId } from "../api/ids.ts";
import type { Right } from "../api/ports.ts";
import { bearerOf, type Token } from "../api/token.ts";
import { migrate } from "../store.ts";
import type { Clock } from "../types.ts";
import { Access } from "./access.ts";
import { Attempts } from "./attempts.ts";
import { Audit, type AuditEntry } from "./audit.ts";
import { type Authorization, Authorizations } from "./authorizations.ts";
import { BrowserLogins } from "./browser-logins.ts";
import { normalEmail } from "./email.ts";
import { type Invitation, Invitations } from "./invitations.ts";
import { checkNewPassword, Passwords } from "./passwords.ts";
import { STEPS } from "./schema.ts";
import { newPassword } from "./secrets.ts";
import { Sessions } from "./sessions.ts";
import { type User, Users } from "./users.ts";

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

/** A browser was let in. */
export interface Login {
  readonly caller: Caller;
  /** The value of the cookie by which it is known from now on. */
  readonly cookie: string;
}

/** E-mail address and password do not belong together; which of them is wrong is not said. */
export class WrongCredentials extends Error {
  override readonly name = "WrongCredentials";
  constructor() {
    super("Invalid credentials provided.");
  }
}

/** Who may use the platform, and what of it. */
export class Accounts {
  readonly users: Users;
  readonly authorizations: Authorizations;
  readonly sessions: Sessions;
  readonly access: Access;
  readonly invitations: Invitations;
  readonly browserLogins = new BrowserLogins();
  readonly log: Audit;
  readonly signUp: boolean;
  readonly #attempts: Attempts;
  readonly #passwords: Passwords;
  readonly #key: Pick<Token, "accepts">;

  constructor({ db, platform, operator, key, signUp, clock, passwords = new Passwords() }: AccountsOptions) {
    migrate(db, "accounts", STEPS);
    this.users = new Users(db, clock, (email) => stableId("dynoform", platform, "user", email));
    this.authorizations = new Authorizations(db, clock);
    this.sessions = new Sessions(db, clock);
    this.access = new Access(db, clock, this.users);
    this.invitations = new Invitations(db, clock);
    this.log = new Audit(db, clock);
    this.signUp = signUp;
    this.#attempts = new Attempts(db, clock);
    this.#passwords = passwords;
    this.#key = key;
    this.users.ensureFirst(operator);
  }

  /** Who presents an API token, or the key of the host, as a bearer or as the password of any user. */
  async who(authorization: string | undefined, _from: string): Promise<Caller | undefined> {
    const token = bearerOf(authorization);
    if (token === undefined) return undefined;
    const found = this.authorizations.of(token);
    if (found !== undefined) return this.#caller(found.user, "token", found);
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

  /**
   * Lets a browser in.
   *
   * @param from its address
   * @throws WrongCredentials, TooManyAttempts, PasswordsBusy
   */
  async login(email: string, password: string, from: string): Promise<Login> {
    return this.#openSession(await this.authenticate(email, password, from, "/login"), from);
  }

  /** @param cookie its value */
  logout(cookie: string): void {
    this.sessions.close(cookie);
  }

  /**
   * Finds out whose e-mail address and password these are. It takes as long when there is no such account.
   *
   * @param route where this was asked, for the audit log
   * @throws WrongCredentials, TooManyAttempts, PasswordsBusy
   */
  async authenticate(email: string, password: string, from: string, route: string): Promise<User> {
    const address = normalEmail(email);
    const forgive = this.#attempts.begin(address, from);
    const user = this.users.byEmail(address);
    const right = await this.#passwords.verify(password, user && this.users.password(user.id)).catch((error) => {
      // Nobody looked at the password.
      forgive();
      throw error;
    });
    // Nobody may hear of addresses that are none of ours: a password is easily typed into the wrong field.
    const caller = user && toCaller(user, "session");
    this.log.write({ caller, from, method: "POST", route, status: right ? 200 : 401 });
    if (user === undefined || !right) throw new WrongCredentials();
    forgive();
    this.users.loggedIn(user.id);
    return user;
  }

  /** Sets the first admin's password where there is none yet. @returns it, this once; else undefined */
  async claimFirst(): Promise<{ readonly email: string; readonly password: string | undefined }> {
    const { id, email } = this.users.first();
    if (this.users.password(id) !== undefined) return { email, password: undefined };
    const password = newPassword();
    const claimed = this.users.claim(id, await this.#passwords.hash(password));
    return { email, password: claimed ? password : undefined };
  }

  /**
   * Changes a user's own password; every other browser is logged out, tokens stay.
   *
   * @throws WrongCredentials, TooManyAttempts, PasswordsBusy, UserError for a password that is too short
   */
  async changePassword(caller: Caller, present: string, next: string, from: string): Promise<void> {
    checkNewPassword(next, caller.email);
    await this.authenticate(caller.email, present, from, "/account");
    this.users.setPassword(caller.id, await this.#passwords.hash(next));
    this.sessions.endAll(caller.id);
  }

  /** Makes an account for anybody, if the platform's settings let it. @throws UserError, TooManyAttempts, PasswordsBusy */
  async register(email: string, password: string, from: string): Promise<Login> {
    if (!this.signUp) throw new UserError("Accounts are made by invitation here. Ask an admin.");
    checkNewPassword(password, normalEmail(email));
    // Counted like a failed login, so that nobody makes very many.
    this.#attempts.begin(normalEmail(email), from);
    const user = this.users.create({ email, role: "member", password: await this.#passwords.hash(password) });
    this.log.write({ caller: toCaller(user, "session"), from, method: "POST", route: "/signup", status: 201 });
    return this.#openSession(user, from);
  }

  /**
   * Makes the account that somebody was invited to, or sets a new password for the one they have, which ends its
   * sessions. The link works once.
   *
   * @returns undefined when the link is used up, has expired or never was
   * @throws UserError for a password that is too short; the link can be used again then
   */
  async accept(secret: string, password: string, from: string): Promise<Login | undefined> {
    const invited = this.invitations.of(secret);
    if (invited === undefined) return undefined;
    checkNewPassword(password, invited.email);
    const kept = await this.#passwords.hash(password);
    const taken = this.invitations.take(secret);
    if (taken === undefined) return undefined;
    const user = this.#settle(taken, kept);
    const route = "/invitation/:invitation";
    this.log.write({ caller: toCaller(user, "session"), from, method: "POST", route, status: 201 });
    return this.#openSession(user, from);
  }

  #settle({ email, role }: Invitation, kept: string): User {
    const known = this.users.byEmail(email);
    if (known === undefined) return this.users.create({ email, role, password: kept });
    this.users.setPassword(known.id, kept);
    // An invitation makes nobody less than they are.
    if (role === "admin") this.users.setRole(known.id, role);
    this.sessions.endAll(known.id);
    return this.users.get(known.id) as User;
  }

  #openSession(user: User, from: string): Login {
    return { caller: toCaller(user, "session"), cookie: this.sessions.open(user.id, from) };
  }

  #caller(id: string, via: Caller["via"], authorization?: Authorization): Caller | undefined {
    const user = this.users.get(id);
    return user && { ...toCaller(user, via), ...(authorization && { authorization: authorization.id }) };
  }
}

function toCaller({ id, email, role }: User, via: Caller["via"]): Caller {
  return { id, email, role, via };
}
