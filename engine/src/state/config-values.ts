/** Configuration values: from the stack file's shapes to what programs and people get. */

import { UserError } from "./errors.ts";
import type { Crypter, PassphraseManager } from "./passphrase.ts";
import type { ConfigDeclaration, Project } from "./project.ts";

/** A value as the stack file has it: scalars, lists, maps; `{ secure: ciphertext }` anywhere. */
export type RawConfigValue = unknown;

export interface ConfigValue {
  /** Objects as JSON text. */
  readonly value: string;
  readonly secret: boolean;
  /** The decrypted structure, when it is one. */
  readonly object?: unknown;
}

export type ConfigMap = Readonly<Record<string, RawConfigValue>>;

/** The key with its namespace. @throws UserError when it is none */
export function fullKey(key: string, project: string): string {
  const parts = key.split(":");
  if (parts.length === 1 && key !== "") return `${project}:${key}`;
  if (parts.length === 3 && parts[1] === "config") parts.splice(1, 1);
  if (parts.length === 2 && parts[0] !== "" && parts[1] !== "") return parts.join(":");
  throw new UserError(
    `invalid configuration key: could not parse ${key} as a configuration key ` +
      "(configuration keys should be of the form `<namespace>:<name>`)",
  );
}

/** The key as people write it: without the project's own namespace. */
export function prettyKey(key: string, project: string): string {
  return key.startsWith(`${project}:`) ? key.slice(project.length + 1) : key;
}

/** The ciphertext of a secure value; undefined for any other. */
export function cipherOf(raw: RawConfigValue): string | undefined {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return undefined;
  const [key, ...others] = Object.keys(raw);
  if (key !== "secure" || others.length > 0) return undefined;
  const { secure } = raw as { secure: unknown };
  return typeof secure === "string" ? secure : undefined;
}

/** Whether a secure value is in it, at any depth. */
export function hasSecure(raw: RawConfigValue): boolean {
  if (typeof raw !== "object" || raw === null) return false;
  return cipherOf(raw) !== undefined || Object.values(raw).some(hasSecure);
}

/** A value for display without the key: undefined text for a secret. */
export function plainValue(raw: RawConfigValue): ConfigValue | undefined {
  return hasSecure(raw) ? undefined : decryptValue(raw, undefined);
}

/** @param crypter needed when a secure value is in it */
export function decryptValue(raw: RawConfigValue, crypter: Crypter | undefined): ConfigValue {
  const cipher = cipherOf(raw);
  if (cipher !== undefined) return { value: openCipher(cipher, crypter), secret: true };
  if (typeof raw !== "object" || raw === null) return { value: raw === null ? "" : String(raw), secret: false };
  const object = decryptObject(raw, crypter);
  return { value: JSON.stringify(object), secret: hasSecure(raw), object };
}

function decryptObject(raw: unknown, crypter: Crypter | undefined): unknown {
  const cipher = cipherOf(raw);
  if (cipher !== undefined) return openCipher(cipher, crypter);
  if (Array.isArray(raw)) return raw.map((item) => decryptObject(item, crypter));
  if (typeof raw !== "object" || raw === null) return raw;
  const entries = Object.entries(raw).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, decryptObject(value, crypter)]));
}

/** @throws UserError when another key made it */
export function openCipher(cipher: string, crypter: Crypter | undefined): string {
  if (crypter === undefined) throw new UserError("a secure configuration value needs the stack's passphrase");
  try {
    return crypter.decrypt(cipher);
  } catch {
    throw new UserError("could not decrypt a secure configuration value: it was encrypted with another key");
  }
}

/** All values, decrypted; the key is derived only if a secure one is among them. */
export async function decryptAll(
  config: ConfigMap,
  manager: PassphraseManager | undefined,
): Promise<Record<string, ConfigValue>> {
  const crypter = hasSecure(config) ? await manager?.crypter() : undefined;
  const keys = Object.keys(config).sort();
  return Object.fromEntries(keys.map((key) => [key, decryptValue(config[key], crypter)]));
}

/** The stack's values and, where it has none, those that Pulumi.yaml gives. @throws UserError on missing or ill-typed ones */
export function withProjectDefaults(project: Project, stack: string, config: ConfigMap): ConfigMap {
  const all: Record<string, RawConfigValue> = { ...config };
  const missing: string[] = [];
  for (const [key, declaration] of Object.entries(project.config)) {
    const own = key.startsWith(`${project.name}:`);
    const fallback = own ? (declaration.default ?? declaration.value) : (declaration.value ?? declaration.default);
    if (all[key] === undefined && fallback !== undefined) all[key] = fallback;
    if (all[key] === undefined) missing.push(prettyKey(key, project.name));
    else checkType(prettyKey(key, project.name), stack, declaration, all[key]);
  }
  if (missing.length > 0) {
    const list = missing.map((key) => `'${key}'`).join(", ");
    throw new UserError(
      `Stack '${stack}' is missing configuration ${missing.length === 1 ? "value" : "values"} ${list}`,
    );
  }
  return all;
}

function checkType(key: string, stack: string, declaration: ConfigDeclaration, raw: RawConfigValue): void {
  const { type } = declaration;
  if (type === undefined || hasSecure(raw)) return;
  const fits =
    (type === "string" && typeof raw !== "object") ||
    (type === "boolean" && /^(true|false)$/.test(String(raw))) ||
    ((type === "integer" || type === "number") && Number.isFinite(Number(raw)) && raw !== "") ||
    (type === "array" && Array.isArray(raw)) ||
    (type === "object" && typeof raw === "object");
  if (!fits) throw new UserError(`Stack '${stack}' with configuration key '${key}' must be of type '${type}'`);
}
