/** Property values for people: secrets masked, long texts cut. */
import { Archive, Asset, Output, type PropertyValue, ResourceReference, Secret, Unknown } from "../../values/values.ts";

const MAX_TEXT = 150;

/** A value, possibly on several lines; those after the first begin with `indent`. */
export function formatValue(value: PropertyValue, indent = ""): string {
  if (value === null) return "<null>";
  if (typeof value === "string") return formatText(value);
  if (typeof value !== "object") return String(value);
  if (value instanceof Secret || (value instanceof Output && value.secret)) return "[secret]";
  if (value instanceof Unknown) return "[unknown]";
  if (value instanceof Output) return formatValue(value.value, indent);
  if (value instanceof Asset) return `asset(${formatSource(value)})`;
  if (value instanceof Archive) return `archive(${formatSource(value)})`;
  if (value instanceof ResourceReference) return formatText(value.urn);
  if (Array.isArray(value)) {
    const items = value.map((item, index) => `${indent}    [${index}]: ${formatValue(item, `${indent}    `)}`);
    return items.length === 0 ? "[]" : `[\n${items.join("\n")}\n${indent}]`;
  }
  const keys = Object.keys(value).filter((key) => !isInternal(key));
  const width = Math.max(0, ...keys.map((key) => key.length));
  const members = keys.sort().map((key) => {
    return `${indent}    ${key.padEnd(width)}: ${formatValue(value[key] ?? null, `${indent}    `)}`;
  });
  return members.length === 0 ? "{}" : `{\n${members.join("\n")}\n${indent}}`;
}

/** Keys of the engine or of a provider, which tell people nothing. */
export function isInternal(key: string): boolean {
  return key.startsWith("__");
}

function formatText(text: string): string {
  const [first = ""] = text.split("\n");
  const cut = first.length > MAX_TEXT || first.length < text.length;
  return cut ? `${JSON.stringify(first.slice(0, MAX_TEXT)).slice(0, -1)}..."` : JSON.stringify(text);
}

function formatSource({ source, hash }: Asset | Archive): string {
  const place = "path" in source ? source.path : "uri" in source ? source.uri : Object.keys(source)[0];
  return hash === "" ? `${place}` : `${place}:${hash.slice(0, 7)}`;
}
