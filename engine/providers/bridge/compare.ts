import type { DetailedDiff, DiffKind } from "../../src/plugin/contract.ts";
import { formatPath, type PropertyPath } from "../../src/values/paths.ts";
import { isMap, type PropertyMap, type PropertyValue, Unknown } from "../../src/values/values.ts";
import { isEmpty, keysOf, type Properties, type Property } from "./schema.ts";

/** What differs at one place, and whether it needs a new resource. */
interface Difference {
  readonly path: PropertyPath;
  readonly kind: "add" | "delete" | "update";
  readonly replace: boolean;
}

/**
 * What the new inputs would change of a resource in this state. A property that is left out differs when the
 * state holds a value for it, unless the system may fill it in. A value not known yet differs from all others.
 */
export function compareProperties(
  properties: Properties,
  state: PropertyMap,
  inputs: PropertyMap,
  path: PropertyPath = [],
  force = false,
): Difference[] {
  return Object.entries(properties).flatMap(([key, property]) =>
    property.output ? [] : compareProperty(property, state[key], inputs[key], [...path, key], force),
  );
}

function compareProperty(
  property: Property,
  old: PropertyValue | undefined,
  value: PropertyValue | undefined,
  path: PropertyPath,
  force: boolean,
): Difference[] {
  if (value === undefined || value === null) {
    if (property.computed || isEmpty(old) || sameText(property, old, "")) return [];
    return [{ path, kind: "delete", replace: force || needsNew(property, old) }];
  }
  if (value instanceof Unknown) return [{ path, kind: kindOf(old), replace: force || needsNew(property, old) }];
  const { type, properties } = property;
  const whole = (): Difference[] => [{ path, kind: kindOf(old), replace: force || needsNew(property, value) }];
  switch (type) {
    case "object":
      if (!isMap(value) || !isMap(old)) return whole();
      return compareProperties(properties ?? {}, old, value, path, force);
    case "map":
      return compareMaps(isMap(old) ? old : {}, isMap(value) ? value : {}, path, force || property.forceNew === true);
    case "list":
      return compareLists(property, items(old), items(value), path, force || property.forceNew === true);
    case "set":
      return compareSets(property, items(old), items(value), path, force || property.forceNew === true);
    default:
      return sameScalar(property, old, value) ? [] : whole();
  }
}

function compareMaps(old: PropertyMap, value: PropertyMap, path: PropertyPath, replace: boolean): Difference[] {
  return [...new Set([...keysOf(old), ...keysOf(value)])].flatMap((key): Difference[] => {
    const [left, right] = [old[key], value[key]];
    if (left === right && !(right instanceof Unknown)) return [];
    const kind = left === undefined ? "add" : right === undefined ? "delete" : "update";
    return [{ path: [...path, key], kind, replace }];
  });
}

function compareLists(
  property: Property,
  old: readonly PropertyValue[],
  value: readonly PropertyValue[],
  path: PropertyPath,
  force: boolean,
): Difference[] {
  return Array.from({ length: Math.max(old.length, value.length) }).flatMap((_, index) =>
    compareItems(property, old[index], value[index], [...path, index], force),
  );
}

/** Elements that both sides have drop out; what is left is compared place by place. */
function compareSets(
  property: Property,
  old: readonly PropertyValue[],
  value: readonly PropertyValue[],
  path: PropertyPath,
  force: boolean,
): Difference[] {
  const left = new Map(old.entries());
  const right = new Map(value.entries());
  for (const [index, item] of value.entries()) {
    for (const [other, candidate] of left) {
      if (compareItems(property, candidate, item, path, force).length > 0) continue;
      left.delete(other);
      right.delete(index);
      break;
    }
  }
  return [...new Set([...left.keys(), ...right.keys()])]
    .sort((a, b) => a - b)
    .flatMap((index) => compareItems(property, left.get(index), right.get(index), [...path, index], force));
}

function compareItems(
  property: Property,
  old: PropertyValue | undefined,
  item: PropertyValue | undefined,
  path: PropertyPath,
  force: boolean,
): Difference[] {
  if (item === undefined) return [{ path, kind: "delete", replace: force || needsNew(property, old) }];
  if (old === undefined) return [{ path, kind: "add", replace: force || needsNew(property, item) }];
  if (property.properties && isMap(old) && isMap(item)) {
    return compareProperties(property.properties, old, item, path, force);
  }
  return old === item && !(item instanceof Unknown) ? [] : [{ path, kind: "update", replace: force }];
}

/** Whether adding or removing this value as a whole needs a new resource: it does if anything in it would. */
function needsNew(property: Property, value: PropertyValue | undefined): boolean {
  if (property.forceNew) return true;
  const inside = Array.isArray(value) ? value : [value];
  return Object.entries(property.properties ?? {}).some(([key, nested]) =>
    inside.some((item) => isMap(item) && !isEmpty(item[key]) && needsNew(nested, item[key])),
  );
}

function sameScalar(property: Property, old: PropertyValue | undefined, value: PropertyValue): boolean {
  if (old === value) return true;
  if ((old === undefined || old === null) && isEmpty(value)) return true;
  return sameText(property, old, value);
}

function sameText(property: Property, old: PropertyValue | undefined, value: PropertyValue): boolean {
  return property.same?.(String(old ?? ""), String(value)) ?? false;
}

function items(value: PropertyValue | undefined): readonly PropertyValue[] {
  return Array.isArray(value) ? value : [];
}

function kindOf(old: PropertyValue | undefined): "add" | "update" {
  return isEmpty(old) ? "add" : "update";
}

/** Differences as Pulumi's contract has them. They are against the state's outputs. */
export function detailed(differences: readonly Difference[]): DetailedDiff {
  return Object.fromEntries(
    differences.map(({ path, kind, replace }): [string, { kind: DiffKind; inputDiff: boolean }] => [
      formatPath(path),
      { kind: replace ? `${kind}-replace` : kind, inputDiff: false },
    ]),
  );
}
