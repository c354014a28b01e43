import type { Operation, Operations } from "./operation.ts";
import { anything, either, list, object, type Schema, text } from "./schema.ts";

interface DocumentOptions {
  /** For whoever is let in. */
  readonly operations: Operations;
  /** For everybody. */
  readonly open: Operations;
}

const DRY_RUN: Schema = { $ref: "#/components/schemas/DryRun" };

const error: Schema = {
  ...object({ id: text, message: text, "resource?": text, "field?": text, "url?": text }),
  description: "`id` is for programs, `message` for people; `field` is what a 422 is about.",
};

const wouldDo: Schema = object({
  dry_run: { const: true },
  app: text,
  description: text,
  "changes?": anything,
  "steps?": list(anything),
  "preview?": text,
});

/** The API in OpenAPI 3.1. */
export function openApi({ operations, open }: DocumentOptions): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const [all, isOpen] of [[operations, false] as const, [open, true] as const]) {
    for (const [route, operation] of Object.entries(all)) {
      const [method = "", path = ""] = route.split(" ");
      const template = path.replace(/:([^/]+)/g, "{$1}");
      paths[template] = { ...paths[template], [method.toLowerCase()]: describe(method, path, operation, isOpen) };
    }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Dynoform",
      version: "3",
      description: "Heroku's Platform API, as far as a Dynoform platform serves it.",
    },
    paths,
    components: {
      schemas: { Error: error, DryRun: wouldDo },
      securitySchemes: { token: { type: "http", scheme: "bearer" }, password: { type: "http", scheme: "basic" } },
    },
  };
}

function describe(method: string, path: string, operation: Operation, isOpen: boolean): Schema {
  const { summary, query = {}, body, example, status = 200, answer, paged, type = "application/json" } = operation;
  const changes = !isOpen && method !== "GET";
  return {
    summary,
    operationId: `${method.toLowerCase()}${path.replace(/[^a-zA-Z]+(\w|$)/g, (_, next) => next.toUpperCase())}`,
    tags: [path.split("/")[1]],
    security: isOpen ? [] : [{ token: [] }, { password: [] }],
    parameters: [
      ...[...path.matchAll(/:([^/]+)/g)].map(([, name]) => ({ name, in: "path", required: true, schema: text })),
      ...Object.entries(query).map(([name, schema]) => ({ name, in: "query", schema })),
      ...(changes ? [dryRun] : []),
    ],
    ...(body !== undefined && {
      requestBody: {
        required: Array.isArray(body.required),
        content: { "application/json": { schema: body, ...(example !== undefined && { example }) } },
      },
    }),
    responses: {
      ...(changes && status !== 200 && { 200: { description: "What would be done", content: json(DRY_RUN) } }),
      [status]: {
        description: "Done",
        content: { [type]: { schema: changes && status === 200 ? either(answer, DRY_RUN) : answer } },
      },
      ...(paged && {
        206: { description: "A part of it; the header `Next-Range` asks for more", content: json(answer) },
      }),
      "4XX": { description: "Refused", content: json({ $ref: "#/components/schemas/Error" }) },
      ...(changes && {
        504: {
          description: "Not done yet: it goes on, and may be taken back. `Prefer: wait=SECONDS` waits for longer",
          content: json({ $ref: "#/components/schemas/Error" }),
        },
      }),
    },
  };
}

const dryRun = {
  name: "dry_run",
  in: "query",
  description: "1: tell what would be done, and do nothing",
  schema: { type: "string", enum: ["0", "1", "false", "true"] },
};

function json(schema: Schema): Schema {
  return { "application/json": { schema } };
}
