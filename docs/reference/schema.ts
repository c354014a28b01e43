import { join } from "node:path";
import { createGenerator, type Definition } from "ts-json-schema-generator";
import { packageRoot } from "../../lib/package-root.ts";
import { isRecord } from "../../lib/validation/readers.ts";

/** The JSON Schema of stack files, by which editors complete and check them: the types of `model/`, and their comments. */
export function stackFileSchema(): string {
  const root = packageRoot();
  const schema = createGenerator({
    path: join(root, "docs/reference/stack-file.ts"),
    tsconfig: join(root, "tsconfig.json"),
    type: "StackFile",
    topRef: false,
    expose: "export",
    // The project is checked by tsc.
    skipTypeCheck: true,
  }).createSchema("StackFile");
  const config = schema.properties?.config as Definition;
  // Other keys are those of providers and of programs of one's own.
  config.patternProperties = { "^(?!dynoform:)": {} };
  sayDefaults(schema);
  return `${JSON.stringify({ $id: "stack-file.schema.json", title: "A stack file of Dynoform", ...schema }, null, 2)}\n`;
}

/** Defaults in words are told in words: an editor would fill them in. */
function sayDefaults(node: unknown): void {
  if (Array.isArray(node)) for (const item of node) sayDefaults(item);
  if (!isRecord(node)) return;
  const { default: standard, description } = node;
  if (standard !== undefined && typeof description === "string") {
    const told = typeof standard === "string" ? standard : JSON.stringify(standard);
    Object.assign(node, { description: `${description}\nDefault: ${told}` });
    Reflect.deleteProperty(node, "default");
  }
  for (const value of Object.values(node)) sayDefaults(value);
}
