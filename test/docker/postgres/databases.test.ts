import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type pg from "pg";
import { packageRoot } from "../../../lib/package-root.ts";
import { PostgresServer } from "./server.ts";

// What an app's own role may do in its database, and what comes of the database elsewhere.

const CASES = join(packageRoot(), "test/fixtures/cases");
const URL = (database: string) => `postgres://${database}_1:secret@127.0.0.1:5432/${database}`;

let server: PostgresServer;
const query = (database: string, sql: string) => server.app(database, sql);

/** The first column of the first row. */
const value = async (database: string, sql: string) => {
  const { rows, fields } = await query(database, sql);
  return rows[0][fields[0]?.name ?? ""];
};

before(async () => {
  server = await PostgresServer.start();
  for (const name of ["d1", "d2", "d3"]) await server.addDatabase(name);
  await server.addDatabase("old", { template: "template0", locale: "C.UTF-8" });
});

after(() => server?.[Symbol.asyncDispose]());

test("it makes every extension of the list, and no other", async () => {
  const list = await readFile(join(packageRoot(), "images/postgres/extensions"), "utf8");
  const names = list.split("\n").flatMap((line) => line.match(/^[a-z][\w-]*/) ?? []);
  assert.ok(names.length > 30);
  for (const name of names) await query("d1", `CREATE EXTENSION IF NOT EXISTS "${name}" CASCADE`);
  assert.equal(await value("d1", "SHOW extwlist.extensions"), names.join(","));
  for (const name of ["file_fdw", "pageinspect", "pg_buffercache", "pg_surgery"]) {
    await assert.rejects(query("d1", `CREATE EXTENSION ${name}`), /permission denied to create extension/);
  }
  await assert.rejects(query("d1", "CREATE EXTENSION plpython3u"), /is not available/);
});

test("what it made is its own to use", async () => {
  assert.equal(await value("d1", "SELECT '[1,2]'::vector <-> '[1,3]'"), 1);
  assert.equal(await value("d1", "SELECT ST_AsText(ST_MakePoint(1, 2))"), "POINT(1 2)");
  await query("d1", "INSERT INTO spatial_ref_sys (srid, srtext) VALUES (990000, 'ours')");
  await query("d1", "SELECT topology.CreateTopology('roads', 4326)");
  await query("d1", "UPDATE tiger.geocode_settings SET setting = setting");
  await query("d1", "COMMENT ON EXTENSION hstore IS 'keys and values'; ALTER EXTENSION hstore UPDATE");
  await query("d1", "DROP EXTENSION citext; CREATE EXTENSION citext");
  // Drivers that read files and URLs stay off, also when that is said before the library is there.
  const read = "SELECT count(*)::int AS n FROM ST_GDALDrivers() WHERE can_read";
  const results = await query("d1", `SET postgis.gdal_enabled_drivers TO 'ENABLE_ALL'; ${read}`);
  assert.deepEqual((results as unknown as pg.QueryResult[]).at(-1)?.rows, [{ n: 0 }]);
});

test("statements are counted, and others do not read them", async () => {
  await query("d2", "CREATE EXTENSION pg_stat_statements; SELECT 'of the second' AS second");
  const texts = "SELECT string_agg(query, ' ') FROM pg_stat_statements";
  assert.match(await value("d2", texts), /AS second/);
  assert.doesNotMatch(await value("d1", texts), /AS second/);
});

