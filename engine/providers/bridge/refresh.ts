import { isMap, type PropertyMap, type PropertyValue } from "../../src/values/values.ts";
import { compareProperties } from "./compare.ts";
import { isEmpty, keysOf, type Properties } from "./schema.ts";

/**
 * The inputs that would give these outputs, for the state after a refresh: the old ones where they still hold
 * (whatever their order and spelling), the outputs' values where something drifted.
 */
export function refreshInputs(properties: Properties, outputs: PropertyMap, inputs: PropertyMap): PropertyMap {
  const refreshed: PropertyMap = {};
  for (const [key, old] of Object.entries(inputs)) {
    const property = properties[key];
    const output = outputs[key];
    if (key.startsWith("__") || !property || output === undefined) {
      refreshed[key] = old;
    } else if (compareProperties({ [key]: property }, { [key]: output }, { [key]: old }).length === 0) {
      refreshed[key] = old;
    } else if (property.type === "object" && property.properties && isMap(output) && isMap(old)) {
      refreshed[key] = refreshInputs(property.properties, output, old);
    } else {
      const value = asInput(property.properties, output);
      if (!isEmpty(value) || !isEmpty(old)) refreshed[key] = value;
    }
  }
  return refreshed;
}

/** Inputs for a resource of which only the outputs are known (an import): whatever is set and can be. */
export function importInputs(properties: Properties, outputs: PropertyMap): PropertyMap {
  const inputs: PropertyMap = { __defaults: [] };
  for (const [key, property] of Object.entries(properties)) {
    const value = outputs[key];
    if (property.output || property.unsupported || value === undefined || isEmpty(value)) continue;
    inputs[key] = asInput(property.properties, value);
  }
  return inputs;
}

function asInput(properties: Properties | undefined, value: PropertyValue): PropertyValue {
  if (properties && Array.isArray(value)) return value.map((item) => asInput(properties, item));
  if (properties && isMap(value)) return importInputs(properties, value);
  if (isMap(value)) return Object.fromEntries(keysOf(value).map((key) => [key, value[key] ?? null]));
  return value;
}
