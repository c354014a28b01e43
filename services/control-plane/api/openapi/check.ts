import { isRecord } from "../../../../lib/validation/readers.ts";
import { invalid } from "../errors.ts";
import type { Operation } from "./operation.ts";
import type { Schema } from "./schema.ts";

const KINDS: Readonly<Record<string, { readonly fits: (value: unknown) => boolean; readonly words: string }>> = {
  string: { fits: (value) => typeof value === "string", words: "a text" },
  integer: { fits: Number.isSafeInteger, words: "a whole number" },
  number: { fits: Number.isFinite, words: "a number" },
  boolean: { fits: (value) => typeof value === "boolean", words: "true or false" },
  array: { fits: Array.isArray, words: "a list" },
  object: { fits: isRecord, words: "an object" },
  null: { fits: (value) => value === null, words: "null" },
};

/**
 * Refuses a body whose fields are of other kinds than described. What is missing, too large or not there, and what
 * has names of the user's own, is the handler's to say, which knows more.
 *
 * @throws ApiError 422 that names the field
 */
export function checkBody({ body: schema }: Pick<Operation, "body">, body: Readonly<Record<string, unknown>>): void {
  if (schema !== undefined) check(schema, body, []);
}

function check(schema: Schema, value: unknown, path: readonly (string | number)[]): void {
  if (!fits(schema, value)) {
    const field = String(path[0] ?? "body");
    const name = path.length === 0 ? "The body" : path.join(".");
    throw invalid(field, `${name} must be ${words(schema).join(" or ")}.`);
  }
  const chosen = alternatives(schema).find((each) => fits(each, value)) ?? schema;
  if (isRecord(value)) {
    const fields = isRecord(chosen.properties) ? chosen.properties : {};
    for (const [name, of] of Object.entries(value)) {
      const described = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (isRecord(described) && of !== undefined) check(described, of, [...path, name]);
    }
  } else if (Array.isArray(value) && isRecord(chosen.items)) {
    for (const [index, item] of value.entries()) check(chosen.items, item, [...path, index]);
  }
}

function alternatives(schema: Schema): readonly Schema[] {
  return Array.isArray(schema.anyOf) ? schema.anyOf.flatMap(alternatives) : [schema];
}

function fits(schema: Schema, value: unknown): boolean {
  return alternatives(schema).some(({ type }) => typeof type !== "string" || KINDS[type]?.fits(value));
}

function words(schema: Schema): string[] {
  const kinds = alternatives(schema).map(({ type }) => String(type));
  return [...new Set(kinds)].filter((kind) => kind !== "null").map((kind) => KINDS[kind]?.words ?? kind);
}
