/** One resource of a checkpoint: Pulumi's `apitype.ResourceV3`, in its key order. */
import type { ResourceState } from "../deploy/types.ts";
import {
  decodeProperties,
  decodeValue,
  encodeProperties,
  encodeValue,
  type Seal,
  type Unseal,
} from "./property-json.ts";

/** A resource as it stands in the file. */
export interface RawResource {
  urn: string;
  custom: boolean;
  type: string;
  delete?: boolean;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  replacementTrigger?: unknown;
  [key: string]: unknown;
}

const KEYS = [
  "urn",
  "custom",
  "delete",
  "id",
  "type",
  "inputs",
  "outputs",
  "parent",
  "protect",
  "taint",
  "external",
  "dependencies",
  "initErrors",
  "provider",
  "propertyDependencies",
  "pendingReplacement",
  "additionalSecretOutputs",
  "aliases",
  "customTimeouts",
  "importID",
  "retainOnDelete",
  "deletedWith",
  "replaceWith",
  "created",
  "modified",
  "sourcePosition",
  "stackTrace",
  "ignoreChanges",
  "hideDiff",
  "replaceOnChanges",
  "replacementTrigger",
  "refreshBeforeUpdate",
  "viewOf",
  "resourceHooks",
  "extensionRef",
  "snippetID",
];

/** Keys that `ResourceState` names; others of the file are carried along in `rest`. */
const UNNAMED = new Set(["taint", "refreshBeforeUpdate", "viewOf", "extensionRef", "snippetID"]);

/** Keys of the file whose use an older reader must understand, and the feature that tells it so. */
const FEATURES: readonly (readonly [key: string, feature: string])[] = [
  ["refreshBeforeUpdate", "refreshBeforeUpdate"],
  ["viewOf", "views"],
  ["resourceHooks", "hooks"],
  ["taint", "taint"],
  ["replaceWith", "replaceWith"],
];

/** The features of checkpoint version 4 that can be read and written here. */
export const SUPPORTED_FEATURES: readonly string[] = FEATURES.map(([, feature]) => feature);

/** The features that a resource makes a checkpoint need. */
export function featuresOf(state: ResourceState): string[] {
  const values: Record<string, unknown> = { ...state, ...state.rest };
  return FEATURES.filter(([key]) => !isEmpty(values[key])).map(([, feature]) => feature);
}

/** The JSON text of a resource. Secrets' paths start with its URN. */
export function encodeResource(state: ResourceState, seal: Seal): string {
  const values: Record<string, unknown> = { ...state, ...state.rest };
  const place = secretPlace(state);
  const members: string[] = [];
  for (const key of [...KEYS, ...Object.keys(state.rest ?? {}).filter((name) => !KEYS.includes(name))]) {
    const value = values[key];
    if (key !== "custom" && isEmpty(value)) continue;
    members.push(`"${key}":${encodeMember(key, value, state, seal, place)}`);
  }
  return `{${members.join(",")}}`;
}

function encodeMember(key: string, value: unknown, state: ResourceState, seal: Seal, place: string): string {
  if (key === "inputs") return encodeProperties(state.inputs, seal, `${place}.inputs`);
  if (key === "outputs") return encodeProperties(state.outputs, seal, `${place}.outputs`);
  if (key === "replacementTrigger") return encodeValue(state.replacementTrigger ?? null, seal, `${place}.trigger`);
  if (key === "propertyDependencies" || key === "resourceHooks") return JSON.stringify(sortKeys(value as object));
  return JSON.stringify(value);
}

/** The resource of a parsed JSON object. */
export function decodeResource(raw: RawResource, unseal: Unseal): ResourceState {
  const { inputs, outputs, replacementTrigger, ...others } = raw;
  const place = secretPlace(raw);
  const rest = Object.fromEntries(Object.entries(others).filter(([key]) => UNNAMED.has(key) || !KEYS.includes(key)));
  const named = Object.fromEntries(Object.entries(others).filter(([key]) => !(key in rest)));
  return {
    ...(named as Omit<ResourceState, "inputs" | "outputs">),
    // Left out, it means false.
    custom: raw.custom === true,
    inputs: decodeProperties(inputs, unseal, `${place}.inputs`),
    outputs: decodeProperties(outputs, unseal, `${place}.outputs`),
    ...(replacementTrigger === undefined
      ? {}
      : { replacementTrigger: decodeValue(replacementTrigger, unseal, `${place}.trigger`) }),
    ...(Object.keys(rest).length === 0 ? {} : { rest }),
  };
}

/** Tells a resource from the one it replaces, which has the same URN. */
function secretPlace(resource: { urn: string; delete?: boolean }): string {
  return resource.delete === true ? `${resource.urn}(deleted)` : resource.urn;
}

/** What Go's `omitempty` leaves out. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return (
    typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0
  );
}

function sortKeys(object: object): object {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
