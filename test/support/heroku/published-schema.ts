import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { createGenerator, type Definition, type Schema } from "ts-json-schema-generator";
import { packageRoot } from "../../../lib/package-root.ts";

/**
 * Members of Heroku's schema that Heroku itself sends to some only, and we do not: of teams, Private Spaces and
 * Enterprise.
 */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  Account: ["country_of_residence", "default_organization", "delinquent_at", "sms_number", "suspended_at"],
  // The package says that actions are an object and a list at once.
  AddOn: ["actions", "provision_message"],
  AddOnAttachment: ["log_input_url"],
  App: ["internal_routing", "organization"],
  Collaborator: ["permissions"],
  Domain: ["acm_status_reason"],
  DynoSize: ["precise_dyno_units"],
  OAuthAuthorization: ["grant", "refresh_token", "client"],
};

/**
 * Says what in an answer is not as Heroku publishes it (npm `@heroku-cli/schema`). Its types require nearly nothing, while
 * its clients count on every member; so we require them all, times as RFC 3339 and ids as UUIDs.
 */
export class PublishedSchema {
  readonly #ajv: Ajv;
  readonly #validators = new Map<string, ValidateFunction>();

  private constructor(schema: Schema) {
    this.#ajv = new Ajv({ allErrors: true, strict: false });
    addFormats.default(this.#ajv);
    this.#ajv.addSchema({ $id: "heroku", ...schema });
  }

  static async load(): Promise<PublishedSchema> {
    return new PublishedSchema(await cached());
  }

  /** @param type one of the package's, e.g. `App`, or `App[]` for a list of them */
  problems(type: string, value: unknown): string[] {
    const validate = this.#validators.get(type) ?? this.#compile(type);
    this.#validators.set(type, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const allowed = "allowedValues" in params ? ` (${params.allowedValues.join(", ")})` : "";
      return `${type}${instancePath} ${message}${allowed}`;
    });
  }

  #compile(type: string): ValidateFunction {
    const item = { $ref: `heroku#/definitions/${type.replace("[]", "")}` };
    return this.#ajv.compile(type.endsWith("[]") ? { type: "array", items: item } : item);
  }
}

/** Made once for each version of the package: it takes seconds. */
async function cached(): Promise<Schema> {
  const manifest = createRequire(import.meta.url).resolve("@heroku-cli/schema/package.json");
  const { version } = JSON.parse(await readFile(manifest, "utf8"));
  const folder = join(packageRoot(), "node_modules", ".cache", "dynoform");
  const file = join(folder, `heroku-schema-${version}.json`);
  const text = await readFile(file, "utf8").catch(() => undefined);
  const published: Schema =
    text === undefined ? generate(join(dirname(manifest), "lib", "index.d.ts")) : JSON.parse(text);
  if (text === undefined) {
    await mkdir(folder, { recursive: true });
    await writeFile(`${file}.${process.pid}`, JSON.stringify(published));
    // Tests run at the same time.
    await rename(`${file}.${process.pid}`, file);
  }
  return strict(published);
}

function generate(path: string): Schema {
  return createGenerator({ path, type: "*", skipTypeCheck: true, additionalProperties: true }).createSchema("*");
}

/**
 * What nothing can be, as the package has it: an object that is a list too, where Heroku sends lists, and one that is also
 * null, where it sends null until there is one.
 */
const MENDED: Readonly<Record<string, Definition>> = {
  Actions: { type: "array", items: { type: "object" } },
  Postdeploy: { type: ["object", "null"] },
};

function strict(schema: Schema): Schema {
  const definitions: Record<string, Definition> = {};
  for (const [name, definition] of Object.entries({ ...schema.definitions, ...MENDED })) {
    if (typeof definition === "boolean") continue;
    const properties = definition.properties ?? {};
    const required = Object.keys(properties).filter((member) => LEFT_OUT[name]?.includes(member) !== true);
    definitions[name] = { ...(withFormats(definition) as Definition), ...(required.length > 0 && { required }) };
  }
  return { ...schema, definitions };
}

/** TypeScript has no formats; a member's name tells what it was. */
function withFormats(part: unknown, member = ""): unknown {
  if (Array.isArray(part)) return part.map((each) => withFormats(each));
  if (typeof part !== "object" || part === null) return part;
  const formatted = Object.fromEntries(
    Object.entries(part).map(([key, value]) => [
      key,
      key === "properties" && typeof value === "object"
        ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withFormats(each, name)]))
        : withFormats(value),
    ]),
  );
  const text = [formatted.type].flat().includes("string") && formatted.enum === undefined;
  if (text && member.endsWith("_at")) return { ...formatted, format: "date-time" };
  if (text && member === "id") return { ...formatted, format: "uuid" };
  return formatted;
}
