/** A JSON schema, as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: "string" };
export const uuid: Schema = { type: "string", format: "uuid" };
export const time: Schema = { type: "string", format: "date-time" };
export const uri: Schema = { type: "string", format: "uri" };
export const whole: Schema = { type: "integer", minimum: 0 };
export const flag: Schema = { type: "boolean" };
export const none: Schema = { type: "null" };
/** Whatever JSON there is. */
export const anything: Schema = {};

/** @param fields a name that ends in `?` may be absent; there may be others besides */
export function object(fields: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(fields);
  const required = names.filter((name) => !name.endsWith("?"));
  return {
    type: "object",
    properties: Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name.replace(/\?$/, ""), schema])),
    ...(required.length > 0 && { required }),
  };
}

export function list(items: Schema): Schema {
  return { type: "array", items };
}

export function map(values: Schema): Schema {
  return { type: "object", additionalProperties: values };
}

export function either(...schemas: readonly Schema[]): Schema {
  return { anyOf: schemas };
}

export function orNull(schema: Schema): Schema {
  return either(schema, none);
}

export function oneOf(...values: readonly string[]): Schema {
  return { type: "string", enum: values };
}
