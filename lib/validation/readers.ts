import { alternatives, type Problems, show } from "./problems.ts";

/**
 * Reads a plain value of unknown shape: returns it typed, or adds to `problems` what is wrong with it and returns
 * undefined. One reader serves a component's arguments and the stack file alike; only the path differs.
 */
export type Reader<T> = (value: unknown, path: string, problems: Problems) => T | undefined;

/** A text that `accepts`; `rule` ends the message, e.g. `use lower-case letters`. */
export function text(rule: string, accepts: (value: string) => boolean = (value) => value !== ""): Reader<string> {
  return (value, path, problems) => {
    if (typeof value === "string" && accepts(value)) return value;
    problems.add(path, `${show(value)} is not allowed; ${rule}`);
    return undefined;
  };
}

/** A whole number between `minimum` and `maximum`, both included. */
export function integer(minimum: number, maximum: number): Reader<number> {
  return (value, path, problems) => {
    if (typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    problems.add(path, `${show(value)} is not allowed; use a whole number from ${minimum} to ${maximum}`);
    return undefined;
  };
}

export const boolean: Reader<boolean> = (value, path, problems) => {
  if (typeof value === "boolean") return value;
  problems.add(path, `${show(value)} is not allowed; use true or false`);
  return undefined;
};

/** One of `words`; `what` names their kind, e.g. `dyno size`. */
export function oneOf<const T extends string>(what: string, words: readonly T[]): Reader<T> {
  return (value, path, problems) => {
    const found = words.find((word) => word === value);
    if (found === undefined) problems.add(path, `${show(value)} is not a ${what}; use ${alternatives(words)}`);
    return found;
  };
}

/** A list whose items `item` reads. */
export function list<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, path, problems) => {
    if (!Array.isArray(value)) {
      problems.add(path, `${show(value)} is not allowed; use a list`);
      return undefined;
    }
    return present(value.map((entry, index) => item(entry, `${path}[${index}]`, problems)));
  };
}

/** A map with free keys, of which `key` approves (it adds the problem itself), and values that `item` reads. */
export function map<T>(
  key: (name: string, path: string, problems: Problems) => void,
  item: Reader<T>,
): Reader<Readonly<Record<string, T>>> {
  return (value, path, problems) => {
    if (!isRecord(value)) {
      problems.add(path, `${show(value)} is not allowed; use a map`);
      return undefined;
    }
    const result: Record<string, T> = {};
    for (const [name, entry] of Object.entries(value)) {
      key(name, join(path, name), problems);
      const read = item(entry, join(path, name), problems);
      if (read !== undefined) result[name] = read;
    }
    return result;
  };
}

/** How an object's keys are read: a reader each, called with undefined when the key is absent. */
export type Fields<T> = { readonly [K in keyof T]-?: Reader<T[K]> };

/** An object with exactly the keys of `fields`; a key that is none of them is a problem that lists what is allowed. */
export function object<T extends object>(fields: Fields<T>): Reader<T> {
  const keys = Object.keys(fields) as (keyof T & string)[];
  return (value, path, problems) => {
    if (!isRecord(value)) {
      problems.add(path, `${show(value)} is not allowed; use a map with ${alternatives(keys)}`);
      return undefined;
    }
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(fields, key)) problems.add(join(path, key), `is no setting; use ${alternatives(keys)}`);
    }
    const result: Partial<T> = {};
    for (const key of keys) {
      const read = fields[key](value[key], join(path, key), problems);
      if (read !== undefined) result[key] = read;
    }
    // A required key that could not be read has left a problem behind, and nobody uses the result then.
    return result as T;
  };
}

/** Absent is allowed, and read as `fallback`. */
export function optional<T>(reader: Reader<T>): Reader<T | undefined>;
export function optional<T>(reader: Reader<T>, fallback: T): Reader<T>;
export function optional<T>(reader: Reader<T>, fallback?: T): Reader<T | undefined> {
  return (value, path, problems) => (value === undefined ? fallback : reader(value, path, problems));
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A path goes on with `.key`, or with `["a key"]` where a dot would mislead; after `App shop:` it begins. */
export function join(path: string, key: string): string {
  if (path.endsWith(":")) return `${path} ${key}`;
  return /^[\w-]+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function present<T>(values: readonly (T | undefined)[]): T[] {
  return values.filter((value) => value !== undefined);
}
