import { createSign } from "node:crypto";

/** Seconds that GitHub's clock may be behind ours, and that a signed token is good for. */
const CLOCK_SKEW_SECONDS = 60;
const LIFETIME_SECONDS = 540;

/**
 * What a GitHub App proves itself by: a JSON web token, signed with its key.
 *
 * @throws Error with one line when the key is none
 */
export function appToken(id: string, pem: string): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const content = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iat: now - CLOCK_SKEW_SECONDS, exp: now + LIFETIME_SECONDS, iss: id })}`;
  try {
    return `${content}.${createSign("RSA-SHA256").update(content).sign(pem, "base64url")}`;
  } catch {
    // The library's own words may quote the key.
    throw new Error("appAuth.pemFile is no private key in PEM: give the whole file that GitHub made for the app");
  }
}
