import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { UserError } from "../../../lib/errors.ts";

/** Argon2id as OWASP advises: 19 MiB, 2 passes, 1 lane. */
const MEMORY = 19_456;
const PASSES = 2;
const PARALLELISM = 1;
const HASH_BYTES = 32;
const SALT_BYTES = 16;

/** How many hashes are made at a time (19 MiB each), and how many may wait. */
const AT_ONCE = 2;
const WAITING = 32;

const SHORTEST = 10;
const LONGEST = 200;

/** Checked where there is no account; no password is known that fits. */
const NOBODYS = encode(Buffer.alloc(SALT_BYTES), Buffer.alloc(HASH_BYTES));

const hash = promisify(argon2);

/** Too many people log in at this moment. */
export class PasswordsBusy extends Error {
  override readonly name = "PasswordsBusy";
}

/** Makes and checks what is kept of passwords: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`. */
export class Passwords {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const tag = await this.#argon2(password, salt, MEMORY, PASSES, PARALLELISM, HASH_BYTES);
    return encode(salt, tag);
  }

  /** @param kept undefined: nobody's; it takes as long, and the answer is false */
  async verify(password: string, kept: string | undefined): Promise<boolean> {
    const { memory, passes, parallelism, salt, tag } = parse(kept ?? NOBODYS);
    const given = await this.#argon2(password, salt, memory, passes, parallelism, tag.length);
    return timingSafeEqual(given, tag) && kept !== undefined;
  }

  async #argon2(
    password: string,
    nonce: Buffer,
    memory: number,
    passes: number,
    parallelism: number,
    tagLength: number,
  ): Promise<Buffer> {
    const message = Buffer.from(password.normalize("NFKC"));
    const parameters: Argon2Parameters = { message, nonce, memory, passes, parallelism, tagLength };
    await this.#turn();
    try {
      return await hash("argon2id", parameters);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < AT_ONCE) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= WAITING) throw new PasswordsBusy("Too many log in at once. Try again in a moment.");
    // The turn is handed over, so the count stays.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** @throws UserError that says what is wrong with a new password */
export function checkNewPassword(password: string, email: string): void {
  const length = [...password].length;
  if (length < SHORTEST) throw new UserError(`A password must have at least ${SHORTEST} characters.`);
  if (length > LONGEST) throw new UserError(`A password may have ${LONGEST} characters at most.`);
  if (password.toLowerCase() === email) throw new UserError("The password must not be the e-mail address.");
}

function parse(kept: string) {
  const [, memory, passes, parallelism, salt = "", tag = ""] =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(kept) ?? [];
  if (tag === "") throw new Error("the hash of a password is damaged");
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, "base64"),
    tag: Buffer.from(tag, "base64"),
  };
}

function encode(salt: Buffer, tag: Buffer): string {
  return `$argon2id$v=19$m=${MEMORY},t=${PASSES},p=${PARALLELISM}$${unpadded(salt)}$${unpadded(tag)}`;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
