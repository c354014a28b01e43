/**
 * Random programs, edits, failures and cuts at any write or call: whatever happened, the state makes sense, nothing is
 * lost, nothing is there twice, and the next update ends in what is wanted. RUNS, SEED and REPLAY (the path that a
 * failure is told with) repeat a run; SHRINK has a failure made smaller, which takes a minute.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Fault, randomStacks } from "./random.ts";

const { SEED, RUNS, REPLAY, SHRINK } = process.env;
// One that is known, since what a new one finds is no fault of the change that is tested; the soak takes new ones.
const seed = Number(SEED ?? 33);

test(`whatever happens to random stacks, nothing is lost (SEED=${seed})`, async () => {
  await randomStacks({ seed, runs: Number(RUNS ?? 200), path: REPLAY, shrink: SHRINK !== undefined });
});

const faults: Record<Exclude<Fault, "none">, RegExp> = {
  lostEdit: /^AssertionError/,
  deleteOrder: /was deleted before what uses it/,
  earlySave: /the (in|out)puts of r/,
};

for (const [fault, found] of Object.entries(faults) as [Fault, RegExp][]) {
  test(`a fault put in by hand is found: ${fault}`, async () => {
    await assert.rejects(randomStacks({ seed: 5, runs: 1000, fault }), (error: Error) => {
      assert.match(String(error.cause), found);
      return true;
    });
  });
}
