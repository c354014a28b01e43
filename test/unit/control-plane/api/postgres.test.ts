import assert from "node:assert/strict";
import { test } from "node:test";
import type { AddonSettings } from "../../../../model/app/settings.ts";
import { until } from "../../../support/until.ts";
import { type Served, serve } from "./served.ts";

const mini: AddonSettings = { service: "postgresql", plan: "mini" };

interface Ground extends AsyncDisposable {
  readonly served: Served;
  readonly ask: Served["ask"];
  /** The ids of the add-ons, by attachment. */
  readonly ids: Readonly<Record<string, string>>;
}

/** A server before an app with databases. */
async function withDatabases(
  addons: Record<string, AddonSettings> = { DATABASE: mini },
  hidden: string[] = [],
): Promise<Ground> {
  const served = await serve(undefined, undefined, { may: (_caller, app) => !hidden.includes(app) });
  Object.assign(served.world.apps.get("shop")?.addons ?? {}, addons);
  const { body } = await served.ask("GET", "/apps/shop/addon-attachments");
  const list = Array.isArray(body) ? body : [];
  const ids = Object.fromEntries(
    list.map((each: { name: string; addon: { id: string } }) => [each.name, each.addon.id]),
  );
  return { served, ask: served.ask, ids, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() };
}

/** As the official command waits for it. */
async function ended(ask: Served["ask"], uuid: string) {
  let transfer = { finished_at: null, succeeded: false, logs: [] as { message: string }[] };
  await until("the transfer has ended", async () => {
    transfer = (await ask("GET", `/client/v11/apps/shop/transfers/${uuid}?verbose=true`)).body;
    return transfer.finished_at !== null;
  });
  return transfer;
}

test("config vars show a database where the user's machine reaches it", async () => {
  await using ground = await withDatabases();
  const { body } = await ground.ask("GET", "/apps/shop/config-vars");
  assert.equal(body.DATABASE_URL, "postgres://ddatabase_1:s3cret@127.0.0.1:15432/ddatabase");
  const changed = await ground.ask("PATCH", "/apps/shop/config-vars", { body: { GREETING: "hi" } });
  assert.equal(changed.body.DATABASE_URL, body.DATABASE_URL);
});

test("what a database is, whether it is there, and its credentials", async () => {
  await using ground = await withDatabases();
  const { ask, ids } = ground;
  const { body } = await ask("GET", `/client/v11/databases/${ids.DATABASE}`);
  const lines = Object.fromEntries(
    body.info.map((line: { name: string; values: string[] }) => [line.name, line.values[0]]),
  );
  assert.equal(lines.Plan, "Mini");
  assert.equal(lines.Connections, "2/20");
  assert.equal(lines["Data Size"], "8.1 MB");
  assert.equal(lines.Collation, "C.UTF-8, by code point (new databases: en_US.UTF-8)");
  assert.equal(body.resource_url, "postgres://ddatabase_1:s3cret@127.0.0.1:15432/ddatabase");
  assert.equal((await ask("GET", `/client/v11/databases/${ids.DATABASE}/wait_status`)).body["waiting?"], false);
  const credential = (await ask("GET", `/postgres/v0/databases/${ids.DATABASE}/credentials/default`)).body;
  assert.deepEqual(credential.credentials, [{ user: "ddatabase_1", password: "s3cret", state: "active" }]);
  assert.deepEqual([credential.host, credential.port, credential.database], ["127.0.0.1", 15432, "ddatabase"]);
  assert.equal((await ask("GET", `/postgres/v0/databases/${ids.DATABASE}/credentials/other`)).status, 404);
  assert.equal((await ask("GET", `/postgres/v0/databases/${ids.DATABASE}/credentials`)).body.length, 1);
});

