import { createHash, createHmac } from "node:crypto";

/** What a name can be made of: plain data, known when the resource is registered. */
export type Plain = string | number | boolean | null | undefined | readonly Plain[] | { readonly [key: string]: Plain };

/** Letters and digits of a content name's hash. */
export const HASH_LENGTH = 10;

/** JSON with sorted keys and without undefined ones: equal data, equal text. */
export function canonical(value: Plain): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join(",")}}`;
  }
  return JSON.stringify(value ?? null);
}

/**
 * The part of a name that says what stands behind it: 10 hexadecimal digits of HMAC-SHA256.
 * Keyed, so that nobody can guess config vars from names, which are public.
 */
export function contentHash(key: string, content: Plain): string {
  return createHmac("sha256", key).update(canonical(content)).digest("hex").slice(0, HASH_LENGTH);
}

/** A number from 0 to 2³² - 1 that follows from `text`; for addresses and user ids, not for secrets. */
export function numberOf(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0);
}
