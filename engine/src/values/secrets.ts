import { isMap, Output, type PropertyMap, type PropertyValue, Secret, Unknown } from "./values.ts";

/** The value without secret wrappers, at any depth. */
export function strip(value: PropertyValue): PropertyValue {
  if (value instanceof Secret) return strip(value.value);
  if (Array.isArray(value)) return value.map(strip);
  return isMap(value) ? stripAll(value) : value;
}

/** The properties without secret wrappers, at any depth. */
export function stripAll(properties: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, strip(value)]));
}

/** Whether something in the value is secret. */
export function containsSecrets(value: PropertyValue): boolean {
  return some(value, (part) => part instanceof Secret || (part instanceof Output && part.secret));
}

/** Whether something in the value is not known yet. */
export function containsUnknowns(value: PropertyValue): boolean {
  return some(value, (part) => part instanceof Unknown);
}

/** Whether the value or something in it passes the test. */
function some(value: PropertyValue, test: (part: PropertyValue) => boolean): boolean {
  if (test(value)) return true;
  if (value instanceof Secret || value instanceof Output) return some(value.value, test);
  if (Array.isArray(value)) return value.some((item) => some(item, test));
  return isMap(value) && Object.values(value).some((item) => some(item, test));
}

/** A secret of the value, unless it is one. */
export function secret(value: PropertyValue): Secret {
  return value instanceof Secret ? value : new Secret(value);
}

/**
 * Marks outputs whose same-named input is secret, at any depth. Providers get and return bare values;
 * without this an input's secret would stand in clear in the state.
 */
export function annotate(outputs: PropertyMap, inputs: PropertyMap): PropertyMap {
  const annotated = { ...outputs };
  for (const [key, input] of Object.entries(inputs)) {
    const output = outputs[key];
    if (output !== undefined) annotated[key] = annotateValue(output, input);
  }
  return annotated;
}

function annotateValue(output: PropertyValue, input: PropertyValue): PropertyValue {
  if (output instanceof Secret || output === null) return output;
  if (input instanceof Secret) return new Secret(output);
  if (isMap(output) && isMap(input)) return annotate(output, input);
  if (Array.isArray(output) && Array.isArray(input)) {
    // Elements of a list that changed its length cannot be told apart: then all of it is secret.
    if (output.length !== input.length) return containsSecrets(input) ? new Secret(output) : output;
    return output.map((item, index) => annotateValue(item, input[index] ?? null));
  }
  return output;
}

/** A value as a program sent it, without output wrappers: unknown, secret or plain. */
export function flatten(value: PropertyValue, dependencies?: Set<string>): PropertyValue {
  if (value instanceof Output) {
    for (const urn of value.dependencies) dependencies?.add(urn);
    const inner = flatten(value.value, dependencies);
    return value.secret ? secret(inner) : inner;
  }
  if (value instanceof Secret) return secret(flatten(value.value, dependencies));
  if (Array.isArray(value)) return value.map((item) => flatten(item, dependencies));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, flatten(item, dependencies)]));
}
