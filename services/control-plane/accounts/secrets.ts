import { createHash, randomBytes, randomInt } from "node:crypto";

/** Makes a token of ours known for what it is, also to programs that look for secrets in code. */
const PREFIX = "dynoform_";

/** Of a token, what may be shown when it was forgotten: so many characters after the prefix, and at the end. */
const SHOWN = 4;

/** Hard to confuse when read aloud or copied by hand. */
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";

/** A new token for the API: 256 random bits. */
export function newToken(): string {
  return `${PREFIX}${newSecret()}`;
}

/** 256 random bits as text for URLs and cookies. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** A password for a person to type once: 20 letters and digits, 99 bits. */
export function newPassword(): string {
  return Array.from({ length: 4 }, () => letters(5)).join("-");
}

export function letters(count: number): string {
  return Array.from({ length: count }, () => LETTERS[randomInt(LETTERS.length)]).join("");
}

/** What is kept of a token. A secret of 256 random bits needs no slow hash: nobody guesses it. */
export function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** `dynoform_Ab12**********xY9z`, by which the official command line finds the token that it has. */
export function hintOf(token: string): string {
  return `${token.slice(0, PREFIX.length + SHOWN)}**********${token.slice(-SHOWN)}`;
}
