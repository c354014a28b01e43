import { isMap, type PropertyMap, type PropertyValue, Secret } from "./values.ts";

/** A property path in its parts; "*" stands for every key or element. */
export type PropertyPath = readonly (string | number)[];

/** Reads `a.b[0]["key with dots"].*`. Throws an Error with one line for anything else. */
export function parsePath(path: string): PropertyPath {
  const parts: (string | number)[] = [];
  const part = /\.?([^.[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\[(\*)\]/y;
  while (part.lastIndex < path.length) {
    const found = part.exec(path);
    if (!found) throw new Error(`"${path}" is no property path`);
    const [, name, index, quoted, all] = found;
    if (index !== undefined) parts.push(Number(index));
    else parts.push(name ?? all ?? JSON.parse(`"${quoted}"`));
  }
  return parts;
}

/** Writes a path the way parsePath reads it. */
export function formatPath(path: PropertyPath): string {
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      if (!/^[A-Za-z_$][\w$]*$/.test(part)) return `[${JSON.stringify(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join("");
}

/** Whether what lies at `path` lies at, or inside of, what the pattern names. */
export function within(pattern: PropertyPath, path: PropertyPath): boolean {
  return pattern.length <= path.length && pattern.every((part, index) => part === "*" || part === path[index]);
}

/**
 * The properties with what lies at the path taken from `olds`, whatever that is (nothing included).
 * A path through something that is not there is ignored.
 */
export function resetPath(news: PropertyMap, olds: PropertyMap, path: PropertyPath): PropertyMap {
  const reset = resetValue(news, olds, path);
  return isMap(reset) ? reset : news;
}

function resetValue(
  value: PropertyValue | undefined,
  old: PropertyValue | undefined,
  path: PropertyPath,
): PropertyValue | undefined {
  if (path.length === 0) return old;
  if (value instanceof Secret) {
    const inner = resetValue(value.value, old instanceof Secret ? old.value : old, path);
    return inner === undefined ? undefined : new Secret(inner);
  }
  const from = old instanceof Secret ? old.value : old;
  const [part, ...rest] = path;
  if (Array.isArray(value)) {
    return value.map((item, index) => {
      const before = Array.isArray(from) ? from[index] : undefined;
      // A new element has nothing to go back to, and cannot be taken out without moving the others.
      if ((part !== "*" && part !== index) || before === undefined) return item;
      return resetValue(item, before, rest) ?? item;
    });
  }
  if (!isMap(value)) return value;
  const result: PropertyMap = { ...value };
  const olds = isMap(from) ? from : {};
  const keys = part === "*" ? new Set([...Object.keys(value), ...Object.keys(olds)]) : [String(part)];
  for (const key of keys) {
    const reset = resetValue(value[key], olds[key], rest);
    if (reset === undefined) delete result[key];
    else result[key] = reset;
  }
  return result;
}
