import { isMap, type PropertyMap, type PropertyValue } from "../../src/values/values.ts";
import { keysOf } from "../bridge/schema.ts";

// Checked inputs read as what their schema says they are; absent ones as empty.

export function text(value: PropertyValue | undefined): string {
  return typeof value === "string" ? value : "";
}

export function number(value: PropertyValue | undefined): number {
  return typeof value === "number" ? value : 0;
}

export function strings(value: PropertyValue | undefined): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

export function objects(value: PropertyValue | undefined): PropertyMap[] {
  return Array.isArray(value) ? value.filter(isMap) : [];
}

export function properties(value: PropertyValue | undefined): PropertyMap {
  return isMap(value) ? value : {};
}

export function stringMap(value: PropertyValue | undefined): Record<string, string> {
  const given = properties(value);
  return Object.fromEntries(keysOf(given).map((key) => [key, text(given[key])]));
}