test("a rotation raises the generation everywhere the database is attached", async () => {
  await using ground = await withDatabases({ DATABASE: { ...mini, generation: 2 } });
  const { ask, ids, served } = ground;
  const blog = served.world.apps.get("blog")?.addons ?? {};
  Object.assign(blog, { ORDERS: { attach: { stack: "shop", addon: "DATABASE" } } });
  const path = `/postgres/v0/databases/${ids.DATABASE}/credentials/default/credentials_rotation`;
  assert.equal((await ask("POST", path, { body: {} })).status, 200);
  assert.equal(served.world.apps.get("shop")?.addons.DATABASE?.generation, 3);
  assert.equal(served.world.apps.get("blog")?.addons.ORDERS?.generation, 2);
  assert.deepEqual(served.world.server.calls, [], "who is connected stays so");
  await ask("POST", path, { body: { forced: true } });
  assert.deepEqual(served.world.server.calls, ["disconnect ddatabase"]);
});

test("a database is emptied, and its connections are ended", async () => {
  await using ground = await withDatabases();
  const { ask, ids, served } = ground;
  const body = { extensions: ["hstore", "uuid-ossp"] };
  assert.equal((await ask("PUT", `/client/v11/databases/${ids.DATABASE}/reset`, { body })).status, 200);
  assert.equal((await ask("POST", `/client/v11/databases/${ids.DATABASE}/connection_reset`)).status, 200);
  assert.deepEqual(served.world.server.calls, ["reset 1 ddatabase hstore uuid-ossp", "disconnect ddatabase"]);
  assert.deepEqual(
    served.world.acts.map((act) => act.replace(/postgresql-\S+/, "NAME")),
    ["Reset NAME", "End all connections to NAME"],
  );
  for (const extensions of [["a b"], ["x;DROP"], ["--version"], [1], "$(id)"]) {
    const refused = await ask("PUT", `/client/v11/databases/${ids.DATABASE}/reset`, { body: { extensions } });
    assert.equal(refused.status, 422);
    assert.match(refused.body.message, /is no name of an extension/);
  }
  served.world.server.failure = "ERROR: extension is not available";
  const failed = await ask("PUT", `/client/v11/databases/${ids.DATABASE}/reset`, { body: {} });
  assert.match(failed.body.message, /was not reset: ERROR: extension is not available/);
  assert.deepEqual((await ask("GET", "/client/v11/apps/shop/transfers")).body, [], "it is no backup");
});

