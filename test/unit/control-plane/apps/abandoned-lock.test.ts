import assert from "node:assert/strict";
import { hostname } from "node:os";
import { test } from "node:test";
import { isAbandonedLock } from "../../../../services/runner/locks.ts";

const refusal = (...locks: string[]) =>
  `error: the stack is currently locked by ${locks.length} lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.\n${locks.map((lock) => `  file:///state/.pulumi/locks/a.json: created by ${lock} at 2026-01-01T00:00:00Z\n`).join("")}`;
const gone = () => false;

test("a lock is abandoned when all who hold it ran here and have ended", () => {
  const here = hostname();
  assert.equal(isAbandonedLock(refusal(`ada@${here} (pid 12)`), gone), true);
  assert.equal(isAbandonedLock(refusal(`ada@${here} (pid ${process.pid})`)), false);
  assert.equal(isAbandonedLock(refusal(`ada@${here} (pid 12)`, "ada@elsewhere (pid 12)"), gone), false);
  assert.equal(isAbandonedLock("error: a dyno created by ada@here (pid 12) crashed", gone), false);
  assert.equal(isAbandonedLock(refusal(), gone), false);
});
