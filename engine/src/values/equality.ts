import {
  Archive,
  Asset,
  isMap,
  Output,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from "./values.ts";

/** Deep equality. An unknown value equals nothing but another unknown one; a secret only a secret. */
export function equal(left: PropertyValue | undefined, right: PropertyValue | undefined): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || !left || !right) {
    return typeof left === "number" && Object.is(left, right);
  }
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) && left.length === right.length && left.every((item, index) => equal(item, right[index]))
    );
  }
  if (left instanceof Secret) return right instanceof Secret && equal(left.value, right.value);
  if (left instanceof Output) {
    return right instanceof Output && left.secret === right.secret && equal(left.value, right.value);
  }
  if (left instanceof Asset) return right instanceof Asset && sameSource(left, right);
  if (left instanceof Archive) return right instanceof Archive && sameSource(left, right);
  if (left instanceof ResourceReference) {
    return right instanceof ResourceReference && left.urn === right.urn && left.id === right.id;
  }
  if (left instanceof Unknown) return right instanceof Unknown;
  return isMap(left) && isMap(right) && equalMaps(left, right);
}

export function equalMaps(left: PropertyMap, right: PropertyMap): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => key in right && equal(left[key], right[key]));
}

/** Contents decide where both are known; else what they are read from. */
function sameSource(left: Asset | Archive, right: Asset | Archive): boolean {
  if (left.hash && right.hash) return left.hash === right.hash;
  return JSON.stringify(left.source) === JSON.stringify(right.source);
}