test("a foreign server is a database of this one, by password, and no other place", async () => {
  await query("d2", "CREATE TABLE there AS SELECT 42 AS answer");
  await query(
    "d1",
    `CREATE SERVER second FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', dbname 'd2');
     CREATE USER MAPPING FOR CURRENT_USER SERVER second OPTIONS (user 'd2_1', password 'secret');
     IMPORT FOREIGN SCHEMA public LIMIT TO (there) FROM SERVER second INTO public`,
  );
  assert.equal(await value("d1", "SELECT answer FROM there"), 42);
  const connect = (how: string) => query("d1", `SELECT * FROM dblink('${how}', 'SELECT 1') AS t (one int)`);
  await assert.rejects(connect("host=127.0.0.1 dbname=d2 user=d2_1 password=wrong"), /could not establish connection/);
  for (const user of ["postgres", "d2_1"]) {
    const socket = `host=/run/postgresql dbname=d2 user=${user} password=x`;
    await assert.rejects(connect(socket), (error: { detail?: string }) => /[Pp]eer auth/.test(error.detail ?? ""));
  }
  let calls = 0;
  await using listener = createServer((socket) => {
    calls++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(0, "0.0.0.0", resolve));
  const { NetworkSettings } = await server.container.inspect();
  const gateway = Object.values(NetworkSettings.Networks)[0]?.Gateway;
  const { port } = listener.address() as { port: number };
  await assert.rejects(connect(`host=${gateway} port=${port} user=a password=b`), /could not establish connection/);
  assert.equal(calls, 0);
});

test("new databases sort as Heroku's do, and old ones as they did", async () => {
  const order = (await readFile(join(CASES, "23-collation/order.sql"), "utf8")).split("\n")[1] ?? "";
  assert.match(await value("d1", order), /^(Äpfel apple|apple Äpfel) Banana cherry zebra Zoo$/);
  assert.equal(await value("old", order), "Banana Zoo apple cherry zebra Äpfel");
  assert.equal(
    await value("d1", "SELECT initcap('éclair') || datcollate FROM pg_database WHERE datname = 'd1'"),
    "Éclairen_US.UTF-8",
  );
});

test("a dump that comes from Heroku is taken, and one of ours restores on a plain Postgres", async () => {
  const dump = await readFile(join(CASES, "20-dump-round-trip/from-heroku.sql"), "utf8");
  const taken = await server.run(["psql", "--no-psqlrc", "--quiet", URL("d3")], { input: dump });
  const errors = taken.stderr.split("\n").filter((line) => line.includes("ERROR"));
  for (const error of errors) assert.match(error, /role "u0example0000" does not exist$/);
  assert.equal(await value("d3", "SELECT count(*)::int FROM people WHERE mail = 'bob@example.com'"), 1);
  assert.equal(await value("d3", "SELECT tableowner FROM pg_tables WHERE tablename = 'people'"), "d3");

  const plain = `set -euo pipefail; cd "$(mktemp -d)"; chmod 700 .; unset PGUSER; export PGHOST=$PWD
    initdb --pgdata=data --username=me --auth=trust > /dev/null
    pg_ctl --pgdata=data --silent --wait --log=log --options="-c listen_addresses= -k $PWD" start > /dev/null
    trap 'pg_ctl --pgdata=data --silent --mode=immediate stop; rm -rf "$PWD"' EXIT
    for role in d1 d3; do createuser --username=me $role; done
    for url in "$@"; do
      pg_dump "$url" > out.sql
      ! grep -i dynoform out.sql
      createdb --username=me --template=template0 there
      psql --no-psqlrc --quiet --username=me --set=ON_ERROR_STOP=1 --file=out.sql there > /dev/null
      psql --username=me -Atc "SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension" there
      dropdb --username=me there
    done`;
  const out = await server.run(["bash", "-c", plain, "bash", URL("d3"), URL("d1")], { user: "postgres" });
  assert.equal(out.exitCode, 0, out.stderr);
  assert.match(out.stdout, /^citext pg_stat_statements plpgsql\n.*postgis_topology/);
});

test("sessions are found where the official command asks for them, and nowhere else", async () => {
  const sql = "SELECT usename FROM pg_stat_activity WHERE query ~ 'usename' ORDER BY 1";
  for (const [name, found] of [
    ["psql non-interactive", "d1_1"],
    ["anything", ""],
  ] as const) {
    const { stdout, stderr } = await server.run(["psql", "-Atc", sql, URL("d1")], { env: [`PGAPPNAME=${name}`] });
    assert.equal(stdout.trim(), found, stderr);
  }
  const own = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
  assert.deepEqual((await query("d1", own)).rows, [{ ssl: false }]);
  for (const change of [
    "DROP SCHEMA _dynoform CASCADE",
    "CREATE TABLE _dynoform.mine ()",
    "DROP EXTENSION plpgsql CASCADE",
  ]) {
    await assert.rejects(query("d1", change), /must be owner|permission denied/);
  }
});
