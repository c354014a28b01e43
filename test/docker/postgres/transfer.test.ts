import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import pg from "pg";
import { PostgresContainer } from "../../../services/control-plane/postgres/server.ts";
import { type Transfer, TransferStore } from "../../../services/control-plane/postgres/transfer-store.ts";
import { Transfers } from "../../../services/control-plane/postgres/transfers.ts";
import { openStore } from "../../../services/control-plane/store.ts";
import { until } from "../../support/until.ts";
import { PostgresServer, randomPasswords } from "./server.ts";

const ROWS = 20_000;

let folder: string;
let server: PostgresServer;
let ours: PostgresContainer;
let store: TransferStore;
let transfers: Transfers;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "backups-"));
  await chmod(folder, 0o777);
  server = await PostgresServer.start(randomPasswords(), folder);
  ours = new PostgresContainer(server.docker, server.platform);
  store = new TransferStore(openStore(":memory:"), Date.now);
  transfers = open();
  await server.addDatabase("d1");
  // As platforms made them before databases sorted as Heroku's do.
  await server.addDatabase("d2", { template: "template0", locale: "C.UTF-8" });
});

after(async () => {
  await transfers?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function open(): Transfers {
  return new Transfers({ store, server: ours, folder, keep: 5, clock: Date.now, report: assert.fail });
}

const query = (database: string, sql: string) => server.app(database, sql);

const contents = async (database: string) =>
  (
    await query(
      database,
      "SELECT count(*)::int AS rows, md5(string_agg(o::text, '|' ORDER BY id)) AS sum FROM orders o",
    )
  ).rows[0];

const collation = async (database: string) => (await ours.status(database))?.collation;

async function run(kind: Transfer["kind"], database: string, source: string | null = null, extensions = "") {
  const of = { app: "shop", addon: "DATABASE", from: "DATABASE", to: "DATABASE" };
  const { id } = transfers.begin({ ...of, kind, database, source, extensions });
  return transfers.end(id);
}

/** What no transfer may leave: databases and roles of its own. */
async function leftovers(): Promise<string[]> {
  const { rows } = await server.query(
    "postgres",
    "SELECT datname AS name FROM pg_database WHERE datname ~ '_[to][0-9]' UNION SELECT rolname FROM pg_roles WHERE rolname ~ '_t[0-9]' UNION SELECT datname FROM pg_database WHERE datconnlimit = 0 AND datallowconn",
  );
  return rows.map(({ name }) => name);
}

test("a backup is restored over what came after it, row for row, as the owner's", async () => {
  await query(
    "d1",
    `CREATE TABLE orders (id serial PRIMARY KEY, item text NOT NULL, at timestamptz DEFAULT now());
     CREATE INDEX ON orders (item); CREATE VIEW items AS SELECT DISTINCT item FROM orders;
     CREATE EXTENSION hstore;
     INSERT INTO orders (item) SELECT repeat(md5(i::text), 3) FROM generate_series(1, ${ROWS}) i`,
  );
  const before = await contents("d1");
  assert.equal(before.rows, ROWS);
  const backup = await run("backup", "d1");
  assert.equal(backup.state, "succeeded", backup.message ?? "");
  assert.equal(backup.bytes, (await stat(transfers.file(backup.id))).size);
  assert.ok(backup.sourceBytes > backup.bytes);
  assert.ok((await transfers.log(backup.id)).some((line) => line.includes("orders")));

  await query("d1", "DELETE FROM orders WHERE id % 2 = 0; CREATE TABLE later (id int)");
  // A session that is in the way, as an app's are.
  const session = new pg.Client({ ...server.address, database: "d1", user: "d1_1", password: "secret" });
  session.on("error", () => {});
  await session.connect();
  const restored = await run("restore", "d1", String(backup.id));
  assert.equal(restored.state, "succeeded", restored.message ?? "");
  assert.deepEqual(await contents("d1"), before);
  await assert.rejects(query("d1", "SELECT FROM later"), /relation "later" does not exist/);
  const { rows } = await query("d1", "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'");
  assert.deepEqual(rows, [{ tableowner: "d1" }]);
  await query("d1", "ALTER TABLE orders ADD COLUMN more int; INSERT INTO orders (item) VALUES ('new')");
  await assert.rejects(server.query("d1", "SELECT 1", "d2_1", "secret"), /permission denied for database/);
  assert.deepEqual(await leftovers(), []);
});

test("a copy replaces all of another database", async () => {
  await query("d2", "CREATE TABLE old (id int)");
  const copied = await run("copy", "d2", "d1");
  assert.equal(copied.state, "succeeded", copied.message ?? "");
  assert.deepEqual(await contents("d2"), await contents("d1"));
  await assert.rejects(query("d2", "SELECT FROM old"), /does not exist/);
  const { rows } = await query("d2", "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'");
  assert.deepEqual(rows, [{ tableowner: "d2" }]);
  assert.deepEqual([await collation("d1"), await collation("d2")], ["en_US.UTF-8", "C.UTF-8"]);
  assert.deepEqual(await leftovers(), []);
});

test("one that fails leaves everything as it was, and says why", async () => {
  const before = await contents("d1");
  const missing = await run("restore", "d1", "999999");
  assert.equal(missing.state, "failed");
  assert.match(missing.message ?? "", /error: could not open input file/);
  const extension = await run("reset", "d1", null, "no_such_extension");
  assert.match(extension.message ?? "", /ERROR:.*"no_such_extension" is not available/);
  const untrusted = await run("reset", "d1", null, "file_fdw");
  assert.match(untrusted.message ?? "", /ERROR:.*(permission denied|is not available)/);
  assert.deepEqual(await contents("d1"), before);
  assert.deepEqual(await leftovers(), []);
});

test("a database is emptied, with the extensions that are wanted", async () => {
  const reset = await run("reset", "d2", null, "hstore");
  assert.equal(reset.state, "succeeded", reset.message ?? "");
  const { rows } = await query("d2", "SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'public'");
  assert.deepEqual(rows, [{ tables: 0 }]);
  await query("d2", "SELECT 'a=>1'::hstore; CREATE TABLE new (id int)");
});

test("one that goes on without its control plane is learned of by the next", async () => {
  const of = { app: "shop", addon: "DATABASE", from: "DATABASE", to: "DATABASE", source: null, extensions: "" };
  const { id } = transfers.begin({ ...of, kind: "backup", database: "d1" });
  await until("it is under way", async () => store.get(id)?.state === "running");
  await transfers[Symbol.asyncDispose]();
  assert.equal(store.get(id)?.finishedAt, null);
  transfers = open();
  transfers.recover();
  await until("it has ended", async () => store.get(id)?.state === "succeeded");
});

test("one that is killed with its server is cleared up, and recorded as failed", async () => {
  const before = await contents("d1");
  const of = { app: "shop", addon: "DATABASE", from: "DATABASE", to: "DATABASE", extensions: "" };
  // Somebody who holds a table back keeps the copy from ending.
  const session = new pg.Client({ ...server.address, database: "d1", user: "d1_1", password: "secret" });
  session.on("error", () => {});
  await session.connect();
  await session.query("BEGIN; LOCK TABLE orders");
  const { id } = transfers.begin({ ...of, kind: "copy", database: "d2", source: "d1" });
  await until("it is under way", async () => (await leftovers()).includes(`d2_t${id}`));
  await server.container.restart({ t: 0 });
  await server.ready();
  await until("it is recorded", async () => store.get(id)?.state === "failed");
  assert.match(store.get(id)?.message ?? "", /ended from outside/);
  assert.deepEqual(await leftovers(), []);
  assert.deepEqual(await contents("d1"), before);
  await query("d2", "SELECT FROM new");
});

test("what it is asked for is no SQL, no path and no command", async () => {
  for (const args of [
    ["capture", "1; id", "d1"],
    ["capture", "../1", "d1"],
    ["capture", "1", 'd1"; DROP DATABASE d1'],
    ["restore", "1", "d1", "../../etc/passwd"],
    ["copy", "1", "d1", "--version"],
    ["reset", "1", "d1", "$(id)"],
  ]) {
    await assert.rejects(ours.transfer(...args), /error: (an id is a number|that is no name)/);
  }
  assert.equal(await ours.status("d1' OR true --"), undefined);
  assert.ok((await ours.status("d1"))?.size);
});
