import { timingSafeEqual } from "node:crypto";
import { UserError } from "../../../lib/errors.ts";
import type { Sender } from "../../../lib/sender.ts";
import { hashOf, letters, newSecret } from "./secrets.ts";

/** What a person is shown who is to let a computer in. */
interface LoginRequest {
  /** The beginning of the address that the computer shows, for a person to compare. */
  readonly code: string;
  /** As the computer says it: `Heroku CLI login from laptop`. */
  readonly description: string;
  readonly source: string;
}

interface Pending extends LoginRequest {
  readonly secret: Buffer;
  /** Whether it came from anywhere, and not from this machine. */
  readonly remote: boolean;
  /** A user's id; undefined: refused, or nobody said anything in time. */
  readonly decision: Promise<string | undefined>;
  decide(user: string | undefined): void;
}

/** Milliseconds; the official command line gives up after this time too. */
const LIFETIME_MS = 10 * 60_000;

/** That wait at a time: of this machine, of all that come from anywhere, and of each address there. */
const MOST = 100;
const MOST_OF_ADDRESS = 10;
const LONGEST_DESCRIPTION = 200;

/** Command lines that wait for somebody to let them in with a browser. They are not kept: each waits on a connection. */
export class BrowserLogins {
  readonly #pending = new Map<string, Pending>();

  /** @returns the id for the person's browser, and the secret with which the command line fetches the answer */
  open(given: string, { address: source, remote }: Sender): { readonly id: string; readonly secret: string } {
    const alike = [...this.#pending.values()].filter((each) => each.remote === remote);
    const own = alike.filter((each) => each.source === source);
    // Docker hides who of this machine connects: they all have one address.
    if (alike.length >= MOST || (remote && own.length >= MOST_OF_ADDRESS)) {
      throw new UserError("Too many logins are waiting. Try again in some minutes.");
    }
    const description =
      given
        .replace(/\p{Cc}/gu, " ")
        .trim()
        .slice(0, LONGEST_DESCRIPTION) || "A command line";
    const code = letters(6).toUpperCase();
    const [id, secret] = [`${code}-${newSecret()}`, newSecret()];
    const { promise: decision, resolve: decide } = Promise.withResolvers<string | undefined>();
    this.#pending.set(id, {
      code,
      description,
      source,
      remote,
      secret: hashOf(secret),
      decision,
      decide,
    });
    setTimeout(() => this.#end(id), LIFETIME_MS).unref();
    return { id, secret };
  }

  look(id: string): LoginRequest | undefined {
    return this.#pending.get(id);
  }

  /** @param user whose token the command line gets; undefined: none. @returns whether it still waited */
  decide(id: string, user: string | undefined): boolean {
    const pending = this.#pending.get(id);
    pending?.decide(user);
    return pending !== undefined;
  }

  /** Whether a command line has the secret of a login. */
  fits(id: string, secret: string): boolean {
    const pending = this.#pending.get(id);
    return pending !== undefined && timingSafeEqual(pending.secret, hashOf(secret));
  }

  /** What was decided; undefined when it was refused, or took too long. */
  async decision(id: string): Promise<string | undefined> {
    return this.#pending.get(id)?.decision;
  }

  /** Ends a login whose answer is delivered. @returns whether it was there: an answer is given once */
  take(id: string): boolean {
    return this.#pending.delete(id);
  }

  #end(id: string): void {
    this.#pending.get(id)?.decide(undefined);
    this.#pending.delete(id);
  }
}
