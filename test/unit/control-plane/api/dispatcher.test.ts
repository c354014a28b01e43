import assert from "node:assert/strict";
import { test } from "node:test";
import type { Right } from "../../../../services/control-plane/accounts/caller.ts";
import type { AuditEntry } from "../../../../services/control-plane/api/ports.ts";
import { serve } from "./served.ts";

const QUOTA = { free: 750, per: "app" } as const;

test("an app of somebody else's is not there, in lists and by its name", async () => {
  const may = (_caller: unknown, app: string) => app === "blog-id";
  await using served = await serve(undefined, QUOTA, { may });
  const { body } = await served.ask("GET", "/apps");
  assert.deepEqual(
    body.map(({ name }: { name: string }) => name),
    ["blog"],
  );
  for (const [method, path] of [
    ["GET", "/apps/shop"],
    ["GET", "/apps/shop/config-vars"],
    ["PATCH", "/apps/shop/config-vars"],
    ["DELETE", "/apps/shop/dynos"],
  ] as const) {
    const answer = await served.ask(method, path);
    assert.equal(answer.status, 404, path);
    assert.deepEqual(answer.body, { id: "not_found", message: "Couldn't find that app.", resource: "app" });
  }
  assert.deepEqual(served.world.restarts, []);
});

test("what changes something is written down, without what stands in the path or the body", async () => {
  const entries: AuditEntry[] = [];
  const asked: Right[] = [];
  await using served = await serve(() => 7, QUOTA, {
    audit: (entry) => void entries.push(entry),
    may: (_caller, _app, right) => asked.push(right) > 0,
  });
  await served.ask("GET", "/apps/shop");
  await served.ask("PATCH", "/apps/shop/config-vars", { body: { A: "s3cret" }, headers: { "request-id": "r1" } });
  await served.ask("DELETE", "/apps/shop/dynos/web.9", { headers: { "request-id": "r2" } });
  const { id } = served.accounts.users.first();
  const caller = { id, email: "me@example.com", role: "admin", via: "key" };
  const common = { at: 7, caller, from: "127.0.0.1", app: "shop", dryRun: false };
  assert.deepEqual(entries, [
    { ...common, method: "PATCH", route: "/apps/:app/config-vars", status: 200, request: "r1" },
    { ...common, method: "DELETE", route: "/apps/:app/dynos/:dyno", status: 404, request: "r2" },
  ]);
  assert.ok(!JSON.stringify(entries).includes("s3cret"));
  assert.ok(asked.includes("use"));
});

test("a dry run tells what would happen and does nothing", async () => {
  const entries: AuditEntry[] = [];
  await using served = await serve(undefined, QUOTA, { audit: (entry) => void entries.push(entry) });
  const config = await served.ask("PATCH", "/apps/shop/config-vars?dry_run=1", { body: { A: "1" } });
  assert.deepEqual(config.body, {
    dry_run: true,
    app: "shop",
    description: "Set A config vars",
    changes: { same: 1 },
    steps: [],
    preview: "nothing",
  });
  const headers = { "dynoform-dry-run": "1" };
  const restart = await served.ask("DELETE", "/apps/shop/dynos", { headers });
  assert.equal(restart.body.description, "Restart of all dynos");
  const run = await served.ask("POST", "/apps/shop/dynos", { headers, body: { command: "ls" } });
  assert.equal(run.body.dry_run, true);
  const { world } = served;
  assert.deepEqual([world.changes, world.restarts, world.oneOffs, world.acts, world.lines], [[], [], [], [], []]);
  assert.equal(world.plans.length, 1);
  assert.ok(entries.length === 3 && entries.every(({ dryRun, status }) => dryRun && status === 200));
});
