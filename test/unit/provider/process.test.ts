import assert from "node:assert/strict";
import { test } from "node:test";
import { isScaledByHand } from "../../../provider/process/process.ts";

test("a dyno's second container is a restart's for some minutes, and then somebody's; a third is at once", () => {
  const now = Date.UTC(2026, 0, 2);
  const scaled = (replicas: number, minutes: number) =>
    isScaledByHand({ replicas, updatedAt: now - minutes * 60_000 }, now);
  assert.deepEqual([scaled(0, 60), scaled(1, 60), scaled(2, 0), scaled(2, 9)], [false, false, false, false]);
  assert.deepEqual([scaled(2, 11), scaled(3, 0)], [true, true]);
});
