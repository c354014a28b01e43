import type { PropertyMap, PropertyValue } from "../../src/values/values.ts";
import { type Properties, string } from "../bridge/index.ts";
import { objects } from "./values.ts";

/** A label as the docker package has it, `{label, value}`. */
export function labelProperties(options: { readonly forceNew: boolean }): Properties {
  return { label: string({ required: true, ...options }), value: string({ required: true, ...options }) };
}

export function labelMap(labels: PropertyValue | undefined): Record<string, string> {
  return Object.fromEntries(objects(labels).map(({ label, value }) => [String(label), String(value)]));
}

export function labelList(labels: Readonly<Record<string, string>> | null | undefined): PropertyMap[] {
  return Object.entries(labels ?? {})
    .map(([label, value]) => ({ label, value }))
    .sort((a, b) => (a.label < b.label ? -1 : 1));
}
