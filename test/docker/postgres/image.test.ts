import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import type tls from "node:tls";
import pg from "pg";
import { until } from "../../support/until.ts";
import { PostgresServer, randomPasswords } from "./server.ts";

const first = { superuser: "with 'quotes' and $signs", provisioner: 'with "double" ones; --' };

let server: PostgresServer;

before(async () => {
  server = await PostgresServer.start(first);
});

after(() => server?.[Symbol.asyncDispose]());

test("an empty volume gets a cluster with two roles, one of them the superuser", async () => {
  const roles = await server.query(
    "postgres",
    "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolconfig FROM pg_roles WHERE rolcanlogin ORDER BY 1",
  );
  assert.deepEqual(roles.rows, [
    {
      rolname: "postgres",
      rolsuper: true,
      rolcreaterole: true,
      rolcreatedb: true,
      rolreplication: true,
      rolconfig: null,
    },
    {
      rolname: "provisioner",
      rolsuper: false,
      rolcreaterole: true,
      rolcreatedb: true,
      rolreplication: false,
      rolconfig: ["createrole_self_grant=set, inherit"],
    },
  ]);
  const stored = await server.query("postgres", "SELECT rolpassword FROM pg_authid WHERE rolcanlogin");
  for (const { rolpassword } of stored.rows) assert.match(rolpassword, /^SCRAM-SHA-256\$/);
});

test("only the provisioner may connect to postgres, and nobody else to template1", async () => {
  await server.query("postgres", "CREATE ROLE app LOGIN PASSWORD 'app'");
  for (const database of ["postgres", "template1"]) {
    await assert.rejects(server.query(database, "SELECT 1", "app", "app"), {
      message: `permission denied for database "${database}"`,
    });
  }
  assert.equal((await server.query("postgres", "SELECT 1 AS one", "provisioner")).rows[0].one, 1);
  await assert.rejects(server.query("template1", "SELECT 1", "provisioner"), /permission denied for database/);
  await assert.rejects(server.query("postgres", "SELECT 1", "provisioner", "wrong"), /password authentication failed/);
});

