import assert from "node:assert/strict";
import { test } from "node:test";
import { testPlatform } from "../../support/platform.ts";
import { login } from "./tutorial/login.ts";
import { scene } from "./tutorial/scene.ts";

test("a Heroku tutorial with the official command line", { timeout: 600_000 }, async (t) => {
  await using platform = await testPlatform();
  await platform.up();
  await using set = await scene(platform);
  await login(t, set);
  await t.test("every answer was as Heroku publishes it", () => {
    assert.deepEqual([...new Set(set.recorder.problems)], []);
  });
});
