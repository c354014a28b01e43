import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../../lib/errors.ts";
import { serve } from "./served.ts";

test("an app is made under the name that is wanted, or one that is found", async () => {
  await using served = await serve();
  const { status, body: app } = await served.ask("POST", "/apps", { body: { name: "store" } });
  assert.equal(status, 201);
  assert.equal(app.name, "store");
  assert.equal(app.git_url, `https://127.0.0.1:${served.port}/store.git`);
  assert.deepEqual(served.world.made, [
    { name: "store", act: { user: "me@example.com", description: "Initial release" }, owner: app.owner.id },
  ]);
  assert.equal((await served.ask("GET", "/apps/store")).body.id, app.id);
  assert.equal((await served.ask("POST", "/apps")).body.name, "quiet-harbor-12345");
  assert.match(served.world.said("store").join("\n"), /app\[api\]: Initial release by user me@example.com/);
});

test("what cannot be made says why, with the field", async () => {
  await using served = await serve();
  const refused = async (body: unknown) => (await served.ask("POST", "/apps", { body })).body;
  assert.equal((await refused({ name: "shop" })).message, "Name shop is already taken");
  assert.equal((await refused({ name: 7 })).field, "name");
  assert.equal((await refused({ name: "store", team: "x" })).message, "There is no team here.");
  assert.equal((await refused({ name: "store", region: "eu" })).field, "region");
  assert.equal((await refused({ name: "store", stack: "heroku-24" })).field, "stack");
  served.world.failure = new UserError("no Docker");
  const failed = await served.ask("POST", "/apps", { body: { name: "store" } });
  assert.deepEqual([failed.status, failed.body.message], [422, "no Docker"]);
  assert.equal((await served.ask("GET", "/apps/store")).status, 404);
});

test("an app is destroyed, and what cannot be destroyed stays", async () => {
  await using served = await serve();
  served.world.failure = new UserError("no Docker");
  assert.equal((await served.ask("DELETE", "/apps/shop")).body.message, "no Docker");
  assert.match(served.world.said("shop").join("\n"), /Destroy shop by user me@example.com failed: no Docker/);
  served.world.failure = undefined;
  const { status, body } = await served.ask("DELETE", "/apps/shop");
  assert.deepEqual([status, body.name], [200, "shop"]);
  assert.equal((await served.ask("GET", "/apps/shop")).status, 404);
  assert.equal((await served.ask("DELETE", "/apps/shop")).status, 404);
});

test("an app is renamed, and put into maintenance", async () => {
  await using served = await serve();
  const { body } = await served.ask("PATCH", "/apps/blog", { body: { maintenance: true } });
  assert.equal(body.maintenance, true);
  assert.equal((await served.ask("GET", "/apps/blog")).body.maintenance, true);
  const twice = await served.ask("PATCH", "/apps/blog", { body: { maintenance: true } });
  assert.equal(twice.status, 200);
  const off = await served.ask("PATCH", "/apps/blog", { body: { maintenance: false } });
  assert.equal(off.body.maintenance, false);
  assert.deepEqual(
    served.world.changes.map(({ act }) => act.description),
    ["Turn maintenance mode on", "Turn maintenance mode off"],
  );
  const stack = await served.ask("PATCH", "/apps/blog", { body: { build_stack: "heroku-24" } });
  assert.deepEqual([stack.status, stack.body.message], [422, "build_stack can only be dynoform on this platform."]);
  const same = await served.ask("PATCH", "/apps/blog", { body: { build_stack: "dynoform" } });
  assert.equal(same.status, 200);
  await served.ask("PATCH", "/apps/blog", { body: { name: "journal" } });
  assert.equal((await served.ask("GET", "/apps/blog")).status, 404);
  assert.equal((await served.ask("GET", "/apps/journal")).status, 200);
});

test("a dry run says what would be done, and does nothing", async () => {
  await using served = await serve();
  const asked = [
    ["POST", "/apps", { name: "store" }, "Create store"],
    ["DELETE", "/apps/shop", undefined, "Destroy shop"],
    ["PATCH", "/apps/shop", { name: "store" }, "Rename shop to store"],
    ["PATCH", "/apps/shop", { maintenance: true }, "Turn maintenance mode on"],
  ] as const;
  for (const [method, path, body, description] of asked) {
    const answer = await served.ask(method, `${path}?dry_run=1`, { body });
    assert.equal(answer.status, 200);
    assert.deepEqual([answer.body.dry_run, answer.body.description], [true, description]);
  }
  assert.equal(served.world.plans.length, asked.length);
  assert.deepEqual([...served.world.apps.keys()], ["shop", "blog"]);
  assert.deepEqual(served.world.made, []);
});
