/**
 * Pulumi's passphrase secrets provider: PBKDF2-HMAC-SHA256 with 1,000,000 rounds, AES-256-GCM.
 *
 * Its state, also a stack file's `encryptionsalt`, is `v1:SALT:CIPHERTEXT` where the ciphertext of the word
 * "pulumi" proves the passphrase. A ciphertext is `v1:NONCE:DATA+TAG`, everything base64.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { derivedKey } from "./derived-key.ts";
import { UserError } from "./errors.ts";

const SALT_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PROOF = "pulumi";

/** Encrypts and decrypts with one key. */
export class Crypter {
  readonly #key: Buffer;
  constructor(key: Buffer) {
    this.#key = key;
  }

  /** `v1:NONCE:DATA+TAG`, with a new nonce each time. */
  encrypt(plaintext: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    const data = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `v1:${nonce.toString("base64")}:${data.toString("base64")}`;
  }

  /** @throws Error when the ciphertext is malformed, or was made with another key. */
  decrypt(ciphertext: string): string {
    const [version, nonce, data] = ciphertext.split(":");
    if (version !== "v1" || nonce === undefined || data === undefined) throw new Error("malformed ciphertext");
    const bytes = Buffer.from(data, "base64");
    if (bytes.length < TAG_BYTES) throw new Error("malformed ciphertext");
    const decipher = createDecipheriv("aes-256-gcm", this.#key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(0, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
  }
}

/** Where the passphrase comes from; called at most once for a key. */
type PassphraseSource = () => Promise<string>;

/**
 * The secrets of one stack. The key is derived (0.3 s of another thread) only when it is first needed.
 */
export class PassphraseManager {
  /** `v1:SALT:CIPHERTEXT`. */
  readonly state: string;
  readonly #source: PassphraseSource;
  #crypter: Promise<Crypter> | undefined;

  constructor(state: string, source: PassphraseSource) {
    this.state = state;
    this.#source = source;
  }

  /** A manager with a new salt, for a new stack. */
  static async create(source: PassphraseSource): Promise<PassphraseManager> {
    const salt = randomBytes(SALT_BYTES);
    const crypter = await derive(await source(), salt);
    const state = `v1:${salt.toString("base64")}:${crypter.encrypt(PROOF)}`;
    const manager = new PassphraseManager(state, source);
    manager.#crypter = Promise.resolve(crypter);
    return manager;
  }

  /** @throws Error "incorrect passphrase", or that there is none. */
  crypter(): Promise<Crypter> {
    this.#crypter ??= this.#open();
    return this.#crypter;
  }

  async #open(): Promise<Crypter> {
    const [version, salt, ...proof] = this.state.split(":");
    if (version !== "v1" || salt === undefined || proof.length !== 3) throw new Error("malformed encryptionsalt");
    const crypter = await derive(await this.#source(), Buffer.from(salt, "base64"));
    try {
      if (crypter.decrypt(proof.join(":")) === PROOF) return crypter;
    } catch {
      // Another key: the tag does not fit.
    }
    throw new UserError("incorrect passphrase");
  }
}

async function derive(passphrase: string, salt: Buffer): Promise<Crypter> {
  return new Crypter(await derivedKey(passphrase, salt));
}
