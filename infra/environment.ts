import * as pulumi from "@pulumi/pulumi";
import type { Problems } from "../lib/validation/problems.ts";
import { isRecord, type Reader } from "../lib/validation/readers.ts";
import { configVarProblem } from "../model/names.ts";

/**
 * The value of an environment variable of a dyno.
 * - A plain string: hashed (with the app's key) into the dyno's name, and made secret here.
 * - A value that is known only when something was made, with a `version` to hash in its place: a dyno is named before
 *   its values are known, so the version must change whenever the value does.
 *
 * A bare Output has no version, so it is refused.
 */
export type EnvironmentValue = string | { readonly value: pulumi.Input<string>; readonly version: string };

/** An {@link EnvironmentValue} made ready: the value secret, the version plain. */
export interface EnvironmentEntry {
  readonly value: pulumi.Output<string>;
  readonly version: string;
}

export type Environment = Readonly<Record<string, EnvironmentEntry>>;

/**
 * Reads a map of environment values. Whole numbers and booleans are taken as they print, because
 * `pulumi config set --path` writes them so; a message shows no text, which might be a secret.
 *
 * @param attached names that add-ons set, which no config var may have
 */
export function environment(attached: readonly string[] = []): Reader<Environment> {
  return (values, path, problems) => {
    if (!isRecord(values) || isLater(values)) {
      problems.add(path, "is no map of names to values; write it as a map, e.g. { GREETING: hello }");
      return undefined;
    }
    const entries: Record<string, EnvironmentEntry> = {};
    for (const [name, value] of Object.entries(values)) {
      const wrong = configVarProblem(name, attached);
      if (wrong !== undefined) problems.add(`${path}.${name}`, wrong);
      const entry = readValue(value, name, path, problems);
      if (entry !== undefined) entries[name] = entry;
    }
    return entries;
  };
}

function readValue(value: unknown, name: string, path: string, problems: Problems): EnvironmentEntry | undefined {
  const at = `${path}.${name}`;
  if (isLater(value)) {
    problems.add(at, `is an Output, whose value no name can be made of; write { value: …, version: "1" }`);
    return undefined;
  }
  if (isRecord(value) && isVersioned(value)) return { value: pulumi.secret(value.value), version: value.version };
  const text = printed(value);
  if (text === undefined) {
    problems.add(at, `is ${kindOf(value)}; values are strings, so write: ${name}: ${suggestion(value)}`);
    return undefined;
  }
  if (text.includes("\0")) {
    problems.add(at, "holds a NUL character, which no environment variable can");
    return undefined;
  }
  return { value: pulumi.secret(text), version: `=${text}` };
}

function printed(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || Number.isSafeInteger(value)) return String(value);
  return undefined;
}

function isLater(value: unknown): boolean {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

function isVersioned(
  value: Record<string, unknown>,
): value is Record<string, unknown> & { value: pulumi.Input<string>; version: string } {
  const keys = Object.keys(value);
  if (keys.length !== 2 || typeof value.version !== "string" || value.version === "") return false;
  return typeof value.value === "string" || isLater(value.value);
}

function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return `the number ${value}`;
  return typeof value === "object" ? "a map" : `a ${typeof value}`;
}

function suggestion(value: unknown): string {
  if (value === null) return '""';
  return typeof value === "number" ? `"${value}"` : '"…"';
}

/** Plain texts that are no secrets, as a part of an environment. */
export function plainEntries(texts: Readonly<Record<string, string>>): Environment {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, { value: pulumi.output(text), version: `=${text}` }]),
  );
}

/** The versions alone: what of an environment goes into a name. */
export function versions(entries: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, entry.version]));
}
