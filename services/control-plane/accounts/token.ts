import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isMissing, UserError } from "../../../lib/errors.ts";

/** The operator's key, in a file that only its owner reads. It is read at each use, so a new one holds at once. */
export class Token {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** @param authorization the header: `Bearer TOKEN`, or `Basic` with the token as the password */
  async accepts(authorization: string | undefined): Promise<boolean> {
    const token = await this.#read();
    const given = bearerOf(authorization);
    if (token === undefined || given === undefined) return false;
    return timingSafeEqual(digest(given), digest(token));
  }

  /** A signature of ours for what a client carries around, e.g. in the URL of its log session. */
  async sign(purpose: string, text: string): Promise<string> {
    const key = derived((await this.#read()) ?? "", purpose);
    return createHmac("sha256", key).update(text).digest("base64url");
  }

  /** A key of 256 bits for what is kept sealed. @throws UserError without the operator's key */
  async key(purpose: string): Promise<Buffer> {
    const token = await this.#read();
    if (token === undefined) throw new UserError(`${this.#path} is not there. \`npm run up\` makes it.`);
    return derived(token, purpose);
  }

  async verify(purpose: string, text: string, signature: string): Promise<boolean> {
    if ((await this.#read()) === undefined) return false;
    return timingSafeEqual(digest(await this.sign(purpose, text)), digest(signature));
  }

  async #read(): Promise<string | undefined> {
    const text = await readFile(this.#path, "utf8").catch((error: unknown) => {
      if (isMissing(error)) return "";
      throw error;
    });
    return text.trim() || undefined;
  }
}

/** The token in an `Authorization` header: `Bearer TOKEN`, or `Basic` with the token as the password. */
export function bearerOf(authorization = ""): string | undefined {
  const bearer = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  return bearer ?? passwordOf(authorization)?.password;
}

/** What a `Basic` authorization says. */
export function passwordOf(authorization = ""): { readonly user: string; readonly password: string } | undefined {
  const value = /^basic +(\S+) *$/i.exec(authorization)?.[1];
  if (value === undefined) return undefined;
  const pair = Buffer.from(value, "base64").toString("utf8");
  const at = pair.indexOf(":");
  return { user: pair.slice(0, Math.max(at, 0)), password: pair.slice(at + 1) };
}

function derived(token: string, purpose: string): Buffer {
  return createHmac("sha256", token).update(purpose).digest();
}

/** Of equal length whatever was presented, which `timingSafeEqual` wants. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
