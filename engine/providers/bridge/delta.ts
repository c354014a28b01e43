import { isMap, type PropertyMap, type PropertyValue } from "../../src/values/values.ts";
import type { Phase, Properties, Property } from "./schema.ts";

/**
 * `__pulumi_raw_state_delta`: how the real bridge gets from outputs back to Terraform's state. It tells maps from
 * objects (`map`, `obj`), marks lists (`arr`) and single blocks (`plu`), and names what is not the snake case of
 * Pulumi's name (`renamed`). Source of the format: pulumi-terraform-bridge, `pkg/tfbridge/rawstate.go`.
 */
export function rawStateDelta(properties: Properties, outputs: PropertyMap, phase: Phase): PropertyMap {
  const deltas: PropertyMap = {};
  const renamed: PropertyMap = {};
  for (const [key, property] of Object.entries(properties)) {
    const delta = valueDelta(property, outputs[key] ?? null, phase);
    if (delta) deltas[key] = delta;
    if (property.tf !== undefined && property.tf !== snakeCase(key)) renamed[key] = property.tf;
  }
  return {
    obj: {
      ...(Object.keys(deltas).length > 0 && { ps: deltas }),
      ...(Object.keys(renamed).length > 0 && { renamed }),
    },
  };
}

function valueDelta(property: Property, value: PropertyValue, phase: Phase): PropertyMap | undefined {
  const { type, properties } = property;
  // A block that the plan left to the system and that came to nothing is no empty list but null to Terraform.
  if (type === "object" && value === null && property.computed && phase === "apply") return undefined;
  if (type === "object") return { plu: { i: isMap(value) ? rawStateDelta(properties ?? {}, value, phase) : {} } };
  if (value === null) return undefined;
  if (type === "map") return { map: {} };
  if (type !== "list" && type !== "set") return undefined;
  if (!properties || !Array.isArray(value) || value.length === 0) return { arr: {} };
  const elements = value.map((item, index): [string, PropertyMap] => [
    String(index),
    rawStateDelta(properties, isMap(item) ? item : {}, phase),
  ]);
  return { arr: { el: Object.fromEntries(elements) } };
}

/** Terraform's usual name of a property: `ipv4Address` is `ipv4_address`. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
