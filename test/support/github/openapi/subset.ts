/**
 * Makes `api.json` and `webhooks.json` beside it: what the stand-in's routes and events need of GitHub's published
 * descriptions, without their prose. Run by hand when a route is added or GitHub's descriptions have changed:
 *
 *     npm pack @octokit/openapi @octokit/webhooks-schemas       # in a temporary folder
 *     tar -xzf octokit-openapi-*.tgz package/generated/api.github.com.json
 *     tar -xzf octokit-webhooks-schemas-*.tgz package/schema.json package/package.json
 *     node test/support/github/openapi/subset.ts FOLDER/package && npm run format
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { routes } from "../routes/index.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Record_ = { [key: string]: Json };

const EVENTS =
  /^(push|ping|status|delete|create)\$event$|^check_suite\$completed$|^(repository|installation)\$|^pull_request\$(opened|closed|reopened|edited)$/;
const PROSE = ["description", "example", "examples", "title", "externalDocs", "deprecated", "tsAdditionalProperties"];

const [folder = ""] = process.argv.slice(2);
const read = (file: string) => JSON.parse(readFileSync(join(folder, file), "utf8"));
const api = read("generated/api.github.com.json");
const events = read("schema.json");

/** What ajv understands: OpenAPI 3.0 says `nullable` where JSON Schema has a type. */
function schemaOf(part: Json, keepsNames = false): Json {
  if (Array.isArray(part)) return part.map((each) => schemaOf(each));
  if (typeof part !== "object" || part === null) return part;
  const { nullable, ...rest } = part;
  const entries = Object.entries(rest).filter(([key]) => keepsNames || !(PROSE.includes(key) || key.startsWith("x-")));
  const plain: Record_ = Object.fromEntries(
    entries.map(([key, value]) => [key, schemaOf(value, key === "properties")]),
  );
  if (keepsNames) return { ...plain, ...(nullable !== undefined && { nullable: schemaOf(nullable) }) };
  if (typeof plain.$ref === "string")
    plain.$ref = plain.$ref.replace("#/components/schemas/", "api#/components/schemas/");
  if (nullable !== true) return plain;
  if (typeof plain.type === "string" && plain.enum === undefined) return { ...plain, type: [plain.type, "null"] };
  return { anyOf: [plain, { type: "null" }] };
}

function resolved(part: Record_): Record_ {
  if (typeof part.$ref !== "string") return part;
  const path = part.$ref.slice(2).split("/");
  return path.reduce((at: Json, key) => (at as Record_)[key] as Json, api) as Record_;
}

function contentOf(part: Record_ | undefined): Json {
  const content = part?.content as Record_ | undefined;
  const json = (content?.["application/json"] ?? content?.["application/scim+json"]) as Record_ | undefined;
  return json === undefined ? null : schemaOf(json.schema as Json);
}

/** A body with no members but those that are described: GitHub would not say that it ignores one. */
function strict(body: Json): Json {
  const plain = typeof body === "object" && body !== null && !Array.isArray(body) && "properties" in body;
  return plain ? { ...body, additionalProperties: false } : body;
}

/** Adds to `found` the names that a part refers to, and what they refer to. */
function follow(part: Json, prefix: string, take: (name: string) => Json, found: Record_): void {
  for (const [, name = ""] of JSON.stringify(part).matchAll(new RegExp(`"\\$ref":"${prefix}([^"]+)"`, "g"))) {
    if (found[name] !== undefined) continue;
    found[name] = take(name);
    follow(found[name] as Json, prefix, take, found);
  }
}

const operations: Record_ = {};
for (const { method, path } of routes) {
  const operation = api.paths[path]?.[method.toLowerCase()];
  if (operation === undefined) continue;
  const parameters = [...(api.paths[path].parameters ?? []), ...(operation.parameters ?? [])].map(resolved);
  const query = parameters
    .filter((each) => each.in === "query")
    .map(({ name, required, schema }) => [name, { required: required === true, schema: schemaOf(schema as Json) }]);
  const responses = Object.entries(operation.responses as Record_).map(([status, response]) => [
    status,
    contentOf(resolved(response as Record_)),
  ]);
  operations[`${method} ${path}`] = {
    query: Object.fromEntries(query),
    body: strict(contentOf(operation.requestBody)),
    bodyRequired: operation.requestBody?.required === true,
    responses: Object.fromEntries(responses),
  };
}
const schemas: Record_ = {};
follow(operations, "api#/components/schemas/", (name) => schemaOf(api.components.schemas[name]), schemas);
write("api.json", { version: api.info.version, operations, schemas });

const definitions: Record_ = {};
for (const [name, definition] of Object.entries(events.definitions as Record_)) {
  if (EVENTS.test(name)) definitions[name] = schemaOf(definition);
}
follow(definitions, "#/definitions/", (name) => schemaOf(events.definitions[name]), definitions);
write("webhooks.json", { version: read("package.json").version, definitions });

function write(file: string, content: Json): void {
  writeFileSync(new URL(file, import.meta.url), `${JSON.stringify(content)}\n`);
}
