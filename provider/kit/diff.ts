import type { DetailedDiff, DiffResult } from "../../engine/src/plugin/contract.ts";
import { type PropertyMap, type PropertyValue, Unknown } from "../../engine/src/values/values.ts";
import { isPlainObject } from "./shape.ts";

/** One place where two values differ. */
interface Difference {
  readonly path: string;
  /** The top-level property it lies in. */
  readonly property: string;
  readonly kind: "add" | "delete" | "update";
}

/**
 * Compares inputs deeply. A value that is not known yet differs from everything.
 *
 * @param replaceOn properties whose change needs a new resource.
 */
export function diffInputs(
  olds: PropertyMap,
  news: PropertyMap,
  replaceOn: readonly string[] | "all",
  ignoreChanges: readonly string[] = [],
): DiffResult {
  const replacing = (property: string) => replaceOn === "all" || replaceOn.includes(property);
  const detailedDiff: DetailedDiff = {};
  const replaces = new Set<string>();
  for (const { path, property, kind } of differences(olds, news)) {
    if (ignoreChanges.includes(property)) continue;
    detailedDiff[path] = { kind: replacing(property) ? `${kind}-replace` : kind, inputDiff: true };
    if (replacing(property)) replaces.add(property);
  }
  return { changes: Object.keys(detailedDiff).length > 0, replaces: [...replaces], detailedDiff };
}

function differences(olds: PropertyMap, news: PropertyMap): Difference[] {
  const found: Difference[] = [];
  for (const property of new Set([...Object.keys(olds), ...Object.keys(news)])) {
    if (property.startsWith("__")) continue;
    compare(olds[property], news[property], quoted("", property), (path, kind) => found.push({ path, property, kind }));
  }
  return found;
}

function compare(
  old: PropertyValue | undefined,
  current: PropertyValue | undefined,
  path: string,
  found: (path: string, kind: Difference["kind"]) => void,
): void {
  if (old === current && !(current instanceof Unknown)) return;
  if (old === undefined) found(path, "add");
  else if (current === undefined) found(path, "delete");
  else if (Array.isArray(old) && Array.isArray(current)) {
    for (let i = 0; i < Math.max(old.length, current.length); i++) compare(old[i], current[i], `${path}[${i}]`, found);
  } else if (isPlainObject(old) && isPlainObject(current)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(current)])) {
      compare(old[key], current[key], quoted(path, key), found);
    }
  } else found(path, "update");
}

/** A step of a property path, as Pulumi writes it. */
function quoted(path: string, key: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return path === "" ? key : `${path}.${key}`;
  return `${path}[${JSON.stringify(key)}]`;
}
