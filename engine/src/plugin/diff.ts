import { equal } from "../values/equality.ts";
import { formatPath, type PropertyPath } from "../values/paths.ts";
import { containsUnknowns, strip } from "../values/secrets.ts";
import { isMap, type PropertyMap, type PropertyValue, Secret } from "../values/values.ts";
import type { DetailedDiff } from "./contract.ts";

/**
 * What differs between two sets of inputs, by path. Whether a value is secret makes no difference, and an
 * unknown value counts as changed. Keys that begin with "__" are the engine's or a provider's own.
 */
export function diffProperties(olds: PropertyMap, news: PropertyMap): DetailedDiff {
  const diff: DetailedDiff = {};
  compareMaps(olds, news, [], diff);
  return diff;
}

function compareMaps(olds: PropertyMap, news: PropertyMap, path: PropertyPath, diff: DetailedDiff): void {
  for (const key of new Set([...Object.keys(olds), ...Object.keys(news)])) {
    if (!key.startsWith("__")) compare(olds[key], news[key], [...path, key], diff);
  }
}

function compare(
  old: PropertyValue | undefined,
  value: PropertyValue | undefined,
  path: PropertyPath,
  diff: DetailedDiff,
): void {
  const left = old instanceof Secret ? old.value : old;
  const right = value instanceof Secret ? value.value : value;
  const note = (kind: "add" | "delete" | "update") => {
    diff[formatPath(path)] = { kind, inputDiff: true };
  };
  if (left === undefined && right === undefined) return;
  if (left === undefined) note("add");
  else if (right === undefined) note("delete");
  // Inside of a secret nothing is told apart: paths into it would tell its shape.
  else if (old instanceof Secret || value instanceof Secret) {
    if (containsUnknowns(right) || !equal(strip(left), strip(right))) note("update");
  } else if (isMap(left) && isMap(right)) compareMaps(left, right, path, diff);
  else if (Array.isArray(left) && Array.isArray(right)) {
    for (let index = 0; index < Math.max(left.length, right.length); index++) {
      compare(left[index], right[index], [...path, index], diff);
    }
  } else if (containsUnknowns(right) || !equal(left, right)) note("update");
}
