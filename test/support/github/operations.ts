import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";

interface Operation {
  readonly query: Readonly<Record<string, { readonly required: boolean; readonly schema: object }>>;
  /** Null: it takes no body. */
  readonly body: object | null;
  readonly bodyRequired: boolean;
  /** By status; null: no body. */
  readonly responses: Readonly<Record<string, object | null>>;
}

interface Description {
  readonly version: string;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly schemas: Readonly<Record<string, object>>;
}

/** Says what in requests and answers is not as GitHub's OpenAPI description has it (`openapi/subset.ts`). */
export class Operations {
  readonly #description: Description;
  readonly #ajv = new Ajv({ strict: false, coerceTypes: false });
  readonly #fromText = new Ajv({ strict: false, coerceTypes: "array" });
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #problem: (line: string) => void;

  constructor(problem: (line: string) => void) {
    this.#problem = problem;
    this.#description = JSON.parse(readFileSync(new URL("./openapi/api.json", import.meta.url), "utf8"));
    for (const ajv of [this.#ajv, this.#fromText]) {
      addFormats.default(ajv);
      // GitHub's own default of addresses is an empty text.
      ajv.addFormat("uri", (text: string) => text === "" || URL.canParse(text));
      ajv.addSchema({ $id: "api", components: { schemas: this.#description.schemas } });
    }
  }

  /** @param name e.g. `GET /repos/{owner}/{repo}` */
  request(name: string, query: URLSearchParams, body: unknown): void {
    const operation = this.#description.operations[name];
    if (operation === undefined) return;
    for (const [key, value] of query) {
      const parameter = operation.query[key];
      if (parameter === undefined) this.#problem(`${name} has no query parameter ${key}`);
      else this.#check(this.#fromText, `${name}?${key}`, parameter.schema, value);
    }
    for (const [key, { required }] of Object.entries(operation.query)) {
      if (required && !query.has(key)) this.#problem(`${name} needs the query parameter ${key}`);
    }
    if (body === undefined) {
      if (operation.bodyRequired) this.#problem(`${name} needs a body`);
    } else if (operation.body === null) this.#problem(`${name} takes no body`);
    else this.#check(this.#ajv, `${name} body`, operation.body, body);
  }

  answer(name: string, status: number, body: unknown): void {
    const operation = this.#description.operations[name];
    // A repository of another name now, a token that is not taken or may not see it, a limit: any operation answers so.
    if (operation === undefined || [301, 307, 401, 403, 404, 429].includes(status)) return;
    const schema = operation.responses[String(status)];
    if (schema === undefined) this.#problem(`${name} never answers ${status}`);
    else if (schema === null && body !== undefined && status < 400) this.#problem(`${name} ${status} has no body`);
    else if (schema !== null) this.#check(this.#ajv, `${name} ${status}`, schema, body);
  }

  #check(ajv: Ajv, name: string, schema: object, value: unknown): void {
    const validate = this.#validators.get(name) ?? ajv.compile(schema);
    this.#validators.set(name, validate);
    if (validate(ajv === this.#fromText ? [value][0] : value)) return;
    for (const { instancePath, message, params } of validate.errors ?? []) {
      this.#problem(`${name}${instancePath}: ${message} ${JSON.stringify(params)}`);
    }
  }
}
