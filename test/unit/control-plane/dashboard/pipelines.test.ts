import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../../lib/errors.ts";
import { type Served, serveDashboard } from "./ground.ts";

const PAGE = "/pipelines/flask";

function words(body: string): string {
  return body.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
}

/** A pipeline with `shop` in staging and `blog` in production; Ada is an admin. */
async function piped(site: Served): Promise<void> {
  const { headers } = await site.post("/pipelines", { name: "flask" }, "ada");
  assert.match(String(headers.location), /^\/pipelines\/flask\?done=/);
  for (const [app, stage] of Object.entries({ shop: "staging", blog: "production" })) {
    assert.match(
      String((await site.post(`${PAGE}/add`, { app, stage }, "ada")).headers.location),
      /^\/pipelines\/flask/,
    );
  }
}

test("a pipeline is made, and shows its stages in columns with each app's release", async () => {
  await using site = await serveDashboard();
  assert.match(words((await site.get("/pipelines", "ada")).body), /None yet\. A pipeline puts apps in stages/);
  await piped(site);
  const { body } = await site.get(PAGE, "ada");
  const [development = "", staging = "", production = ""] = body.split('<section aria-labelledby="stage-').slice(1);
  assert.match(words(development), /No app/);
  assert.match(words(staging), /shop .*v1 · Deploy 1111111 .*Promote to production…/);
  assert.match(words(production), /blog .*Nothing is deployed yet\./);
  assert.ok(!production.includes("Promote"), "there is nothing after production");
  assert.match(words((await site.get("/pipelines", "ada")).body), /flask 2 apps/);
  assert.match((await site.get(PAGE, "ada")).body, /aria-current="true">Pipelines<\/a>/);
});

test("a promotion shows what it will do, and then does it to its end", async () => {
  await using site = await serveDashboard();
  await piped(site);
  const preview = await site.post(`${PAGE}/promote`, { app: "shop" }, "ada");
  assert.match(words(preview.body), /Promote shop to blog .*The same image runs there.*Promote v1 of shop to blog/);
  assert.equal(site.world.sources.length, 0);
  const made = await site.post(`${PAGE}/promote`, { app: "shop", confirmed: "yes" }, "ada");
  assert.match(String(made.headers.location), /^\/pipelines\/flask\?done=/);
  assert.equal(site.world.sources.at(0)?.image, "sha256:1");
  site.world.failure = new UserError("the release command failed: exit code 1");
  const failed = await site.post(`${PAGE}/promote`, { app: "shop", confirmed: "yes" }, "ada");
  const told = words((await site.get(String(failed.headers.location), "ada")).body);
  assert.match(told, /blog was not promoted: the release command failed: exit code 1/);
});

test("a pipeline is its owner's, and goes without its apps", async () => {
  await using site = await serveDashboard();
  await piped(site);
  const asAnn = await site.get(PAGE, "ann");
  assert.match(words(asAnn.body), /shop/);
  assert.ok(!words(asAnn.body).includes("blog"), "whose app it is not, does not see it");
  await site.post(`${PAGE}/remove`, { app: "blog" }, "ada");
  assert.ok(!words((await site.get(PAGE, "ada")).body).includes("Remove blog"));
  assert.match(words((await site.post(`${PAGE}/destroy`, {}, "ada")).body), /Its apps stay/);
  await site.post(`${PAGE}/destroy`, { confirmed: "yes" }, "ada");
  assert.equal((await site.get(PAGE, "ada")).status, 404);
  assert.ok(site.world.apps.has("shop"));
});
