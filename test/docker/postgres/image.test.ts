import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
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
  for (const [, uid] of Processes) assert.equal(uid, "5432");
  const [pid] = Processes[0] ?? [];
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  assert.match(status, /^CapEff:\t0+$/m);
  const environment = await readFile(`/proc/${pid}/environ`, "utf8");
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

test("it comes back after a crash, and stops cleanly with sessions open", async () => {
  await server.query("postgres", "INSERT INTO kept VALUES (43)");
  await server.container.kill();
  await server.container.start();
  await server.ready();
  assert.equal((await server.query("postgres", "SELECT count(*)::int AS n FROM kept")).rows[0].n, 2);
  const session = server.query("postgres", "SELECT pg_sleep(600)").catch((error: Error) => error.message);
  await server.container.stop({ t: 60 });
  assert.match(String(await session), /terminat/);
  const { State } = await server.container.inspect();
  assert.equal(State.ExitCode, 0);
  assert.match(await server.log(), /database system is shut down\s*$/);
});

test("without a password nothing starts, and a line says which is missing", async () => {
  await assert.rejects(server.begin({ superuser: "only this", provisioner: "" }), /PROVISIONER_PASSWORD is not set/);
});
