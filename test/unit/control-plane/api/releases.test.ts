import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../../lib/errors.ts";
import { until } from "../../../support/until.ts";
import { type Served, serve } from "./served.ts";

async function set(served: Served, changes: Record<string, string | null>) {
  return served.ask("PATCH", "/apps/shop/config-vars", { body: changes });
}

test("config vars: all are shown, changes make a release, values stand nowhere else", async () => {
  await using served = await serve();
  const all = { DATABASE_URL: "postgres://secret", GREETING: "hello" };
  assert.deepEqual((await served.ask("GET", "/apps/shop/config-vars")).body, all);
  const changed = await set(served, { A: "s3cret", B: "" });
  assert.equal(changed.status, 200);
  assert.deepEqual(changed.body, { A: "s3cret", B: "", ...all });
  const { body: newest } = await served.ask("GET", "/apps/shop/releases", {
    headers: { range: "version ..; order=desc,max=1" },
  });
  assert.deepEqual([newest.length, newest[0].version, newest[0].description], [1, 2, "Set A, B config vars"]);
  assert.equal(newest[0].user.email, "me@example.com");
  assert.deepEqual((await set(served, { A: null })).body, { B: "", ...all });
  assert.deepEqual(served.world.said("shop"), [
    "app[api]: Set A, B config vars by user me@example.com",
    "app[api]: Release v2 created by user me@example.com",
    "app[api]: Remove A config vars by user me@example.com",
    "app[api]: Release v3 created by user me@example.com",
  ]);
  assert.deepEqual((await set(served, { B: "", NOBODY: null })).body, { B: "", ...all });
  assert.equal(served.world.ledger.length, 3, "what changes nothing makes no release");
});

