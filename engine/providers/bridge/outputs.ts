import { isMap, type PropertyMap, type PropertyValue, Secret, Unknown } from "../../src/values/values.ts";
import { compareProperties } from "./compare.ts";
import { rawStateDelta } from "./delta.ts";
import type { BridgedResource } from "./resource.ts";
import { keysOf, type Phase, type Properties, type Property } from "./schema.ts";

/** Where a value stands: what may be taken from the plan there. */
interface Place {
  readonly phase: Phase;
  /** Inside of something that the plan left to the system. */
  readonly open: boolean;
}

/**
 * What a plugin's read found, in the shape of its outputs: every property of the schema is there, absent ones as
 * null, `[]` or `{}` as Terraform's SDK (v2) does it. Properties that the read does not tell are those of `known`.
 *
 * @param live values by property; null where the plugin leaves it out on purpose.
 * @param known the new inputs after a create or update, the old outputs after a refresh.
 */
export function shapeOutputs(properties: Properties, live: PropertyMap, known: PropertyMap, phase: Phase): PropertyMap {
  return shape(properties, live, known, { phase, open: false });
}

function shape(properties: Properties, live: PropertyMap, known: PropertyMap, place: Place): PropertyMap {
  return Object.fromEntries(
    Object.entries(properties).map(([key, property]) => {
      const value = live[key] === undefined ? known[key] : live[key];
      return [key, shapeValue(property, value, known[key], place)];
    }),
  );
}

function shapeValue(
  property: Property,
  value: PropertyValue | undefined,
  known: PropertyValue | undefined,
  place: Place,
): PropertyValue {
  const { type, properties } = property;
  const planned = known !== undefined && known !== null;
  const open = place.open || (property.computed === true && !planned);
  switch (type) {
    case "object":
      if (!isMap(value)) return null;
      if (property.planned && place.phase === "apply" && isMap(known)) return fill(properties ?? {}, known, true);
      return shape(properties ?? {}, value, isMap(known) ? known : {}, { ...place, open });
    case "map":
      if (isMap(value) && keysOf(value).length > 0) return withoutOwn(value);
      return emptyOr(value, {}, place, planned || open);
    case "list":
    case "set":
      if (!properties) {
        if (!Array.isArray(value)) return emptyOr(value, [], place, planned || open);
        if (value.length > 0) return type === "set" ? inOrderOf(value, known) : value;
        return emptyOr(value, [], place, planned || open);
      }
      if (type === "list") return shapeList(properties, value, known, { ...place, open });
      return shapeSet(properties, value, known, place);
    default:
      return value ?? property.default ?? null;
  }
}

/** An empty collection: null where the read says so, and after an apply that did not plan it. */
function emptyOr(
  value: PropertyValue | undefined,
  empty: PropertyValue,
  place: Place,
  planned: boolean,
): PropertyValue {
  if (value === null) return null;
  if (place.phase === "apply") return planned ? empty : null;
  return value === undefined ? null : empty;
}

function shapeList(
  properties: Properties,
  value: PropertyValue | undefined,
  known: PropertyValue | undefined,
  place: Place,
): PropertyValue {
  const planned = Array.isArray(known) ? known : [];
  return (Array.isArray(value) ? value : []).map((item, index) => {
    const plan = planned[index];
    return isMap(item) ? shape(properties, item, isMap(plan) ? plan : {}, place) : item;
  });
}

/** Terraform takes a set as it was planned, with its elements' absent numbers and flags as null and texts empty. */
function shapeSet(
  properties: Properties,
  value: PropertyValue | undefined,
  known: PropertyValue | undefined,
  place: Place,
): PropertyValue {
  const planned = place.phase === "apply" && Array.isArray(known);
  const source = planned ? known : Array.isArray(value) ? value : [];
  const shaped = source.map((item) => (isMap(item) ? fill(properties, item, planned) : item));
  if (planned || !Array.isArray(known)) return shaped;
  const rank = (item: PropertyValue) => {
    const index = known.findIndex(
      (other) => isMap(other) && isMap(item) && compareProperties(properties, other, item).length === 0,
    );
    return index < 0 ? known.length : index;
  };
  return shaped.sort((a, b) => rank(a) - rank(b));
}

function fill(properties: Properties, item: PropertyMap, planned: boolean): PropertyMap {
  return Object.fromEntries(
    Object.entries(properties).map(([key, property]) => [key, fillValue(property, item[key], planned)]),
  );
}

function fillValue(property: Property, value: PropertyValue | undefined, planned: boolean): PropertyValue {
  const { type, properties } = property;
  if (type === "object") return isMap(value) ? fill(properties ?? {}, value, planned) : null;
  if (value === undefined || value === null) {
    if (property.default !== undefined) return property.default;
    if (type === "string") return "";
    if (type === "map") return {};
    if (type === "list" || type === "set") return [];
    return planned ? null : type === "bool" ? false : 0;
  }
  if (properties && Array.isArray(value)) {
    return value.map((item) => (isMap(item) ? fill(properties, item, planned) : item));
  }
  return isMap(value) ? withoutOwn(value) : value;
}

/** A set of scalars in the order it was last seen in. */
function inOrderOf(value: readonly PropertyValue[], known: PropertyValue | undefined): PropertyValue[] {
  const order = Array.isArray(known) ? known : [];
  const rank = (item: PropertyValue) => (order.includes(item) ? order.indexOf(item) : order.length);
  return [...value].sort((a, b) => rank(a) - rank(b));
}

function withoutOwn(value: PropertyMap): PropertyMap {
  return Object.fromEntries(keysOf(value).map((key) => [key, value[key] ?? null]));
}

/** What a preview can say: inputs as they are, and everything that the system fills in not known yet. */
export function previewOutputs(properties: Properties, inputs: PropertyMap, olds?: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(properties).map(([key, property]) => {
      const given = inputs[key];
      if (given !== undefined) return [key, withoutDefaults(given)];
      if (!property.computed && !property.output) return [key, null];
      return [key, olds ? (olds[key] ?? null) : Unknown.value];
    }),
  );
}

function withoutDefaults(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (!isMap(value)) return value;
  return Object.fromEntries(keysOf(value).map((key) => [key, withoutDefaults(value[key] ?? null)]));
}

/** Nanoseconds, under the key that Terraform's SDK keeps timeouts by. */
const TIMEOUTS_KEY = "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0";

/** Outputs with what the bridge adds to them. */
export function completeOutputs(
  id: string,
  { properties, schemaVersion, timeouts }: Pick<BridgedResource<unknown>, "properties" | "schemaVersion" | "timeouts">,
  outputs: PropertyMap,
  phase: Phase,
): PropertyMap {
  const meta = {
    ...(timeouts && {
      [TIMEOUTS_KEY]: Object.fromEntries(
        Object.entries(timeouts)
          .sort()
          .map(([key, seconds]) => [key, seconds * 1e9]),
      ),
    }),
    ...(schemaVersion && { schema_version: String(schemaVersion) }),
  };
  return {
    ...(Object.keys(meta).length > 0 && { __meta: JSON.stringify(meta) }),
    __pulumi_raw_state_delta: rawStateDelta(properties, outputs, phase),
    ...withSecrets(properties, outputs),
    id,
  };
}

/** Marks what the schema has as sensitive, inside of objects too. */
function withSecrets(properties: Properties, outputs: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(outputs).map(([key, value]): [string, PropertyValue] => {
      const property = properties[key];
      if (property?.sensitive) return [key, new Secret(value)];
      const inside = property?.type === "object" && property.properties && isMap(value);
      return [key, inside ? withSecrets(property.properties ?? {}, value) : value];
    }),
  );
}
