import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../lib/errors.ts";
import { PulumiError } from "../../../services/stacks/engine.ts";
import { lockHolders, PulumiFailure, pulumiReason, reasonOf } from "../../../services/stacks/reasons.ts";

test("why Pulumi did not do it is known by the words of both engines", () => {
  for (const [output, reason] of [
    ["error: the stack is currently locked by 1 lock(s). Either wait", "locked"],
    ["error: no stack named 'shop' found", "unknown-stack"],
    ["error: stack 'organization/dynoform/shop' already exists", "exists"],
    ["error: incorrect passphrase", "wrong-passphrase"],
    ["error: (HTTP code 409) network with name shop already exists", "failed"],
    ['error: role "shop" already exists', "failed"],
    ["", "failed"],
  ] as const) {
    assert.equal(reasonOf(output), reason, output);
    assert.equal(pulumiReason(new PulumiError(["up"], 255, output)), reason, output);
  }
  assert.equal(pulumiReason(new UserError("no stack named 'shop' found")), undefined);
});

test("somebody else's lock is a conflict, everything else is not", () => {
  assert.equal(new PulumiFailure("locked", "locked").kind, "conflict");
  assert.equal(new PulumiFailure("there is none", "unknown-stack").kind, "invalid");
});

test("who holds a lock is read only where that is why", () => {
  const line = "  file:///locks/a.json: created by ada@host (pid 12) at 2026-01-01T00:00:00Z";
  assert.deepEqual(lockHolders(`error: the stack is currently locked by 1 lock(s).\n${line}`), [
    { host: "host", pid: "12" },
  ]);
  assert.deepEqual(lockHolders(line), []);
});
