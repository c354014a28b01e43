import assert from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./served.ts";

test("what is not as it is declared, as of the last look; nothing before there was one", async () => {
  await using served = await serve();
  assert.deepEqual((await served.ask("GET", "/apps/shop/drift")).body, { looked_at: null, differences: [] });
  const row = { type: "docker:index/service:Service", name: "shop.web.1", declared: "1", there: "3" };
  const changedAt = "2026-01-01T12:00:00.000Z";
  served.world.drift.set("shop", { at: Date.UTC(2026, 0, 2), drift: [row, { ...row, path: "mode", changedAt }] });
  const { body } = await served.ask("GET", "/apps/shop/drift");
  assert.deepEqual(body, {
    looked_at: "2026-01-02T00:00:00.000Z",
    differences: [
      { ...row, path: null, changed_at: null },
      { ...row, path: "mode", changed_at: changedAt },
    ],
  });
});