test("a backup is made, listed, downloaded by a link, restored and deleted", async () => {
  await using ground = await withDatabases();
  const { ask, ids, served } = ground;
  const begun = await ask("POST", `/client/v11/databases/${ids.DATABASE}/backups`);
  assert.deepEqual([begun.status, begun.body.num, begun.body.from_name], [201, 1, "DATABASE"]);
  const transfer = await ended(ask, begun.body.uuid);
  assert.deepEqual([transfer.succeeded, transfer.logs[0]?.message], [true, "capture ddatabase"]);

  const [listed] = (await ask("GET", "/client/v11/apps/shop/transfers")).body;
  assert.deepEqual([listed.from_type, listed.to_type, listed.succeeded], ["pg_dump", "gof3r", true]);
  assert.deepEqual([listed.processed_bytes, listed.source_bytes], ["the whole dump".length, 1000]);
  assert.match(listed.created_at, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000$/);

  const { url } = (await ask("POST", "/client/v11/apps/shop/transfers/1/actions/public-url")).body;
  assert.match(url, /^https:\/\/127\.0\.0\.1:\d+\/backups\//);
  const { pathname } = new URL(url);
  const downloaded = await ask("GET", pathname, { headers: { authorization: "" } });
  assert.equal(downloaded.body, "the whole dump");
  assert.match(String(downloaded.headers["content-disposition"]), /b001\.dump/);
  assert.equal((await ask("GET", `${pathname}x`)).status, 403);

  const restore = (backup_url: string) =>
    ask("POST", `/client/v11/databases/${ids.DATABASE}/restores`, { body: { backup_url, extensions: ["hstore"] } });
  const restored = await restore(listed.to_url);
  assert.deepEqual([restored.body.from_type, restored.body.to_type], ["gof3r", "pg_restore"]);
  assert.equal((await ended(ask, restored.body.uuid)).succeeded, true);
  assert.equal((await restore(url)).status, 201, "by the link too");
  const foreign = await restore("https://example.com/my.dump");
  assert.equal(foreign.status, 422);
  assert.match(foreign.body.message, /Only backups of this platform/);
  assert.equal((await restore("dynoform-backup:00000000-0000-0000-0000-000000000000")).status, 422);
  assert.deepEqual(served.world.server.calls.slice(0, 2), ["capture 1 ddatabase", "restore 2 ddatabase 1 hstore"]);

  await until("the second one has ended", async () =>
    (await ask("GET", "/client/v11/apps/shop/transfers")).body.every((each: { succeeded: boolean }) => each.succeeded),
  );
  assert.equal((await ask("DELETE", "/client/v11/apps/shop/transfers/1")).status, 200);
  assert.equal((await ask("GET", "/client/v11/apps/shop/transfers/1")).status, 404);
  assert.equal((await ask("GET", pathname)).status, 403);
  assert.ok(served.world.said("shop").some((line) => /Back up postgresql-\S+ by user me@example\.com/.test(line)));
});

test("a link to a backup is good for an hour", async () => {
  let now = Date.UTC(2026, 0, 1);
  await using served = await serve(() => now);
  Object.assign(served.world.apps.get("shop")?.addons ?? {}, { DATABASE: mini });
  const [{ id }] = (await served.ask("GET", "/apps/shop/addons")).body;
  const { uuid } = (await served.ask("POST", `/client/v11/databases/${id}/backups`)).body;
  await ended(served.ask, uuid);
  const { url } = (await served.ask("POST", "/client/v11/apps/shop/transfers/1/actions/public-url")).body;
  now += 3_599_000;
  assert.equal((await served.ask("GET", new URL(url).pathname)).status, 200);
  now += 2000;
  assert.equal((await served.ask("GET", new URL(url).pathname)).status, 403);
});

test("of backups the newest are kept", async () => {
  await using ground = await withDatabases();
  const { ask, ids } = ground;
  for (let count = 1; count <= 4; count++) {
    await ended(ask, (await ask("POST", `/client/v11/databases/${ids.DATABASE}/backups`)).body.uuid);
  }
  await until("old ones are gone", async () => {
    const { body } = await ask("GET", "/client/v11/apps/shop/transfers");
    return body.map((each: { num: number }) => each.num).join() === "3,4";
  });
});

test("one database is copied over another of them, found by its URL alone", async () => {
  await using ground = await withDatabases({ DATABASE: mini, BLUE: mini });
  const { ask, ids, served } = ground;
  const { DATABASE_URL, BLUE_URL } = (await ask("GET", "/apps/shop/config-vars")).body;
  const copy = (from_url: string, to_url: string) =>
    ask("POST", `/client/v11/databases/${ids.BLUE}/transfers`, {
      body: { from_name: "x", from_url, to_name: "y", to_url },
    });
  const begun = await copy(DATABASE_URL, BLUE_URL);
  assert.deepEqual([begun.status, begun.body.from_name, begun.body.to_name], [201, "DATABASE", "BLUE"]);
  assert.equal((await ended(ask, begun.body.uuid)).succeeded, true);
  assert.deepEqual(served.world.server.calls, ["copy 1 dblue ddatabase"]);
  for (const [from, to] of [
    ["postgres://u:p@example.com/db", BLUE_URL],
    [DATABASE_URL, "postgres://localhost/postgres"],
    [BLUE_URL, BLUE_URL],
    ["no url", BLUE_URL],
  ]) {
    assert.equal((await copy(from, to)).status, 422);
  }
});

test("what fails says why, and what is canceled ends", async () => {
  await using ground = await withDatabases();
  const { ask, ids, served } = ground;
  served.world.server.failure = "pg_dump: error: query failed";
  const capture = () => ask("POST", `/client/v11/databases/${ids.DATABASE}/backups`);
  const failed = await ended(ask, (await capture()).body.uuid);
  assert.equal(failed.succeeded, false);
  assert.equal(failed.logs.at(-1)?.message, "pg_dump: error: query failed");
  assert.equal((await ask("POST", "/client/v11/apps/shop/transfers/1/actions/public-url")).status, 422);
  await until("the log tells it", async () =>
    served.world.said("shop").some((line) => /Back up .* failed: pg_dump: error: query failed/.test(line)),
  );

  served.world.server.failure = undefined;
  served.world.server.hold = true;
  const held = (await capture()).body;
  const waiting = (await capture()).body;
  await until("the first one runs", async () => served.world.server.held.has("2"));
  assert.equal((await ask("GET", `/client/v11/apps/shop/transfers/${waiting.num}`)).body.started_at, null);
  assert.equal((await ask("DELETE", `/client/v11/apps/shop/transfers/${held.num}`)).status, 409);
  for (const { uuid } of [waiting, held]) {
    assert.equal((await ask("POST", `/client/v11/apps/shop/transfers/${uuid}/actions/cancel`)).status, 200);
    assert.equal((await ended(ask, uuid)).succeeded, false);
  }
});

test("a dry run does nothing", async () => {
  await using ground = await withDatabases();
  const { ask, ids, served } = ground;
  const answer = await ask("POST", `/client/v11/databases/${ids.DATABASE}/backups?dry_run=1`);
  assert.equal(answer.body.dry_run, true);
  await ask("PUT", `/client/v11/databases/${ids.DATABASE}/reset?dry_run=1`);
  assert.deepEqual([served.world.server.calls, served.world.acts], [[], []]);
});

test("nobody else's database or backup is there, and an attached one is only looked at", async () => {
  await using owner = await withDatabases();
  const id = owner.ids.DATABASE;
  await using stranger = await withDatabases({ DATABASE: mini }, ["shop-id"]);
  const all = [
    ["GET", `/client/v11/databases/${id}`],
    ["GET", `/client/v11/databases/${id}/wait_status`],
    ["PUT", `/client/v11/databases/${id}/reset`],
    ["POST", `/client/v11/databases/${id}/connection_reset`],
    ["GET", `/postgres/v0/databases/${id}/credentials`],
    ["GET", `/postgres/v0/databases/${id}/credentials/default`],
    ["POST", `/postgres/v0/databases/${id}/credentials_rotation`],
    ["POST", `/client/v11/databases/${id}/backups`],
    ["POST", `/client/v11/databases/${id}/restores`],
    ["GET", "/client/v11/apps/shop/transfers"],
    ["POST", "/client/v11/apps/shop/transfers/1/actions/public-url"],
  ] as const;
  for (const [method, path] of all) assert.equal((await stranger.ask(method, path)).status, 404, path);

  Object.assign(stranger.served.world.apps.get("blog")?.addons ?? {}, {
    ORDERS: { attach: { stack: "shop", addon: "DATABASE" } },
  });
  for (const [method, path] of all.filter(([method, path]) => method !== "GET" && path.includes("/databases/"))) {
    const { status, body } = await stranger.ask(method, path);
    assert.deepEqual([status, body.id], [403, "forbidden"], path);
  }
  assert.deepEqual(stranger.served.world.server.calls, []);
});

test("what is not there says so in a line", async () => {
  await using ground = await withDatabases();
  const { ask, ids } = ground;
  const schedules = `/client/v11/databases/${ids.DATABASE}/transfer-schedules`;
  assert.deepEqual((await ask("GET", schedules)).body, []);
  assert.match((await ask("POST", schedules)).body.message, /There are no schedules of backups/);
  assert.match((await ask("POST", "/reports")).body.message, /There is no pg:diagnose/);
});
