import type { CheckFailure } from "../../src/plugin/contract.ts";
import { formatPath, type PropertyPath } from "../../src/values/paths.ts";
import { isMap, type PropertyMap, type PropertyValue, Unknown } from "../../src/values/values.ts";
import { isEmpty, keysOf, type Properties, type Property, type ScalarType } from "./schema.ts";

/**
 * Inputs as the state keeps them: values in their schema's types, defaults filled in, and on every object
 * `__defaults`, the names of the properties that a default gave. Mistakes are added to `failures`.
 */
export function checkProperties(
  properties: Properties,
  given: PropertyMap,
  path: PropertyPath,
  failures: CheckFailure[],
): PropertyMap {
  const checked: PropertyMap = {};
  const defaults: string[] = [];
  const fail = (key: string, reason: string) => failures.push(failure([...path, key], reason));
  for (const key of keysOf(given)) {
    const property = properties[key];
    const value = given[key];
    if (value === undefined || value === null) continue;
    if (!property) fail(key, `this provider has no such property; it has ${inputNames(properties).join(", ")}`);
    else if (property.output) fail(key, "it is an output and cannot be set");
    else if (property.unsupported) fail(key, "this provider does not support this property");
    else checked[key] = checkValue(property, value, [...path, key], failures);
  }
  for (const [key, property] of Object.entries(properties)) {
    if (checked[key] !== undefined) continue;
    if (property.default !== undefined && !isEmpty(property.default)) {
      checked[key] = property.default;
      defaults.push(key);
    } else if (property.required && isEmpty(given[key])) {
      fail(key, "it is required");
    }
  }
  return { __defaults: defaults.sort(), ...checked };
}

/** The names that can be given, for messages. */
function inputNames(properties: Properties): string[] {
  return Object.keys(properties)
    .filter((key) => !properties[key]?.output && !properties[key]?.unsupported)
    .sort();
}

function checkValue(
  property: Property,
  value: PropertyValue,
  path: PropertyPath,
  failures: CheckFailure[],
): PropertyValue {
  if (value instanceof Unknown) return value;
  const { type, properties, element } = property;
  const wrong = (expected: string) => {
    failures.push(failure(path, `it must be ${expected}, not ${shown(value)}`));
    return value;
  };
  switch (type) {
    case "object":
      return isMap(value) ? checkProperties(properties ?? {}, value, path, failures) : wrong("an object");
    case "map":
      if (!isMap(value)) return wrong("an object");
      return Object.fromEntries(
        keysOf(value)
          .filter((key) => value[key] !== null)
          .map((key) => [key, checkScalar(element ?? "string", value[key] ?? null, [...path, key], failures)]),
      );
    case "list":
    case "set":
      if (!Array.isArray(value)) return wrong("a list");
      return value.map((item, index) => {
        const at = [...path, index];
        if (item instanceof Unknown) return item;
        if (!properties) return checkScalar(element ?? "string", item, at, failures);
        if (isMap(item)) return checkProperties(properties, item, at, failures);
        failures.push(failure(at, `it must be an object, not ${shown(item)}`));
        return item;
      });
    default: {
      const before = failures.length;
      const scalar = checkScalar(type, value, path, failures);
      const mistake = failures.length === before ? property.check?.(scalar) : undefined;
      if (mistake) failures.push(failure(path, `it ${mistake}`));
      return scalar;
    }
  }
}

/** A scalar in the type that the schema wants, as the bridge converts between text and numbers. */
function checkScalar(
  type: ScalarType,
  value: PropertyValue,
  path: PropertyPath,
  failures: CheckFailure[],
): PropertyValue {
  if (value instanceof Unknown) return value;
  const converted = convert(type, value);
  if (converted !== undefined) return converted;
  const names = { string: "text", int: "a whole number", float: "a number", bool: "true or false" };
  failures.push(failure(path, `it must be ${names[type]}, not ${shown(value)}`));
  return value;
}

function convert(type: ScalarType, value: PropertyValue): string | number | boolean | undefined {
  switch (type) {
    case "string":
      return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
        ? String(value)
        : undefined;
    case "bool":
      if (typeof value === "boolean") return value;
      return value === "true" ? true : value === "false" ? false : undefined;
    default: {
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      if (typeof number !== "number" || !Number.isFinite(number)) return undefined;
      return type === "int" && !Number.isSafeInteger(number) ? undefined : number;
    }
  }
}

function failure(path: PropertyPath, reason: string): CheckFailure {
  const property = formatPath(path);
  return { property, reason: `${property}: ${reason}` };
}

/** A wrong value in a message: its kind only, as it may be a secret. */
function shown(value: PropertyValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "a number";
  return typeof value === "boolean" ? "a boolean" : "an object";
}
