import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";

interface Operation {
  readonly query: readonly string[];
  /** Null: it takes no body. */
  readonly body: object | null;
  /** By status; null: no body. */
  readonly responses: Readonly<Record<string, object | null>>;
}

interface Description {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly definitions: Readonly<Record<string, object>>;
}

/** Says what in requests and answers is not as Gitea's published description has it (`swagger/subset.ts`). */
export class GiteaDescription {
  readonly #description: Description;
  readonly #ajv = new Ajv({ strict: false });
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #problem: (line: string) => void;

  constructor(problem: (line: string) => void) {
    this.#problem = problem;
    this.#description = JSON.parse(readFileSync(new URL("./swagger/api.json", import.meta.url), "utf8"));
    addFormats.default(this.#ajv);
    this.#ajv.addSchema({ $id: "api", definitions: this.#description.definitions });
  }

  /** Of each, e.g. `GET /repos/{owner}/{repo}`. */
  get names(): readonly string[] {
    return Object.keys(this.#description.operations);
  }

  request(name: string, query: URLSearchParams, body: unknown): void {
    const operation = this.#operation(name);
    for (const key of query.keys()) {
      if (!operation.query.includes(key)) this.#problem(`${name} has no query parameter ${key}`);
    }
    if (body === undefined) return;
    if (operation.body === null) this.#problem(`${name} takes no body`);
    else {
      this.#check(`${name} body`, operation.body, body);
      const known = this.#fieldsOf(operation.body);
      // Gitea would not say that it ignores one.
      for (const field of Object.keys(body as object)) {
        if (!known.includes(field)) this.#problem(`${name} body has ${field}, which is not described`);
      }
    }
  }

  answer(name: string, status: number, body: unknown): void {
    // A token that is not taken or may not see it, a limit, trouble: any operation answers so.
    if ([401, 403, 404, 429, 500, 502, 503].includes(status)) return;
    const schema = this.#operation(name).responses[String(status)];
    if (schema === undefined) this.#problem(`${name} never answers ${status}`);
    else if (schema !== null) this.#check(`${name} ${status}`, schema, body);
  }

  #operation(name: string): Operation {
    const found = this.#description.operations[name];
    if (found === undefined) throw new Error(`${name} is none of the operations that were taken from the description`);
    return found;
  }

  #fieldsOf(schema: object): readonly string[] {
    const reference = "$ref" in schema ? String(schema.$ref).split("/").at(-1) : "";
    const { properties = {} } = (this.#description.definitions[reference ?? ""] ?? {}) as { properties?: object };
    return Object.keys(properties);
  }

  #check(name: string, schema: object, value: unknown): void {
    const validate = this.#validators.get(name) ?? this.#ajv.compile(schema);
    this.#validators.set(name, validate);
    if (validate(value)) return;
    for (const { instancePath, message, params } of validate.errors ?? []) {
      this.#problem(`${name}${instancePath}: ${message} ${JSON.stringify(params)}`);
    }
  }
}
