import type { AccountsOptions } from "../../../../services/control-plane/accounts/accounts.ts";
import { Passwords } from "../../../../services/control-plane/accounts/passwords.ts";
import { hashOf } from "../../../../services/control-plane/accounts/secrets.ts";
import { type Answered, type Served, serve } from "../api/served.ts";

export const PASSWORD = "correct horse battery";

/** Who asks: the operator with the host's key, users with tokens of theirs, somebody with no token. */
type Who = "operator" | "ada" | "bob" | "nobody";

export interface Ground extends AsyncDisposable {
  readonly served: Served;
  /** A user's token. */
  readonly tokens: Readonly<Record<"ada" | "bob", string>>;
  /** Every check of a password: whether there was one to compare with. */
  readonly checks: boolean[];
  /** Moves the clock. */
  pass(milliseconds: number): void;
  ask(who: Who, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
  /** As `heroku login -i` does. */
  login(email: string, password: string, body?: Record<string, unknown>): Promise<Answered>;
}

/** The API with the first admin `me@example.com`, the members ada and bob, and ada's app `shop`; `blog` is nobody's. */
export async function ground(wishes: Partial<AccountsOptions> = {}): Promise<Ground> {
  let now = Date.UTC(2026, 0, 1);
  const checks: boolean[] = [];
  /** Of a hash that costs nothing: what the real one is worth is tested apart. */
  class Counted extends Passwords {
    override async hash(password: string): Promise<string> {
      return hashOf(password).toString("hex");
    }
    override async verify(password: string, kept: string | undefined): Promise<boolean> {
      checks.push(kept !== undefined);
      return (await this.hash(password)) === kept;
    }
  }
  const passwords = new Counted();
  const served = await serve(() => now, undefined, {}, { passwords, ...wishes });
  const { accounts } = served;
  const kept = await (wishes.passwords ?? passwords).hash(PASSWORD);
  const token = (name: string) => {
    const { id } = accounts.users.create({ email: `${name}@example.com`, role: "member", password: kept });
    return accounts.authorizations.create({ user: id, description: name, expiresIn: undefined }).token;
  };
  const tokens = { ada: token("ada"), bob: token("bob") };
  accounts.access.give("shop-id", accounts.users.byEmail("ada@example.com")?.id ?? "");
  return {
    served,
    tokens,
    checks,
    pass(milliseconds) {
      now += milliseconds;
    },
    ask(who, method, path, body, headers = {}) {
      const own: Record<string, string> =
        who === "operator" ? {} : { authorization: who === "nobody" ? "" : `Bearer ${tokens[who]}` };
      return served.ask(method, path, { body, headers: { ...own, ...headers } });
    },
    login: (email, password, body = {}) =>
      served.ask("POST", "/oauth/authorizations", { body, headers: { authorization: basic(email, password) } }),
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}
