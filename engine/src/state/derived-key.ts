/** Keys of passphrases. */
import { createHmac, pbkdf2 } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { readFileIfAny, writeFileAtomic } from "./files.ts";

const ROUNDS = 1_000_000;
const KEY_BYTES = 32;

/**
 * The key of a passphrase and a salt. To derive it takes 0.3 s, by design; where `PULUMI_KEY_CACHE` names a folder, which
 * is to lie in memory and be its owner's alone, it is done once.
 */
export async function derivedKey(passphrase: string, salt: Buffer): Promise<Buffer> {
  const folder = process.env.PULUMI_KEY_CACHE;
  if (!folder) return derive(passphrase, salt);
  const file = join(folder, createHmac("sha256", passphrase).update(salt).digest("hex"));
  const kept = await readFileIfAny(file);
  if (kept !== undefined) return Buffer.from(kept, "base64");
  const key = await derive(passphrase, salt);
  await writeFileAtomic(file, key.toString("base64"));
  return key;
}

function derive(passphrase: string, salt: Buffer): Promise<Buffer> {
  return promisify(pbkdf2)(passphrase, salt, ROUNDS, KEY_BYTES, "sha256");
}
