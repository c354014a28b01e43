/** What changes in a resource, by its properties. */
import type { StepMetadata } from "../../deploy/types.ts";
import { equal } from "../../values/equality.ts";
import { containsUnknowns } from "../../values/secrets.ts";
import { isMap, type PropertyMap, type PropertyValue } from "../../values/values.ts";
import { formatValue, isInternal } from "./values.ts";

/** `[diff: +a-b~c]`: the properties added, removed and changed; empty when there is nothing to compare. */
export function diffSummary(step: StepMetadata): string {
  if (step.old === undefined || step.new === undefined) return "";
  const { added, removed, changed } = changedKeys(step);
  const parts = [
    ["+", added],
    ["-", removed],
    ["~", changed],
  ] as const;
  const text = parts.map(([sign, keys]) => (keys.length === 0 ? "" : sign + keys.join(","))).join("");
  return text === "" ? "" : `[diff: ${text}]`;
}

function changedKeys(step: StepMetadata): { added: string[]; removed: string[]; changed: string[] } {
  const olds = step.old?.inputs ?? {};
  const news = step.new?.inputs ?? {};
  const added: string[] = [];
  const removed: string[] = [];
  const changed = new Set<string>();
  for (const key of unionOfKeys(olds, news)) {
    if (olds[key] === undefined) added.push(key);
    else if (news[key] === undefined) removed.push(key);
    else if (differs(olds[key], news[key])) changed.add(key);
  }
  // A provider may see what inputs do not show: drift, or a difference between outputs.
  for (const path of Object.keys(step.detailedDiff ?? {})) {
    const [key = path] = path.split(/[.[]/, 1);
    if (key !== "" && !isInternal(key) && !added.includes(key) && !removed.includes(key)) changed.add(key);
  }
  return { added, removed, changed: [...changed].sort() };
}

/** One line or more for each property that differs, or for all of a new resource's. */
export function diffLines(step: StepMetadata, indent: string): string[] {
  return step.new === undefined ? [] : mapDiff(step.old?.inputs ?? {}, step.new.inputs, indent);
}

function mapDiff(olds: PropertyMap, news: PropertyMap, indent: string): string[] {
  return unionOfKeys(olds, news).flatMap((key) => memberDiff(key, olds[key], news[key], indent));
}

function memberDiff(
  label: string,
  old: PropertyValue | undefined,
  value: PropertyValue | undefined,
  indent: string,
): string[] {
  if (old === undefined && value === undefined) return [];
  if (old === undefined) return [`${indent}+ ${label}: ${formatValue(value ?? null, `${indent}  `)}`];
  if (value === undefined) return [`${indent}- ${label}: ${formatValue(old, `${indent}  `)}`];
  if (!differs(old, value)) return [];
  const inner = `${indent}    `;
  if (isMap(old) && isMap(value)) return [`${indent}~ ${label}: {`, ...mapDiff(old, value, inner), `${indent}  }`];
  if (Array.isArray(old) && Array.isArray(value)) {
    const indices = [...Array(Math.max(old.length, value.length)).keys()];
    const items = indices.flatMap((index) => memberDiff(`[${index}]`, old[index], value[index], inner));
    return [`${indent}~ ${label}: [`, ...items, `${indent}  ]`];
  }
  return [`${indent}~ ${label}: ${formatValue(old, `${indent}  `)} => ${formatValue(value, `${indent}  `)}`];
}

function differs(old: PropertyValue | undefined, value: PropertyValue | undefined): boolean {
  return value !== undefined && containsUnknowns(value) ? true : !equal(old, value);
}

function unionOfKeys(olds: PropertyMap, news: PropertyMap): string[] {
  return [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter((key) => !isInternal(key)).sort();
}

/** The stack's outputs, with what changed; `changedOnly` leaves out the others. */
export function outputLines(olds: PropertyMap, news: PropertyMap, changedOnly: boolean): string[] {
  const keys = unionOfKeys(olds, news).filter((key) => !changedOnly || differs(olds[key], news[key]));
  const width = Math.max(0, ...keys.map((key) => key.length));
  return keys.map((key) => {
    const [old, value] = [olds[key], news[key]];
    const label = `${key.padEnd(width)}: `;
    if (value === undefined) return `  - ${label}${formatValue(old ?? null, "    ")}`;
    if (old === undefined) return `  + ${label}${formatValue(value, "    ")}`;
    if (!differs(old, value)) return `    ${label}${formatValue(value, "    ")}`;
    return `  ~ ${label}${formatValue(old, "    ")} => ${formatValue(value, "    ")}`;
  });
}
