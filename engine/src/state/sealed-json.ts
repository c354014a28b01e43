/** Parsed state JSON whose secrets are looked at, or replaced, without decoding the rest. */

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** A secret's text as it stands in a state. */
export interface SealedSecret {
  readonly ciphertext?: string;
  readonly plaintext?: string;
}

/** A copy with other sealed texts. */
export function mapSecrets<T>(json: T, change: (secret: SealedSecret) => SealedSecret): T {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => mapSecrets(item, change)) as T;
  if (isSecret(json)) return { [SIGNATURE]: SECRET, ...change(json) } as T;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, mapSecrets(value, change)])) as T;
}

/** Values as programs see them: secrets opened, or `"[secret]"` when nothing opens them. */
export function plainJson(json: unknown, open: ((secret: SealedSecret) => string) | undefined): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => plainJson(item, open));
  if (isSecret(json)) {
    // Secrets inside of a secret are not encrypted a second time.
    return open === undefined
      ? "[secret]"
      : plainJson(JSON.parse(open(json)), ({ plaintext, ciphertext }) => plaintext ?? ciphertext ?? "null");
  }
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, plainJson(value, open)]));
}

function isSecret(json: object): json is SealedSecret {
  return (json as Record<string, unknown>)[SIGNATURE] === SECRET;
}
