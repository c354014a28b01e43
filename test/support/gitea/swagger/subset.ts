/**
 * Makes `api.json` beside it: what the product and the stand-in need of Gitea's published description, without its prose.
 * Run by hand when an operation is added or Gitea's description has changed:
 *
 *     go mod download -json code.gitea.io/gitea@VERSION       # says where its folder is
 *     node test/support/gitea/swagger/subset.ts FOLDER/templates/swagger/v1_json.tmpl VERSION && npm run format
 */
import { readFileSync, writeFileSync } from "node:fs";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Fields = { [key: string]: Json };

const OPERATIONS = [
  "GET /user",
  "GET /repositories/{id}",
  "GET /repos/search",
  "GET /repos/{owner}/{repo}",
  "GET /repos/{owner}/{repo}/branches",
  "GET /repos/{owner}/{repo}/branches/{branch}",
  "GET /repos/{owner}/{repo}/git/refs/{ref}",
  "GET /repos/{owner}/{repo}/compare/{basehead}",
  "GET /repos/{owner}/{repo}/commits/{ref}/status",
  "POST /repos/{owner}/{repo}/statuses/{sha}",
  "GET /repos/{owner}/{repo}/hooks",
  "POST /repos/{owner}/{repo}/hooks",
  "GET /repos/{owner}/{repo}/hooks/{id}",
  "DELETE /repos/{owner}/{repo}/hooks/{id}",
  "POST /repos/{owner}/{repo}/hooks/{id}/tests",
  "GET /repos/{owner}/{repo}/keys",
  "POST /repos/{owner}/{repo}/keys",
  "GET /repos/{owner}/{repo}/keys/{id}",
  "DELETE /repos/{owner}/{repo}/keys/{id}",
];
const PROSE = ["description", "title", "example", "externalDocs", "deprecated"];

const [file = "", version = ""] = process.argv.slice(2);
// The only marks of the template are in its addresses and its version.
const whole = JSON.parse(readFileSync(file, "utf8").replaceAll(/\{\{.*?\}\}/g, ""));
const needed = new Set<string>();

function schemaOf(part: Json, keepsNames = false): Json {
  if (Array.isArray(part)) return part.map((each) => schemaOf(each));
  if (typeof part !== "object" || part === null) return part;
  const entries = Object.entries(part).filter(([key]) => keepsNames || !(PROSE.includes(key) || key.startsWith("x-")));
  const plain: Fields = Object.fromEntries(entries.map(([key, value]) => [key, schemaOf(value, key === "properties")]));
  if (typeof plain.$ref === "string" && !keepsNames) {
    const name = plain.$ref.replace("#/definitions/", "");
    needed.add(name);
    plain.$ref = `api#/definitions/${name}`;
  }
  return plain;
}

const operations: Fields = {};
for (const operation of OPERATIONS) {
  const [method = "", path = ""] = operation.split(" ");
  const { parameters = [], responses } = whole.paths[path][method.toLowerCase()];
  const body = parameters.find((each: Fields) => each.in === "body");
  const answers = Object.entries(responses as Record<string, Fields>).map(([status, response]) => {
    const name = String(response.$ref ?? "").replace("#/responses/", "");
    const { schema } = name === "" ? response : whole.responses[name];
    return [status, schema === undefined ? null : schemaOf(schema)];
  });
  operations[operation] = {
    query: parameters.filter((each: Fields) => each.in === "query").map(({ name }: { name: string }) => name),
    body: body === undefined ? null : schemaOf(body.schema),
    responses: Object.fromEntries(answers),
  };
}
const definitions: Fields = {};
for (let more = true; more; ) {
  const missing = [...needed].filter((name) => !(name in definitions));
  for (const name of missing) definitions[name] = schemaOf(whole.definitions[name]);
  more = missing.length > 0;
}
const text = JSON.stringify({ version, operations, definitions }, null, 2);
writeFileSync(new URL("./api.json", import.meta.url), `${text}\n`);
