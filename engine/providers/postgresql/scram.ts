import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/** Postgres' own number of rounds (`scram_iterations`). */
const ROUNDS = 4096;

/**
 * What Postgres stores of a password (RFC 5803), so that the password itself is in no statement, which a server may
 * log. Its characters are taken as they are: ours are ASCII, for which SASLprep changes nothing.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, ROUNDS, 32, "sha256");
  const key = (label: string) => createHmac("sha256", salted).update(label).digest();
  const stored = createHash("sha256").update(key("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${ROUNDS}:${salt.toString("base64")}$${stored}:${key("Server Key").toString("base64")}`;
}
