import assert from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./served.ts";

test("apps are listed, and found by name or id; ids stay", async () => {
  await using served = await serve();
  const { body: list } = await served.ask("GET", "/apps");
  assert.deepEqual(
    list.map((app: { name: string }) => app.name),
    ["shop", "blog"],
  );
  const [shop] = list;
  assert.match(shop.id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(shop.web_url, "http://shop.localhost:8080/");
  assert.deepEqual(shop.generation.name, "cedar");
  assert.equal(shop.owner.email, "me@example.com");
  assert.equal(shop.created_at, "2026-01-01T00:00:00.000Z");
  assert.equal(shop.process_tier, "eco");
  // What it takes is looked up for one app, not for all.
  const one = { ...shop, slug_size: 1_000_000 };
  assert.deepEqual((await served.ask("GET", `/apps/${shop.id}`)).body, one);
  assert.deepEqual((await served.ask("GET", "/users/~/apps")).body, list);

  await using again = await serve();
  const { git_url: elsewhere, ...same } = (await again.ask("GET", "/apps/shop")).body;
  assert.equal(elsewhere, `https://127.0.0.1:${again.port}/shop.git`);
  assert.deepEqual({ ...same, git_url: shop.git_url }, one);
  const { body: account } = await served.ask("GET", "/account");
  assert.equal(account.email, "me@example.com");
  assert.equal(account.id, shop.owner.id);
});

test("the formation has every process type of the Procfile but release", async () => {
  await using served = await serve();
  const { body } = await served.ask("GET", "/apps/shop/formation");
  const shown = body.map(({ type, quantity, size, command }: Record<string, unknown>) => ({
    type,
    quantity,
    size,
    command,
  }));
  assert.deepEqual(shown, [
    { type: "web", quantity: 1, size: "Free", command: "uwsgi uwsgi.ini" },
    { type: "worker", quantity: 0, size: "Free", command: "python work.py" },
  ]);
  assert.equal((await served.ask("GET", "/apps/shop/formation/worker")).body.id, body[1].id);
  assert.deepEqual((await served.ask("GET", "/apps/blog/formation")).body, [], "never deployed");
});

test("scaling takes numbers, differences and sizes in any case, several at once", async () => {
  await using served = await serve();
  const scale = (...updates: object[]) => served.ask("PATCH", "/apps/shop/formation", { body: { updates } });
  const show = (body: { type: string; quantity: number; size: string }[]) =>
    body.map(({ type, quantity, size }) => `${type}=${quantity}:${size}`);
  const first = await scale({ type: "web", quantity: "2", size: "Standard-2X" }, { type: "worker", quantity: "+1" });
  assert.equal(first.status, 200);
  assert.deepEqual(show(first.body), ["web=2:Standard-2X", "worker=1:Free"]);
  assert.deepEqual(served.world.apps.get("shop")?.formation, {
    web: { quantity: 2, size: "standard-2x" },
    worker: { quantity: 1 },
  });
  assert.deepEqual(show((await scale({ type: "web", quantity: "-1" })).body), ["web=1:Standard-2X"]);
  assert.deepEqual(show((await scale({ type: "worker", quantity: 0 })).body), ["worker=0:Free"]);
  assert.deepEqual(show((await scale({ type: "web", size: "PERFORMANCE-M" })).body), ["web=1:Performance-M"]);
  const one = await served.ask("PATCH", "/apps/shop/formation/web", { body: { quantity: "3" } });
  assert.equal(one.body.quantity, 3);
  assert.deepEqual(
    served.world.changes.map(({ act }) => act),
    [
      "Scaled to web@2:Standard-2X worker@1:Free",
      "Scaled to web@1:Standard-2X",
      "Scaled to worker@0:Free",
      "Scaled to web@1:Performance-M",
      "Scaled to web@3:Performance-M",
    ].map((description) => ({ user: "me@example.com", description })),
  );
  assert.deepEqual(served.world.said("shop").slice(0, 1), [
    "app[api]: Scaled to web@2:Standard-2X worker@1:Free by user me@example.com",
  ]);
  assert.equal(served.world.ledger.length, 1, "no release");
});

test("differences of clients that come together add up", async () => {
  await using served = await serve();
  const plus = () =>
    served.ask("PATCH", "/apps/shop/formation", { body: { updates: [{ type: "web", quantity: "+1" }] } });
  const answers = await Promise.all([plus(), plus(), plus()]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  assert.equal(served.world.apps.get("shop")?.formation.web?.quantity, 4);
});

test("what cannot be scaled is refused, with the field", async () => {
  await using served = await serve();
  const cases = [
    [{ type: "web", size: "huge" }, 422, "size", /^"huge" is not a dyno size; use Free, Eco, .* or Performance-L\.$/],
    [{ type: "web", quantity: "many" }, 422, "quantity", /^"many" is no quantity/],
    [{ type: "web", quantity: "1.5" }, 422, "quantity", /no quantity/],
    [{ type: "web", quantity: 101 }, 422, "quantity", /^web would have 101 dynos; use a number from 0 to 100\.$/],
    [{ type: "web", quantity: "-2" }, 422, "quantity", /^web would have -1 dynos/],
    [{ type: "web" }, 422, "quantity", /^web needs a quantity or a size\.$/],
    [{ quantity: 1 }, 422, "type", /^type is required\.$/],
    [{ type: "clock", quantity: 1 }, 404, undefined, /^Couldn't find that process type \(clock\)\.$/],
    [{ type: "release", quantity: 1 }, 404, undefined, /process type \(release\)/],
  ] as const;
  for (const [update, status, field, message] of cases) {
    const answer = await served.ask("PATCH", "/apps/shop/formation", { body: { updates: [update] } });
    assert.equal(answer.status, status, JSON.stringify(update));
    assert.equal(answer.body.field, field);
    assert.match(answer.body.message, message);
  }
  for (const updates of [
    undefined,
    [],
    "web=1",
    [
      { type: "web", quantity: 1 },
      { type: "web", quantity: 2 },
    ],
  ]) {
    assert.equal((await served.ask("PATCH", "/apps/shop/formation", { body: { updates } })).status, 422);
  }
  assert.deepEqual(served.world.changes, []);
});

test("usage and what is left of the free hours", async () => {
  await using served = await serve(() => Date.UTC(2026, 0, 20));
  const { body } = await served.ask("GET", "/apps/shop/usage");
  assert.equal(body.month, "2026-01");
  assert.deepEqual(body.dynos, [{ type: "web", size: "Free", seconds: 3600 }]);
  assert.deepEqual(body.quota, { per: "app", seconds: 2_700_000, used: 3600, used_by_app: 3600, remaining: 2_696_400 });
  assert.deepEqual((await served.ask("GET", "/apps/shop/usage?month=2025-12")).body.dynos, []);
  assert.equal((await served.ask("GET", "/apps/shop/usage?month=2025-13")).status, 422);

  await using shared = await serve(() => Date.UTC(2026, 0, 20), { free: 750, per: "account" });
  assert.equal((await shared.ask("GET", "/apps/shop/usage")).body.quota.remaining, 2_696_340);
  const quota = await shared.ask("GET", `/accounts/${body.app.id}/actions/get-quota`);
  assert.equal(quota.body.account_quota, 2_700_000);
  assert.equal(quota.body.quota_used, 3660);
  assert.deepEqual(quota.body.apps[0], { app_uuid: body.app.id, quota_used: 3600 });
});
