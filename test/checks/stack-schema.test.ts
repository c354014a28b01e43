/** The JSON Schema of stack files holds for every one that this repository shows, and finds mistakes. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { packageRoot } from "../../lib/package-root.ts";
import { isRecord } from "../../lib/validation/readers.ts";

const root = packageRoot();
const text = (file: string) => readFileSync(join(root, file), "utf8");
const validate = new Ajv({ allErrors: true, strictTuples: false }).compile(
  JSON.parse(text("docs/reference/stack-file.schema.json")),
);

/** What the schema says against a stack file, a line each. */
function mistakes(yaml: string): string[] {
  validate(parse(yaml));
  return (validate.errors ?? []).map(({ instancePath, message = "", params }) =>
    `${instancePath} ${message} ${params.additionalProperty ?? ""}`.trim(),
  );
}

const documents = globSync(["README.md", "docs/**/*.md", "examples/**/*.md", "stacks/*.md"], { cwd: root });
const shown = documents.flatMap((file) =>
  [...text(file).matchAll(/^```ya?ml\n([\s\S]*?)^```/gm)].map(([, yaml = ""]) => ({ file, yaml })),
);

test("every stack file of this repository, and every one that a document shows, is as the schema says", () => {
  const files = globSync("stacks/Pulumi.*.yaml", { cwd: root }).map((file) => ({ file, yaml: text(file) }));
  const all = [...files, ...shown.map(({ file, yaml }) => ({ file, yaml: whole(yaml) })).filter(({ yaml }) => yaml)];
  assert.ok(all.length > 12, `${all.length} stack files`);
  assert.deepEqual(
    all.flatMap(({ file, yaml }) => mistakes(yaml).map((mistake) => `${file}: ${mistake}`)),
    [],
  );
});

/** A part of a stack file as a whole one; empty: it is another kind of file. */
function whole(yaml: string): string {
  const read: unknown = parse(yaml);
  if (!isRecord(read)) return "";
  if (isRecord(read.config)) return yaml;
  return Object.keys(read).some((key) => key.startsWith("dynoform:")) ? JSON.stringify({ config: read }) : "";
}

test("the first line of this repository's stack files names the schema", () => {
  for (const file of globSync("stacks/Pulumi.*.yaml", { cwd: root })) {
    assert.match(text(file), /^# yaml-language-server: \$schema=\.\.\/docs\/reference\/stack-file\.schema\.json\n/);
  }
});

test("a word that is wrong, a value of another kind and a size that there is not are found", () => {
  const app = (settings: string) => mistakes(`config: { "dynoform:app": ${settings} }`);
  assert.deepEqual(app("{ formation: { web: { quantity: 2, size: free } } }"), []);
  assert.deepEqual(app("{ formaton: {} }"), ["/config/dynoform:app must NOT have additional properties formaton"]);
  assert.match(app("{ formation: { web: { size: huge } } }").join(), /size must be equal to one of the allowed values/);
  assert.match(app("{ hosts: shop.example }").join(), /hosts must be array/);
  assert.match(mistakes('config: { "dynoform:apps": {} }').join(), /additional properties dynoform:apps/);
  assert.deepEqual(mistakes('config: { "docker:host": "unix:///run/docker.sock" }'), []);
  assert.match(mistakes('config: { "dynoform:key": plain }').join(), /dynoform:key must be object/);
});
