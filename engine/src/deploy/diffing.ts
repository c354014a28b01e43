import type { DetailedDiff, DiffResult } from "../plugin/contract.ts";
import { diffProperties } from "../plugin/diff.ts";
import { parsePath, resetPath, within } from "../values/paths.ts";
import type { PropertyMap } from "../values/values.ts";

/** What the difference between a resource and its goal asks for. */
export interface Difference {
  readonly kind: "none" | "update" | "replace";
  /** Top-level properties that need the replacement. */
  readonly keys?: readonly string[];
  readonly diffs?: readonly string[];
  readonly detailedDiff?: DetailedDiff;
  readonly deleteBeforeReplace?: boolean;
}

/** Reads a provider's answer, or compares the inputs where the provider does not say. */
export function interpret(result: DiffResult, olds: PropertyMap, news: PropertyMap): Difference {
  if (result.changes === undefined && !result.replaces?.length) {
    const detailedDiff = diffProperties(olds, news);
    const changed = Object.keys(detailedDiff).length > 0;
    return changed ? { kind: "update", detailedDiff } : { kind: "none" };
  }
  const keys = new Set(result.replaces);
  for (const [path, { kind }] of Object.entries(result.detailedDiff ?? {})) {
    if (kind.endsWith("-replace")) keys.add(String(parsePath(path)[0] ?? path));
  }
  const kind = keys.size > 0 ? "replace" : result.changes ? "update" : "none";
  return {
    kind,
    keys: keys.size > 0 ? [...keys] : undefined,
    diffs: result.diffs,
    detailedDiff: result.detailedDiff,
    deleteBeforeReplace: result.deleteBeforeReplace,
  };
}

/** Makes a replacement of an update that touches one of the resource's `replaceOnChanges`. */
export function replaceOnChanges(
  difference: Difference,
  patterns: readonly string[],
  olds: PropertyMap,
  news: PropertyMap,
): Difference {
  if (difference.kind === "none" || patterns.length === 0) return difference;
  const changed = Object.keys(difference.detailedDiff ?? diffProperties(olds, news));
  const touched = changed.filter((path) =>
    patterns.some((pattern) => {
      const parts = parsePath(path);
      return within(parsePath(pattern), parts) || within(parts, parsePath(pattern));
    }),
  );
  if (touched.length === 0) return difference;
  const keys = new Set([...(difference.keys ?? []), ...touched.map((path) => String(parsePath(path)[0] ?? path))]);
  return { ...difference, kind: "replace", keys: [...keys] };
}

/** The new inputs with the old values wherever changes are to be ignored. */
export function applyIgnoreChanges(news: PropertyMap, olds: PropertyMap, paths: readonly string[]): PropertyMap {
  return paths.reduce((properties, path) => resetPath(properties, olds, parsePath(path)), news);
}
