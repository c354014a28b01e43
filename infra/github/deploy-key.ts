import { createHash, createPrivateKey, createPublicKey } from "node:crypto";

/** What comes before the 32 bytes of an ed25519 private key in PKCS #8. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const TYPE = "ssh-ed25519";

export interface KeyPair {
  /** As GitHub takes it: `ssh-ed25519 AAAA…`. */
  readonly publicKey: string;
  /** PEM. */
  readonly privateKey: string;
}

/** The ed25519 key that follows from a password, so that the state keeps that alone. */
export function keyPair(password: string): KeyPair {
  const seed = createHash("sha256").update(password).digest();
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
  const point = Buffer.from(createPublicKey(key).export({ format: "jwk" }).x ?? "", "base64url");
  const blob = Buffer.concat([sized(Buffer.from(TYPE)), sized(point)]);
  return {
    publicKey: `${TYPE} ${blob.toString("base64")}`,
    privateKey: key.export({ format: "pem", type: "pkcs8" }).toString(),
  };
}

/** As SSH writes a text: its length before it. */
function sized(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
