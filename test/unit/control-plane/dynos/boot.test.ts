import assert from "node:assert/strict";
import { test } from "node:test";
import { booted } from "../../../../services/control-plane/dynos/boot.ts";
import { FakeRouter } from "./fakes.ts";

const dyno = { app: "shop", service: "web" };
const never = new AbortController().signal;
const failing = (reason: string) => Object.assign(new Error(reason), { error: "probe", probe: { reason } });

function routerOf(answers: (service: string) => Promise<unknown>): FakeRouter {
  const router = new FakeRouter(Date.now);
  router.put("shop", "web");
  router.answers = answers;
  return router;
}

test("a dyno that answers is up, one that answers with errors too", async () => {
  assert.equal(
    (
      await booted(
        routerOf(async () => {}),
        dyno,
        1,
        never,
      )
    ).result,
    "up",
  );
  const status = routerOf(() => Promise.reject(failing("status")));
  assert.equal((await booted(status, dyno, 1, never)).result, "up");
});

test("one that does not listen in time is silent, one that ended is gone", async () => {
  const refused = routerOf(() => Promise.reject(failing("refused")));
  assert.deepEqual(await booted(refused, dyno, 0.2, never), { result: "silent", routed: true, timeout: 0.2 });
  const unrouted = new FakeRouter(Date.now);
  assert.deepEqual(await booted(unrouted, dyno, 0.2, never), { result: "silent", routed: false, timeout: 0.2 });
  const hangs = routerOf(() => Promise.reject(failing("no_answer")));
  assert.equal((await booted(hangs, dyno, 0.2, never)).result, "up", "it listens");
  const gone = new AbortController();
  const waiting = booted(
    routerOf(() => new Promise(() => {})),
    dyno,
    60,
    gone.signal,
  );
  setImmediate(() => gone.abort());
  assert.equal((await waiting).result, "gone");
});

test("one that listens while an up proves it has as long as that takes", async () => {
  const router = new FakeRouter(Date.now);
  router.listening.add("web");
  const asked = Promise.withResolvers<void>();
  const { bound } = router;
  router.bound = (service) => {
    asked.resolve();
    return bound.call(router, service);
  };
  const waiting = booted(router, dyno, 0.05, never);
  // Its time is over.
  await asked.promise;
  router.put("shop", "web");
  assert.deepEqual(await waiting, { result: "up", routed: true, timeout: 0.05 });
});

test("without a router a dyno that runs is up", async () => {
  const router = new FakeRouter(Date.now);
  router.list = () => Promise.reject(new Error("the router does not answer"));
  assert.equal((await booted(router, dyno, 0.1, never)).result, "up");
});
