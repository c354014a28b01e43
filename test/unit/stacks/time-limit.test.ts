import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { endAfter, timeLimitOf } from "../../../services/stacks/time-limit.ts";

test("only what depends on GitHub has a time limit", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dynoform-limit-"));
  try {
    await writeFile(join(folder, "Pulumi.yaml"), "name: shop\nruntime: nodejs\n");
    await writeFile(join(folder, "Pulumi.shop.yaml"), "config:\n  dynoform:app: {}\n");
    await writeFile(join(folder, "Pulumi.shop.github.yaml"), "config:\n  dynoform:github: { repository: octo/shop }\n");
    const limit = await timeLimitOf("shop.github", folder);
    assert.equal(limit?.milliseconds, 120_000);
    assert.match(limit?.problem ?? "", /^stack shop.github was not done within 2 minutes: GitHub is slow/);
    assert.equal(await timeLimitOf("shop", folder), undefined);
    assert.equal(await timeLimitOf("other", folder), undefined);
    assert.equal(await timeLimitOf("shop.github", tmpdir()), undefined, "there is no project");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

const limit = { milliseconds: 20, problem: "too long" };

test("a command that takes too long is asked to end, asked again, and killed", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const signals: unknown[] = [];
  const timer = endAfter({ kill: (signal) => signals.push(signal) > 0 }, limit, 5);
  t.mock.timers.tick(limit.milliseconds);
  assert.deepEqual([signals, timer.isExpired()], [["SIGINT"], true]);
  t.mock.timers.tick(5);
  assert.deepEqual(signals, ["SIGINT", "SIGINT"]);
  t.mock.timers.tick(5);
  assert.deepEqual(signals, ["SIGINT", "SIGINT", "SIGKILL"]);
});

test("a command that ends in time is left alone", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const signals: unknown[] = [];
  const timer = endAfter({ kill: (signal) => signals.push(signal) > 0 }, limit);
  t.mock.timers.tick(limit.milliseconds - 1);
  timer.stop();
  t.mock.timers.tick(60_000);
  assert.deepEqual([signals, timer.isExpired()], [[], false]);
});
