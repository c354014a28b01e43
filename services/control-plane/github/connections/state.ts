import { UserError } from "../../../../lib/errors.ts";
import type { Token } from "../../accounts/token.ts";
import type { Clock } from "../../types.ts";

/** Milliseconds: as long as GitHub keeps the code of a manifest. */
const LIFETIME_MS = 3_600_000;
const PURPOSE = "github-state";

interface StateOptions {
  readonly key: Pick<Token, "sign" | "verify">;
  readonly clock: Clock;
}

/**
 * What GitHub gives back when it sends the browser home: nobody can make one for another user's browser.
 *
 * @param returnTo what is said to whoever comes back
 */
export async function newState({ key, clock }: StateOptions, account: string, returnTo: string): Promise<string> {
  const text = Buffer.from(JSON.stringify([account, returnTo, clock() + LIFETIME_MS])).toString("base64url");
  return `${text}.${await key.sign(PURPOSE, text)}`;
}

/** @returns what was to be given back @throws UserError for one of somebody else's, or of long ago */
export async function readState({ key, clock }: StateOptions, account: string, state: string): Promise<string> {
  const [text = "", signature = ""] = state.split(".", 2);
  if (await key.verify(PURPOSE, text, signature)) {
    const [whose, returnTo, until] = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as [
      string,
      string,
      number,
    ];
    if (whose === account && clock() < until) return returnTo;
  }
  throw new UserError("GitHub sent you back to something that you did not begin here, or long ago. Connect again.");
}
