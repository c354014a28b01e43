import type { Token } from "../accounts/token.ts";

/** Milliseconds. */
const LIFETIME_MS = 3_600_000;
const PURPOSE = "github-token";
const PREFIX = "dynoform_github_";

/**
 * What takes the place of a user's token of GitHub's in official clients: good for an hour, and only where this platform
 * answers in GitHub's stead.
 *
 * @param account the id of a user of ours
 * @param now milliseconds since 1970
 */
export async function newGithubToken(key: Pick<Token, "sign">, account: string, now: number): Promise<string> {
  const text = Buffer.from(JSON.stringify([account, now + LIFETIME_MS])).toString("base64url");
  return `${PREFIX}${text}.${await key.sign(PURPOSE, text)}`;
}

/** The user whose it is. @param authorization a header: `Token TOKEN`, or `Bearer TOKEN` */
export async function githubTokenOf(
  key: Pick<Token, "verify">,
  authorization: string | undefined,
  now: number,
): Promise<string | undefined> {
  const given = /^(?:token|bearer) +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (given?.startsWith(PREFIX) !== true) return undefined;
  const [text = "", signature = ""] = given.slice(PREFIX.length).split(".", 2);
  if (!(await key.verify(PURPOSE, text, signature))) return undefined;
  const [account, until] = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as [string, number];
  return now < until ? account : undefined;
}
