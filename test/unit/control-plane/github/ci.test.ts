import assert from "node:assert/strict";
import { test } from "node:test";
import type { Check } from "../../../../services/control-plane/github/forge/forge.ts";
import { GRACE_MS, verdictOf } from "../../../../services/control-plane/github/worker/ci.ts";

const check = (name: string, state: Check["state"]): Check => ({ name, state });

test("a commit is deployed when all that checks it has passed", () => {
  assert.deepEqual(verdictOf([check("unit", "passed"), check("lint", "passed")], 0), { state: "passed" });
  assert.deepEqual(verdictOf([check("unit", "passed"), check("lint", "pending")], 10 * GRACE_MS), {
    state: "waiting",
    why: "its checks go on: lint",
  });
});

test("one that did not pass decides, whatever else goes on", () => {
  assert.deepEqual(verdictOf([check("unit", "failed"), check("lint", "pending")], 0), {
    state: "failed",
    why: "its checks did not pass: unit",
  });
});

test("what we say ourselves is no check", () => {
  assert.equal(verdictOf([check("dynoform/shop", "failed"), check("unit", "passed")], 0).state, "passed");
  assert.equal(verdictOf([check("dynoform/shop", "pending")], GRACE_MS).state, "none");
});

test("nothing at all is waited for a minute, and then taken for no checks", () => {
  assert.deepEqual(verdictOf([], GRACE_MS - 1), { state: "waiting", why: "its checks have not begun" });
  assert.deepEqual(verdictOf([], GRACE_MS), { state: "none" });
});

test("many are named in a line", () => {
  const many = ["a", "b", "c", "d", "e", "a"].map((name) => check(name, "pending"));
  assert.deepEqual(verdictOf(many, 0), { state: "waiting", why: "its checks go on: a, b, c and 2 more" });
});
