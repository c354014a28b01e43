import assert from "node:assert/strict";
import { test } from "node:test";
import { beginningsOf, copiedFrom } from "../../../../services/control-plane/reviews/beginnings.ts";
import { changesOnly } from "../../../../services/control-plane/reviews/decide.ts";
import type { ReviewingPipeline } from "../../../../services/control-plane/reviews/ports.ts";
import { readAppJson } from "../../../../services/control-plane/setups/app-json.ts";

const stages = { development: [], staging: ["shop"], production: [] };
const pipeline = (reviewApps: ReviewingPipeline["reviewApps"]): ReviewingPipeline => ({
  ...{ name: "shop", id: "shop", stack: "shop.pipeline", path: "", stages, github: "shop.github", createdAt: 0 },
  reviewApps,
  plainReviewConfig: { PLAIN: "plain" },
});
const parent = {
  name: "shop",
  addons: { DATABASE: { service: "postgresql" as const } },
  environment: { DATABASE_URL: "postgres://of-shop", STRIPE: "secret of shop", OTHER: "secret too" },
};
const app = (fork: boolean) => ({
  name: "shop-pr-12",
  review: { pipeline: "shop", pull: 12, branch: "feature", fork },
});
const json = readAppJson(
  JSON.stringify({
    env: { KEY: { generator: "secret" }, MODE: "all", DATABASE_URL: { required: true } },
    environments: { review: { env: { MODE: "review" }, addons: ["heroku-postgresql:mini"] } },
  }),
  "review",
);
const reviewConfig = { PLAIN: "plain", TOKEN: "secret of reviews", DATABASE_URL: "postgres://elsewhere" };

test("a review app has what is inherited by name, the review config over it, and a database of its own", () => {
  const it = pipeline({ inherit: ["STRIPE", "ABSENT"] });
  const { variables, addons, remarks } = beginningsOf({ pipeline: it, app: app(false), json, parent, reviewConfig });
  const { KEY, ...rest } = variables;
  assert.match(KEY ?? "", /^[0-9a-f]{64}$/);
  assert.deepEqual(rest, {
    MODE: "review",
    STRIPE: "secret of shop",
    PLAIN: "plain",
    TOKEN: "secret of reviews",
    HEROKU_APP_NAME: "shop-pr-12",
    HEROKU_BRANCH: "feature",
    HEROKU_PR_NUMBER: "12",
  });
  assert.deepEqual(addons, [{ plan: "mini", as: "DATABASE" }]);
  assert.deepEqual(remarks, [
    "DATABASE_URL is its own add-on's; the value of the same name is not used",
    "ABSENT is to be inherited, and is not there",
  ]);
});

test("a fork's has nothing that is secret, and no data", () => {
  const it = pipeline({ inherit: ["STRIPE"], database: { copy: "DATABASE" }, forks: "approved" });
  const { variables } = beginningsOf({ pipeline: it, app: app(true), json, parent, reviewConfig });
  assert.doesNotMatch(JSON.stringify(variables), /secret of|postgres:/);
  assert.equal(variables.PLAIN, "plain");
  assert.equal(copiedFrom(it, app(true), parent), undefined);
});

test("data is copied from the app that it is like, and from no other", () => {
  const it = pipeline({ database: { copy: "DATABASE" } });
  assert.equal(copiedFrom(it, app(false), parent)?.url, "postgres://of-shop");
  assert.equal(copiedFrom(pipeline({}), app(false), parent), undefined);
  assert.throws(() => copiedFrom(it, app(false), undefined), /there is no database DATABASE/);
  assert.throws(() => copiedFrom(it, app(false), { ...parent, addons: {} }), /there is no database DATABASE of shop/);
});

test("what app.json requires and nobody gives is missed", () => {
  const needs = readAppJson(JSON.stringify({ env: { MUST: { required: true } } }), "review");
  const of = { pipeline: pipeline({}), app: app(false), json: needs, parent, reviewConfig };
  assert.throws(() => beginningsOf(of), /requires values for MUST: give them as config vars of the pipeline's review/);
});

test("a pull request is left out by its files only if it changes no others", () => {
  const settings = { ignore: { paths: ["docs/**", "*.md"] } };
  assert.equal(changesOnly(["docs/a/b.txt", "README.md"], settings), true);
  assert.equal(changesOnly(["docs/a.txt", "app.py"], settings), false);
  assert.equal(changesOnly([], settings), false);
  assert.equal(changesOnly(["README.md"], {}), false);
});
