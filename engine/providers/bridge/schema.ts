import type { PropertyValue } from "../../src/values/values.ts";

export type ScalarType = "string" | "int" | "float" | "bool";

/** What can be said of a property besides its type; after Terraform's schema. */
export interface PropertyOptions {
  /** Terraform's name, where it is not this one in snake case (`capAdds` is `cap_add`). */
  readonly tf?: string;
  readonly required?: boolean;
  /**
   * Taken when the program gives none. As on the real plugins, a zero value (`false`, `0`, `""`) goes to the outputs
   * only, never to the inputs.
   */
  readonly default?: string | number | boolean;
  /** A change of it needs a new resource. */
  readonly forceNew?: boolean;
  /** Filled in by the system when the program gives none; leaving it out is then no change. */
  readonly computed?: boolean;
  /** Only ever filled in by the system. */
  readonly output?: boolean;
  /** Always a secret in the outputs. */
  readonly sensitive?: boolean;
  /** An object that Terraform has as a set of one, which it keeps as planned. */
  readonly planned?: boolean;
  /** A property of the real package that this provider refuses. */
  readonly unsupported?: boolean;
  /** What is wrong with a known value, as the end of a sentence ("must be one of …"). */
  readonly check?: (value: PropertyValue) => string | undefined;
  /** Whether two different spellings mean the same; equality when absent. */
  readonly same?: (left: string, right: string) => boolean;
}

export interface Property extends PropertyOptions {
  /** "object" is Terraform's block of which there is one at most. */
  readonly type: ScalarType | "map" | "list" | "set" | "object";
  /** Of a list, set or map of scalars. */
  readonly element?: ScalarType;
  /** Of an object, or of the objects in a list or set. */
  readonly properties?: Properties;
}

export type Properties = Readonly<Record<string, Property>>;

/** After a create or update Terraform keeps what was planned where it can; a refresh takes what is there. */
export type Phase = "apply" | "read";

export const string = (options: PropertyOptions = {}): Property => ({ type: "string", ...options });
export const int = (options: PropertyOptions = {}): Property => ({ type: "int", ...options });
export const float = (options: PropertyOptions = {}): Property => ({ type: "float", ...options });
export const bool = (options: PropertyOptions = {}): Property => ({ type: "bool", ...options });
/** Keys of any name, values of one scalar type. */
export const map = (element: ScalarType = "string", options: PropertyOptions = {}): Property => ({
  type: "map",
  element,
  ...options,
});
export const list = (of: ScalarType | Properties = "string", options: PropertyOptions = {}): Property => ({
  type: "list",
  ...elements(of),
  ...options,
});
/** A list whose order means nothing. */
export const set = (of: ScalarType | Properties = "string", options: PropertyOptions = {}): Property => ({
  type: "set",
  ...elements(of),
  ...options,
});
export const object = (properties: Properties, options: PropertyOptions = {}): Property => ({
  type: "object",
  properties,
  ...options,
});

function elements(of: ScalarType | Properties): Pick<Property, "element" | "properties"> {
  return typeof of === "string" ? { element: of } : { properties: of };
}

/** Checks for `PropertyOptions.check`. */
export function oneOf(...allowed: readonly string[]): (value: PropertyValue) => string | undefined {
  return (value) =>
    allowed.includes(String(value)) ? undefined : `must be one of ${allowed.join(", ")}, not ${JSON.stringify(value)}`;
}

export function atLeast(minimum: number): (value: PropertyValue) => string | undefined {
  return (value) =>
    Number(value) >= minimum ? undefined : `must be at least ${minimum}, not ${JSON.stringify(value)}`;
}

/** Whether a value says no more than leaving it out: null, zero, empty. */
export function isEmpty(value: PropertyValue | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype && keysOf(value).length === 0;
}

/** The keys of an object without the bridge's own (`__defaults`). */
export function keysOf(value: object): string[] {
  return Object.keys(value).filter((key) => !key.startsWith("__"));
}
