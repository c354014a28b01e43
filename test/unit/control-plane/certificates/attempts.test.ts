import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mayOrderAt, retryAfter } from "../../../../services/control-plane/certificates/attempts.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test("who fails waits longer each time; who mends DNS waits for the limit alone", () => {
  assert.equal(mayOrderAt([], false), 0);
  assert.equal(mayOrderAt([1000], false), 1000 + MINUTE);
  assert.equal(mayOrderAt([0, 1000], false), 1000 + 2 * MINUTE);
  assert.equal(mayOrderAt([0, 1000], true), 1000);
  assert.equal(mayOrderAt([5, 6, 7, 1000], true), 5 + HOUR);
});

test("no name fails more than five times an hour, however often it is looked at and DNS changes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ pause: fc.nat(10 * MINUTE), changed: fc.boolean() }), { size: "large" }),
      (looks) => {
        const failed: number[] = [];
        let now = 1;
        for (const { pause, changed } of looks) {
          now += pause;
          if (mayOrderAt(failed, changed) <= now) failed.push(now);
        }
        for (const at of failed) assert.ok(failed.filter((each) => each >= at && each < at + HOUR).length <= 5);
      },
    ),
  );
});

test("an authority says when its limit is over", () => {
  const text = "too many certificates already issued for shop.test: retry after 2026-12-01 10:20:30 UTC: see https://…";
  assert.equal(retryAfter(text), Date.UTC(2026, 11, 1, 10, 20, 30));
  assert.equal(retryAfter("too many"), undefined);
});
