import type { CheckFailure } from "../../engine/src/plugin/contract.ts";
import { type PropertyMap, type PropertyValue, Unknown } from "../../engine/src/values/values.ts";

/**
 * What a value must look like. `read` returns it with defaults filled in and adds a failure a mistake;
 * a value not known yet (in a preview) fits every shape.
 */
export interface Shape<T extends PropertyValue> {
  /** What is allowed, for messages: "a whole number from 1 to 65535". */
  readonly allowed: string;
  /** Taken when the property is not given; a shape without one is required. */
  readonly absent?: T;
  read(value: PropertyValue, path: string, failures: CheckFailure[]): PropertyValue;
}

/** The values a shape accepts. */
export type ValueOf<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<PropertyValue>>>;
/** The values an object of shapes accepts. */
export type ValuesOf<F extends Fields> = { [K in keyof F]: ValueOf<F[K]> };

/** One test of one plain value. */
function shape<T extends PropertyValue>(allowed: string, fits: (value: PropertyValue) => boolean): Shape<T> {
  return {
    allowed,
    read(value, path, failures) {
      if (!(value instanceof Unknown) && !fits(value)) failures.push(failure(path, value, allowed));
      return value;
    },
  };
}

/** Text; `pattern` must match all of it. */
export function text(options: { pattern?: RegExp; allowed?: string } = {}): Shape<string> {
  const { pattern, allowed = pattern ? `text like ${pattern.source}` : "text, not empty" } = options;
  return shape(allowed, (value) => typeof value === "string" && (pattern?.test(value) ?? value !== ""));
}

/** Text, even none. Failures show nothing of it: it may be a secret. */
export function anyText(): Shape<string> {
  return {
    allowed: "text",
    read(value, path, failures) {
      if (!(value instanceof Unknown) && typeof value !== "string") {
        failures.push({ property: path, reason: "must be text" });
      }
      return value;
    },
  };
}

/** A whole number. */
export function integer(options: { min?: number; max?: number } = {}): Shape<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  const allowed =
    max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`;
  return shape(allowed, (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max);
}

/** A number that may have a fraction. */
export function number(options: { min?: number } = {}): Shape<number> {
  const { min = 0 } = options;
  return shape(`a number from ${min}`, (value) => typeof value === "number" && value >= min);
}

/** True or false. */
export function boolean(): Shape<boolean> {
  return shape("true or false", (value) => typeof value === "boolean");
}

/** One of a few words. */
export function oneOf<const W extends string>(...words: readonly W[]): Shape<W> {
  return shape(`one of ${words.join(", ")}`, (value) => (words as readonly PropertyValue[]).includes(value));
}

/** What fits one of two shapes. */
export function either<A extends PropertyValue, B extends PropertyValue>(a: Shape<A>, b: Shape<B>): Shape<A | B> {
  const allowed = `${a.allowed} or ${b.allowed}`;
  return {
    allowed,
    read(value, path, failures) {
      for (const each of [a, b]) {
        const wrong: CheckFailure[] = [];
        const read = each.read(value, path, wrong);
        if (wrong.length === 0) return read;
      }
      failures.push(failure(path, value, allowed));
      return value;
    },
  };
}

/** A list whose every item fits. */
export function list<T extends PropertyValue>(item: Shape<T>): Shape<T[]> {
  const allowed = `a list, each ${item.allowed}`;
  return {
    allowed,
    read(value, path, failures) {
      if (value instanceof Unknown) return value;
      if (!Array.isArray(value)) {
        failures.push(failure(path, value, allowed));
        return value;
      }
      return value.map((element, index) => item.read(element, `${path}[${index}]`, failures));
    },
  };
}

/** An object with exactly these properties. */
export function object<F extends Fields>(fields: F): Shape<ValuesOf<F>> {
  const allowed = `an object of ${Object.keys(fields).join(", ")}`;
  return objectShape(allowed, (value, path, failures) => readFields(fields, value, path, failures));
}

/** An object with any properties whose values fit. */
export function map<T extends PropertyValue>(item: Shape<T>): Shape<{ [key: string]: T }> {
  return objectShape(`an object of values, each ${item.allowed}`, (value, path, failures) => {
    const entries = Object.entries(value);
    return Object.fromEntries(entries.map(([key, entry]) => [key, item.read(entry, `${path}.${key}`, failures)]));
  });
}

/** An object whose properties `read` looks at. */
function objectShape<T extends PropertyMap>(
  allowed: string,
  read: (value: PropertyMap, path: string, failures: CheckFailure[]) => PropertyMap,
): Shape<T> {
  return {
    allowed,
    read(value, path, failures) {
      if (value instanceof Unknown) return value;
      if (isPlainObject(value)) return read(value, path, failures);
      failures.push(failure(path, value, allowed));
      return value;
    },
  };
}

/** The same shape with a default. */
export function withDefault<T extends PropertyValue>(inner: Shape<T>, absent: NoInfer<T>): Shape<T> {
  return { ...inner, absent };
}

/** Reads an object's properties; unknown ones are failures that list what there is. */
export function readFields(fields: Fields, value: PropertyMap, path: string, failures: CheckFailure[]): PropertyMap {
  const result: PropertyMap = {};
  const at = (key: string) => (path === "" ? key : `${path}.${key}`);
  for (const [key, field] of Object.entries(fields)) {
    const given = value[key];
    if (given !== undefined && given !== null) result[key] = field.read(given, at(key), failures);
    else if (field.absent !== undefined) result[key] = field.absent;
    else failures.push({ property: at(key), reason: `is required: ${field.allowed}` });
  }
  for (const key of Object.keys(value)) {
    if (key.startsWith("__") || key in fields) continue;
    failures.push({ property: at(key), reason: `is not a property; there are ${Object.keys(fields).join(", ")}` });
  }
  return result;
}

function failure(property: string, value: PropertyValue, allowed: string): CheckFailure {
  return { property, reason: `must be ${allowed}, not ${shown(value)}` };
}

/** A value in a message: short, and only the kind of what is no scalar. */
function shown(value: PropertyValue): string {
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);
  return Array.isArray(value) ? "a list" : "an object";
}

/** Whether a value is an object of properties, and not one of the engine's own kinds of value. */
export function isPlainObject(value: PropertyValue | undefined): value is PropertyMap {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
