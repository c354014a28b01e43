import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { AppBusy, QueueLock } from "../../../../services/control-plane/apps/lock.ts";

function task() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { work: () => promise, done: () => resolve() };
}

test("an app's acts come one after the other, those of two apps at the same time", async () => {
  const lock = new QueueLock();
  const order: string[] = [];
  const first = task();
  const shop = [
    lock.run("shop", "an up", async () => {
      await first.work();
      order.push("first");
    }),
    lock.run("shop", "a restart", async () => {
      order.push("second");
      throw new Error("failed");
    }),
    lock.run("shop", "a wake", async () => void order.push("third")),
  ];
  await lock.run("blog", "an up", async () => void order.push("blog"));
  assert.equal(lock.busy("shop"), true);
  assert.equal(lock.busy("blog"), false);
  assert.deepEqual(lock.lines, [{ app: "shop", waiting: 2 }]);
  first.done();
  const ends = await Promise.allSettled(shop);
  assert.deepEqual(
    ends.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  assert.deepEqual(order, ["blog", "first", "second", "third"]);
  assert.equal(lock.busy("shop"), false);
});

test("who would wait too long, or behind too many, is told what is going on", async () => {
  const lock = new QueueLock({ waiting: 2, patience: 50 });
  const first = task();
  const running = lock.run("shop", "an up", first.work);
  const waiting = [1, 2].map((n) => lock.run("shop", `act ${n}`, async () => n));
  await assert.rejects(
    lock.run("shop", "one more", async () => {}),
    new AppBusy("shop is busy with an up, and 2 others wait already. Try again in a minute."),
  );
  for (const one of waiting) {
    await assert.rejects(one, new AppBusy("shop was busy with an up for 0.05 seconds. Try again in a minute."));
  }
  first.done();
  await running;
  assert.equal(await lock.run("shop", "later", async () => "turn"), "turn");
});

test("who gave up does not get the turn", async () => {
  const lock = new QueueLock({ waiting: 10, patience: 30 });
  const first = task();
  const running = lock.run("shop", "an up", first.work);
  let begun = false;
  const tired = lock.run("shop", "a restart", async () => {
    begun = true;
  });
  await assert.rejects(tired, AppBusy);
  const last = lock.run("shop", "a wake", async () => "awake");
  first.done();
  await running;
  assert.equal(await last, "awake");
  await sleep(50);
  assert.equal(begun, false);
});
