import { UserError } from "../../../lib/errors.ts";
import type { Attempts } from "./attempts.ts";
import type { Audit } from "./audit.ts";
import type { Caller } from "./caller.ts";
import { normalEmail } from "./email.ts";
import type { Invitation, Invitations } from "./invitations.ts";
import { checkNewPassword, type Passwords } from "./passwords.ts";
import { newPassword } from "./secrets.ts";
import type { Sessions } from "./sessions.ts";
import { toCaller, type User, type Users } from "./users.ts";

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

interface LoginsOptions {
  readonly users: Users;
  readonly sessions: Sessions;
  readonly invitations: Invitations;
  readonly log: Audit;
  readonly attempts: Attempts;
  readonly passwords: Passwords;
  /** Whether anybody may make an account. */
  readonly signUp: boolean;
}

/** All that is done with passwords: to log in, to change one, and to come to an account. */
export class Logins {
  readonly #it: LoginsOptions;

  constructor(options: LoginsOptions) {
    this.#it = options;
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

  /**
   * Finds out whose e-mail address and password these are. It takes as long when there is no such account.
   *
   * @param route where this was asked, for the audit log
   * @throws WrongCredentials, TooManyAttempts, PasswordsBusy
   */
  async authenticate(email: string, password: string, from: string, route: string): Promise<User> {
    const address = normalEmail(email);
    const forgive = this.#it.attempts.begin(address, from);
    const user = this.#it.users.byEmail(address);
    const right = await this.#it.passwords.verify(password, user && this.#it.users.password(user.id)).catch((error) => {
      // Nobody looked at the password.
      forgive();
      throw error;
    });
    // Nobody may hear of addresses that are none of ours: a password is easily typed into the wrong field.
    const caller = user && toCaller(user, "session");
    this.#it.log.write({ caller, from, method: "POST", route, status: right ? 200 : 401 });
    if (user === undefined || !right) throw new WrongCredentials();
    forgive();
    this.#it.users.loggedIn(user.id);
    return user;
  }

  /** Sets the first admin's password where there is none yet. @returns it, this once; else undefined */
  async claimFirst(): Promise<{ readonly email: string; readonly password: string | undefined }> {
    const { id, email } = this.#it.users.first();
    if (this.#it.users.password(id) !== undefined) return { email, password: undefined };
    const password = newPassword();
    const claimed = this.#it.users.claim(id, await this.#it.passwords.hash(password));
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
    this.#it.users.setPassword(caller.id, await this.#it.passwords.hash(next));
    this.#it.sessions.endAll(caller.id);
  }

  /** Makes an account for anybody, if the platform's settings let it. @throws UserError, TooManyAttempts, PasswordsBusy */
  async register(email: string, password: string, from: string): Promise<Login> {
    if (!this.#it.signUp) throw new UserError("Accounts are made by invitation here. Ask an admin.");
    checkNewPassword(password, normalEmail(email));
    // Counted like a failed login, so that nobody makes very many.
    this.#it.attempts.begin(normalEmail(email), from);
    const user = this.#it.users.create({ email, role: "member", password: await this.#it.passwords.hash(password) });
    this.#it.log.write({ caller: toCaller(user, "session"), from, method: "POST", route: "/signup", status: 201 });
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
    const invited = this.#it.invitations.of(secret);
    if (invited === undefined) return undefined;
    checkNewPassword(password, invited.email);
    const kept = await this.#it.passwords.hash(password);
    const taken = this.#it.invitations.take(secret);
    if (taken === undefined) return undefined;
    const user = this.#settle(taken, kept);
    const route = "/invitation/:invitation";
    this.#it.log.write({ caller: toCaller(user, "session"), from, method: "POST", route, status: 201 });
    return this.#openSession(user, from);
  }

  #settle({ email, role }: Invitation, kept: string): User {
    const known = this.#it.users.byEmail(email);
    if (known === undefined) return this.#it.users.create({ email, role, password: kept });
    this.#it.users.setPassword(known.id, kept);
    // An invitation makes nobody less than they are.
    if (role === "admin") this.#it.users.setRole(known.id, role);
    this.#it.sessions.endAll(known.id);
    return this.#it.users.get(known.id) as User;
  }

  #openSession(user: User, from: string): Login {
    return { caller: toCaller(user, "session"), cookie: this.#it.sessions.open(user.id, from) };
  }
}
