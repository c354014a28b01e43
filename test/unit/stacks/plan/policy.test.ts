import assert from "node:assert/strict";
import { test } from "node:test";
import { denied, parseRules, refusal } from "../../../../services/stacks/plan/policy.ts";
import { planned } from "../../cli/ci/planned.ts";

const DATABASE = "postgresql:index/database:Database";
const gone = planned("delete", DATABASE, "shop.DATABASE", { loses: "database" });
const grant = planned("replace", "postgresql:index/grant:Grant", "shop.DATABASE-public");
const role = planned("delete", "postgresql:index/role:Role", "shop.DATABASE-login-1");

const found = (rules: string, config = {}) =>
  denied(parseRules([rules]), [gone, grant, role], config).map(({ rule, planned: { name } }) => `${rule} ${name}`);

test("rules forbid by what is done and by package, type or Heroku's word", () => {
  assert.deepEqual(found("delete:addon"), ["delete:addon shop.DATABASE"]);
  assert.deepEqual(found("replace:postgresql"), ["replace:postgresql shop.DATABASE-public"]);
  assert.deepEqual(found("delete:postgresql:Database"), ["delete:postgresql:Database shop.DATABASE"]);
  assert.deepEqual(found(`delete:${DATABASE}`), [`delete:${DATABASE} shop.DATABASE`]);
  assert.deepEqual(found("create:addon, replace:addon"), []);
});

test("a stack file allows single things, by their name or by what follows the app's", () => {
  const allow = (...things: string[]) => found("delete:postgresql", { "dynoform:allowDataLoss": things });
  assert.deepEqual(allow("DATABASE"), ["delete:postgresql shop.DATABASE-login-1"]);
  assert.deepEqual(allow("shop.DATABASE", "DATABASE-login-1"), []);
  assert.deepEqual(allow("ORDERS").length, 2);
  assert.deepEqual(found("delete:addon", { "dynoform:allowDataLoss": { DATABASE: true } }).length, 1);
});

test("a refusal says what, why and how it is allowed; what is no rule is refused", () => {
  assert.equal(
    refusal("shop", denied(parseRules(["delete:addon"]), [gone], {})),
    "shop is not brought up: it would delete shop.DATABASE (delete:addon), and what is stored in that database. If that is meant, write dynoform:allowDataLoss: [DATABASE] into its stack file.",
  );
  for (const text of ["addon", "remove:addon", "delete:", "delete:a b"]) {
    assert.throws(() => parseRules([text]), /^UserError: ".*" is no rule; use create, update, replace, delete/);
  }
  assert.deepEqual(parseRules(["", " , "]), []);
});