test("what can be no config var is refused, and nothing of the request is done", async () => {
  await using served = await serve();
  for (const [name, value, message] of [
    ["1A", "x", /^1A is no name of a config var/],
    ["PORT", "1", /set by the platform/],
    ["DYNOFORM_MODE", "build", /are the platform's/],
    ["DATABASE_URL", "x", /set by an add-on/],
    ["A", 5, /^A must be a text, or null to remove it\.$/],
    ["A", "a\0b", /zero byte/],
    ["A", "a\ud800b", /half a character/],
    ["A", "x".repeat(100_001), /100000 bytes at most/],
    ["__proto__", "x", /keeps for itself/],
  ] as const) {
    const { status, body } = await served.ask("PATCH", "/apps/shop/config-vars", { body: { OK: "1", [name]: value } });
    assert.equal(status, 422, name);
    assert.equal(body.field, name);
    assert.match(body.message, message);
  }
  assert.deepEqual(served.world.changes, []);
});

test("releases come in pages, as the range says", async () => {
  await using served = await serve();
  for (let index = 2; index <= 7; index++) served.world.release(`Deploy ${index}`);
  const list = (range?: string) => served.ask("GET", "/apps/shop/releases", { headers: range ? { range } : {} });
  const versions = (body: { version: number }[]) => body.map(({ version }) => version);
  assert.deepEqual(versions((await list()).body), [1, 2, 3, 4, 5, 6, 7]);
  const first = await list("version ..; max=3, order=desc");
  assert.equal(first.status, 206);
  assert.deepEqual(versions(first.body), [7, 6, 5]);
  assert.equal(first.headers["content-range"], "version 7..5");
  const second = await list(String(first.headers["next-range"]));
  assert.deepEqual(versions(second.body), [4, 3, 2]);
  const third = await list(String(second.headers["next-range"]));
  assert.equal(third.status, 200);
  assert.equal(third.headers["next-range"], undefined);
  assert.deepEqual(versions(third.body), [1]);
  assert.deepEqual(versions((await list("version 2..4")).body), [2, 3, 4]);
  assert.deepEqual(versions((await list("version ]2..4")).body), [3, 4]);
  assert.equal((await list("id ..; max=1000;")).body.length, 7);
  for (const range of ["name ..", "version ..; max=0", "version ..; max=1001", "nonsense"]) {
    assert.equal((await list(range)).status, 416, range);
  }
});

test("a release is found by number and by id, with its config vars", async () => {
  await using served = await serve();
  await set(served, { A: "1" });
  const { body: second } = await served.ask("GET", "/apps/shop/releases/2");
  assert.deepEqual([second.version, second.current, second.status], [2, true, "succeeded"]);
  assert.equal(second.eligible_for_rollback, true, "clients count from it");
  assert.deepEqual((await served.ask("GET", `/apps/shop/releases/${second.id}`)).body, second);
  const { body: first } = await served.ask("GET", "/apps/shop/releases/v1");
  assert.deepEqual([first.current, first.eligible_for_rollback], [false, true]);
  assert.equal(first.created_at, "2026-01-01T00:00:00.000Z");
  assert.deepEqual((await served.ask("GET", "/apps/shop/releases/1/config-vars")).body, { GREETING: "hello" });
  assert.deepEqual((await served.ask("GET", "/apps/shop/releases/2/config-vars")).body, { A: "1", GREETING: "hello" });
  assert.equal((await served.ask("GET", "/apps/shop/releases/9")).body.message, "Couldn't find that release.");
  assert.deepEqual((await served.ask("GET", "/apps/blog/releases")).body, []);
});

test("a rollback declares the code and config vars of an older release as a new one", async () => {
  let now = Date.UTC(2026, 1, 1);
  await using served = await serve(() => now);
  await set(served, { A: "1", GREETING: "moin" });
  const { body: first } = await served.ask("GET", "/apps/shop/releases/1");
  const { status, body } = await served.ask("POST", "/apps/shop/releases", { body: { release: first.id } });
  assert.equal(status, 201);
  assert.deepEqual([body.version, body.description, body.output_stream_url], [3, "Rollback to v1", null]);
  assert.deepEqual(served.world.apps.get("shop")?.config, { GREETING: "hello" });

  const second = served.world.ledger[1];
  assert.ok(second);
  // Later than outputs are remembered.
  now += 60_000;
  served.world.ledger[1] = { ...second, commit: "", slug: "another" };
  const { body: list } = await served.ask("GET", "/apps/shop/releases/2");
  assert.equal(list.eligible_for_rollback, false);
  const refused = await served.ask("POST", "/apps/shop/releases", { body: { release: "v2" } });
  assert.equal(refused.status, 422);
  assert.match(refused.body.message, /^Cannot roll back to v2: the source of v2 was not kept/);
  assert.equal((await served.ask("POST", "/apps/shop/releases", { body: {} })).status, 422);
  assert.equal((await served.ask("POST", "/apps/shop/releases", { body: { release: 77 } })).status, 404);
});

test("a change that fails says why and leaves everything as it was", async () => {
  await using served = await serve();
  served.world.failure = new UserError("the app does not boot:\nImportError");
  const { status, body } = await set(served, { A: "1" });
  assert.equal(status, 422);
  assert.equal(body.message, "the app does not boot:\nImportError");
  assert.deepEqual(served.world.said("shop"), [
    "app[api]: Set A config vars by user me@example.com failed: the app does not boot:",
    "app[api]: ImportError",
  ]);
});

test("a change for which too many wait already is a conflict", async () => {
  await using served = await serve();
  served.world.failure = new UserError("10 changes of shop wait already", { kind: "conflict" });
  const { status, body } = await set(served, { A: "1" });
  assert.deepEqual([status, body], [409, { id: "conflict", message: "10 changes of shop wait already" }]);
});

test("a change that takes longer than the client waits goes on, and is not called done", async () => {
  await using served = await serve();
  let open = () => {};
  served.world.gate = new Promise((resolve) => {
    open = resolve;
  });
  const body = { A: "1" };
  const early = await served.ask("PATCH", "/apps/shop/config-vars", { body, headers: { prefer: "wait=0" } });
  assert.deepEqual(
    [early.status, early.body],
    [
      504,
      {
        id: "timeout",
        message:
          "Set A config vars goes on and is not done yet: if it fails, shop is put back as it was. " +
          "Its log tells how it ends: heroku logs -a shop",
      },
    ],
  );
  assert.deepEqual(served.world.changes, []);
  const waiting = served.ask("PATCH", "/apps/shop/formation", {
    body: { updates: [{ type: "web", quantity: 2 }] },
    headers: { prefer: "wait=60" },
  });
  open();
  const late = await waiting;
  assert.equal(late.headers["warning-message"], undefined);
  assert.equal(served.world.changes.length, 2);
  assert.deepEqual(served.world.ledger.length, 2);
});

test("a change that was made and is not as one would wish has a warning", async () => {
  await using served = await serve();
  served.world.warnings = [`web.1 of shop answers 500. Its last lines:\n    ${["a", "b", "é", "d"].join("\n    ")}`];
  const { status, headers } = await set(served, { A: "1" });
  assert.deepEqual(
    [status, headers["warning-message"]],
    [200, "web.1 of shop answers 500. Its last lines: | b | ? | d"],
  );
  assert.equal(served.world.said("shop")[1], "app[api]: Warning: web.1 of shop answers 500. Its last lines:");
});

test("requests that come together read the outputs once, and a change makes them read again", async () => {
  await using served = await serve();
  await Promise.all(Array.from({ length: 5 }, () => served.ask("GET", "/apps/shop/config-vars")));
  assert.equal(served.world.reads, 1);
  await set(served, { A: "1" });
  assert.equal((await served.ask("GET", "/apps/shop/config-vars")).body.A, "1");
});

test("outputs are not read again before the state is written, where that can be seen", async () => {
  let now = Date.UTC(2026, 0, 5);
  await using served = await serve(() => now);
  const read = async () => {
    now += 60_000;
    await served.ask("GET", "/apps/shop/config-vars");
    return served.world.reads;
  };
  assert.deepEqual([await read(), await read()], [1, 2]);
  served.world.written = 1;
  assert.deepEqual([await read(), await read(), await read()], [3, 3, 3]);
  served.world.written = 2;
  assert.deepEqual([await read(), await read()], [4, 4]);
});

test("a scaling reads no outputs but those that are known; a release is read for whoever asks for it next", async () => {
  await using served = await serve();
  served.world.written = 1;
  await served.ask("PATCH", "/apps/shop/formation", { body: { updates: [{ type: "web", quantity: 2 }] } });
  served.world.written = 2;
  assert.equal((await served.ask("GET", "/apps/shop/config-vars")).body.GREETING, "hello");
  assert.equal(served.world.reads, 1);
  await set(served, { A: "1" });
  await until("the new release was read", async () => served.world.reads === 2);
  assert.deepEqual(served.world.said("shop").slice(-2), [
    "app[api]: Set A config vars by user me@example.com",
    "app[api]: Release v2 created by user me@example.com",
  ]);
});

test("what a release command wrote is at the URL of its release, for whoever has it", async () => {
  await using served = await serve();
  await set(served, { A: "1" });
  const { body: releases } = await served.ask("GET", "/apps/shop/releases");
  assert.deepEqual(
    releases.map(({ output_stream_url }: { output_stream_url: string | null }) => output_stream_url === null),
    [false, true],
  );
  const { pathname } = new URL(releases[0].output_stream_url);
  const { body } = await served.ask("GET", pathname, { headers: { authorization: "" } });
  assert.equal(body, "migrated\n");
  assert.equal((await served.ask("GET", pathname.replace(/.$/, "~"))).status, 403);
});
