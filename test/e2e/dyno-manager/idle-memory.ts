import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { memoryOf } from "../../support/memory.ts";
import type { TestPlatform } from "../../support/platform.ts";

/** MB, of all parts together. */
const MOST = 200;

/** A platform without apps is small. */
export async function idleMemory(t: TestContext, platform: TestPlatform): Promise<void> {
  let sum = 0;
  for (const part of ["router", "control-plane", "runner", "postgres"]) {
    const megabytes = await memoryOf(platform, part);
    t.diagnostic(`${part}: ${megabytes.toFixed(1)} MB`);
    sum += megabytes;
  }
  t.diagnostic(`together: ${sum.toFixed(1)} MB`);
  assert.ok(sum <= MOST, `${sum} MB`);
}