test("it runs without root and capabilities, and shows the passwords nowhere", async () => {
  const { Processes } = await server.container.top({ ps_args: "-eo pid,uid,args" });
  assert.ok(Processes.length > 0);
  let environment = "";
  let looked = 0;
  for (const [pid, uid] of Processes) {
    assert.equal(uid, "5432");
    // One that ends meanwhile tells nothing.
    const [status, variables] = await Promise.all(
      ["status", "environ"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")),
    );
    if (status === "") continue;
    looked++;
    assert.match(status ?? "", /^CapPrm:\t0+\nCapEff:\t0+\nCapBnd:\t0+$/m);
    environment += variables;
  }
  assert.ok(looked > 1);
  await server.query("postgres", "CREATE ROLE broken LOGIN PASSWORD 'leaked-by-log' NONSENSE").catch(() => {});
  const everything = `${JSON.stringify(Processes)} ${environment} ${await server.log()}`;
  for (const secret of [first.superuser, first.provisioner, "leaked-by-log"]) assert.ok(!everything.includes(secret));
});

test("a new container on the kept volume takes new passwords and keeps the data", async () => {
  await server.query("postgres", "CREATE TABLE kept AS SELECT 42 AS answer");
  const second = randomPasswords();
  await server.begin(second);
  assert.equal((await server.query("postgres", "SELECT answer FROM kept")).rows[0].answer, 42);
  for (const [user, old] of [
    ["postgres", first.superuser],
    ["provisioner", first.provisioner],
  ] as const) {
    await assert.rejects(server.query("postgres", "SELECT 1", user, old), /password authentication failed/);
  }
  await server.query("postgres", "SELECT 1", "provisioner");
});

test("whoever asks gets TLS, by a certificate that outlives containers and is renewed while the server runs", async () => {
  const connect = async (ssl: tls.ConnectionOptions | false) => {
    const client = new pg.Client({
      ...server.address,
      database: "postgres",
      user: "provisioner",
      password: server.passwords.provisioner,
      ssl,
    });
    await client.connect();
    const { rows } = await client.query("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    const { stream } = (client as unknown as { connection: { stream: tls.TLSSocket } }).connection;
    const certificate = ssl === false ? "" : stream.getPeerCertificate().fingerprint256;
    await client.end();
    return { ...rows[0], certificate };
  };
  const any = { rejectUnauthorized: false };
  assert.deepEqual(await connect(false), { ssl: false, version: null, certificate: "" });
  const first = await connect(any);
  assert.deepEqual([first.ssl, first.version], [true, "TLSv1.3"]);
  await server.begin(server.passwords);
  assert.deepEqual(await connect(any), first);

  const as = { user: "postgres" };
  const file = "/var/lib/postgresql/tls/server.pem";
  assert.equal((await server.run(["stat", "-c", "%a %U", file], as)).stdout, "600 postgres\n");
  const inImage = await server.run(["ls", "-A", "/etc/ssl/private"], { user: "root" });
  assert.deepEqual([inImage.exitCode, inImage.stdout], [0, ""], "no key comes with the image");
  const ends = `cd /var/lib/postgresql/tls && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 59 -subj /CN=postgres -keyout key -out crt && cat key crt > ${file} && rm key crt`;
  assert.equal((await server.run(["bash", "-c", ends], as)).exitCode, 0);
  const begun = (await server.query("postgres", "SELECT pg_postmaster_start_time() AS at")).rows[0].at;
  const renewed = await server.run(["/usr/lib/dynoform/certificate", "renew"], as);
  assert.equal(renewed.exitCode, 0, renewed.stderr);
  await until("the new one is shown", async () => (await connect(any)).certificate !== first.certificate);
  assert.deepEqual((await server.query("postgres", "SELECT pg_postmaster_start_time() AS at")).rows[0].at, begun);
});

test("databases of an earlier image get what this one has, and one that is in the way stops nobody", async () => {
  for (const name of ["early", "stubborn"]) {
    await server.addDatabase(name, { template: "template0", locale: "C.UTF-8" });
    await server.app(name, "CREATE TABLE kept AS SELECT 42 AS answer");
  }
  await server.app("stubborn", "CREATE SCHEMA _dynoform");
  assert.equal((await server.run(["rm", "/var/lib/postgresql/17.caught-up"], { user: "postgres" })).exitCode, 0);
  await server.begin(server.passwords);
  for (const name of ["early", "stubborn"]) {
    assert.equal((await server.app(name, "SELECT answer FROM kept")).rows[0].answer, 42);
  }
  assert.equal((await server.app("early", "SELECT count(*)::int AS n FROM _dynoform.pg_stat_activity")).rows[0].n, 1);
  assert.match(await server.log(), /postgres: stubborn: .*there is a schema _dynoform already/);
});

test("it comes back after a crash, and stops cleanly with sessions open", async () => {
  await server.query("postgres", "INSERT INTO kept VALUES (43)");
  await server.container.kill();
  await server.container.start();
  await server.ready();
  assert.equal((await server.query("postgres", "SELECT count(*)::int AS n FROM kept")).rows[0].n, 2);
  const session = server.query("postgres", "SELECT pg_sleep(600)").catch((error: Error) => error.message);
  const sleeping = "SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'";
  await until("it is open", async () => (await server.query("postgres", sleeping)).rowCount === 1);
  await server.container.stop({ t: 60 });
  assert.match(String(await session), /terminat/);
  const { State } = await server.container.inspect();
  assert.equal(State.ExitCode, 0);
  assert.match(await server.log(), /database system is shut down\s*$/);
});

test("without a password nothing starts, and a line says which is missing", async () => {
  await assert.rejects(server.begin({ superuser: "only this", provisioner: "" }), /PROVISIONER_PASSWORD is not set/);
});
