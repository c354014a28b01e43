import assert from "node:assert/strict";
import { test } from "node:test";
import { isListed } from "../../../support/heroku/answers.ts";
import { PublishedSchema } from "../../../support/heroku/published-schema.ts";
import { serve } from "./served.ts";

test("of every endpoint it is known what Heroku publishes about its answer", async () => {
  await using served = await serve();
  const { body } = await served.ask("GET", "/openapi.json");
  const operations = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => ({ method: method.toUpperCase(), path })),
  );
  assert.ok(operations.length > 50);
  const unlisted = operations
    .map(({ method, path }) => ({ method, path: path.replaceAll(/\{\w+\}/g, "x").replace("/apps/x", "/apps/shop") }))
    .filter(({ method, path }) => !isListed(method, path));
  for (const { method, path } of unlisted) {
    // What is not there here says so, whatever is asked of it.
    const { status, body } = await served.ask(method, path, { body: method === "GET" ? undefined : {} });
    assert.ok(status >= 400 && typeof body.message === "string", `${method} ${path}: ${status}`);
  }
});

test("an answer with a member too few, of another type or form is found", async () => {
  const schema = await PublishedSchema.load();
  const release = { id: "5dc3c842-7814-84dd-a3c8-0128de1fdeb2", version: "1", created_at: "yesterday" };
  const problems = schema.problems("Release[]", [release]);
  for (const problem of ["/version must be number", '/created_at must match format "date-time"']) {
    assert.ok(problems.includes(`Release[]/0${problem}`), problem);
  }
  assert.ok(problems.includes("Release[]/0 must have required property 'status'"));
  assert.deepEqual(schema.problems("ConfigVars", { A: "1" }), []);
});
