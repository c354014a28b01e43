import { createHmac, timingSafeEqual } from "node:crypto";
import type { Readable } from "node:stream";

/** Bytes: GitHub sends no larger delivery. */
export const LARGEST_DELIVERY = 25 * 1024 * 1024;

/** `sha256=`, without which a Gitea has its own, and 64 hexadecimal digits. */
const SIGNATURE = /^(?:sha256=)?([0-9a-f]{64})$/;

/** The signature in a delivery's header; undefined: there is none. */
export function signatureOf(header: string | readonly string[] | undefined): Buffer | undefined {
  const [, digits] = SIGNATURE.exec(typeof header === "string" ? header : "") ?? [];
  return digits === undefined ? undefined : Buffer.from(digits, "hex");
}

/**
 * Whether a body was signed with the secret. Its bytes are hashed as they come, once, and not kept, so there is nothing
 * that could be parsed before.
 *
 * @param largest bytes
 * @returns `cut`: it is larger, or broke off
 */
export async function checkSignature(
  body: Readable,
  signature: Buffer,
  secret: string,
  largest = LARGEST_DELIVERY,
): Promise<"signed" | "forged" | "cut"> {
  const hash = createHmac("sha256", secret);
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > largest) return "cut";
      hash.update(chunk);
    }
  } catch {
    return "cut";
  }
  return timingSafeEqual(hash.digest(), signature) ? "signed" : "forged";
}
