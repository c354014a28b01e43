import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createProvider } from "../../../engine/providers/postgresql/index.ts";
import type { Provider } from "../../../engine/src/plugin/contract.ts";
import type { PropertyMap } from "../../../engine/src/values/values.ts";
import { freePort } from "../../support/free-port.ts";
import { type Driven, drive } from "../../support/provider-driver.ts";
import { PostgresServer } from "./server.ts";

const ROLE = "postgresql:index/role:Role";
const DATABASE = "postgresql:index/database:Database";
const GRANT = "postgresql:index/grant:Grant";

let server: PostgresServer;
let provider: Provider;
let driver: ReturnType<typeof drive>;

before(async () => {
  server = await PostgresServer.start();
  provider = await provisioner(server.port);
  driver = drive(provider);
});

after(async () => {
  await provider?.close?.();
  await server?.[Symbol.asyncDispose]();
});

/** As app stacks have it: no superuser. */
async function provisioner(port: number, password = server.passwords.provisioner): Promise<Provider> {
  const made = createProvider();
  const config = {
    host: "127.0.0.1",
    port: String(port),
    username: "provisioner",
    password,
    sslmode: "disable",
    connectTimeout: "3",
  };
  await made.configure({ ...config, superuser: "false", version: "3.18.1" });
  return made;
}

/** What an app's add-on is made of. */
function programs(name: string, password: string) {
  return {
    owner: { name, login: false },
    login: { name: `${name}_1`, login: true, password, roles: [name], assumeRole: name, connectionLimit: 5 },
    database: { name, owner: name },
    closed: { database: name, objectType: "database", role: "public", privileges: [] },
  } satisfies Record<string, PropertyMap>;
}

async function createAddon(name: string, password: string) {
  const { owner, login, database, closed } = programs(name, password);
  return {
    owner: await driver.create(ROLE, "owner", owner),
    login: await driver.create(ROLE, "login", login),
    database: await driver.create(DATABASE, "database", database),
    closed: await driver.create(GRANT, "closed", closed),
  };
}

async function removeAddon({ owner, login, database, closed }: Record<string, Driven>) {
  for (const resource of [closed, database, login, owner]) if (resource) await driver.remove(resource);
}

/** No difference right after, nor after a refresh. */
async function assertClean(resource: Driven, program: PropertyMap): Promise<void> {
  assert.deepEqual((await driver.diff(resource, program)).detailedDiff, {});
  const refreshed = await driver.refresh(resource);
  assert.ok(refreshed, "gone");
  assert.deepEqual(refreshed.inputs, resource.inputs);
  assert.deepEqual((await driver.diff(refreshed, program)).detailedDiff, {});
}

test("an add-on: its login reaches its database alone, and makes what its owner owns", async () => {
  const shop = await createAddon("shop", "p'shop");
  const other = await createAddon("other", "other");
  const program = programs("shop", "p'shop");
  for (const key of ["owner", "login", "database", "closed"] as const) await assertClean(shop[key], program[key]);

  await server.query("shop", "CREATE TABLE things AS SELECT 1 AS id", "shop_1", "p'shop");
  const { rows } = await server.query("shop", "SELECT tableowner FROM pg_tables WHERE tablename = 'things'");
  assert.deepEqual(rows, [{ tableowner: "shop" }]);
  for (const database of ["other", "postgres", "template1"]) {
    await assert.rejects(server.query(database, "SELECT 1", "shop_1", "p'shop"), {
      message: `permission denied for database "${database}"`,
    });
  }
  const stored = await server.query("postgres", "SELECT rolpassword FROM pg_authid WHERE rolname = 'shop_1'");
  assert.match(stored.rows[0].rolpassword, /^SCRAM-SHA-256\$4096:/);

  await removeAddon(shop);
  assert.equal(await driver.refresh(shop.database), undefined);
  assert.equal(await driver.refresh(shop.owner), undefined);
  assert.equal(await driver.refresh(shop.closed), undefined);
  await removeAddon(shop); // once more is no error
  await removeAddon(other);
});

test("a rotation: a second login beside the first, which can go though it owns something", async () => {
  const addon = await createAddon("turn", "first");
  const second = { ...programs("turn", "second").login, name: "turn_2" };
  const login = await driver.create(ROLE, "login-2", second);
  await server.query("turn", "GRANT CREATE ON SCHEMA public TO turn_1");
  await server.query("turn", "SET ROLE NONE; CREATE TABLE public.stray AS SELECT 1 AS id", "turn_1", "first");
  await driver.remove(addon.login);
  const { rows } = await server.query("turn", "SELECT tableowner FROM pg_tables WHERE tablename = 'stray'");
  assert.deepEqual(rows, [{ tableowner: "turn" }]);
  await removeAddon({ ...addon, login });
});

test("updates are made in place: password, limits, flags, memberships, settings", async () => {
  await driver.create(ROLE, "team", { name: "team" });
  const before = { name: "worker", login: true, password: "one", connectionLimit: 3 };
  const worker = await driver.create(ROLE, "worker", before);
  await server.query("postgres", "GRANT CONNECT ON DATABASE postgres TO worker");
  const program = {
    name: "worker",
    login: true,
    password: "two",
    createDatabase: true,
    roles: ["team"],
    searchPaths: ["app", "public"],
    statementTimeout: 5000,
    validUntil: "2100-01-01 00:00:00+00",
  };
  const { detailedDiff = {}, replaces } = await driver.diff(worker, program);
  assert.deepEqual(replaces, []);
  assert.deepEqual(Object.keys(detailedDiff).sort(), [
    "connectionLimit",
    "createDatabase",
    "password",
    "roles[0]",
    "searchPaths[0]",
    "searchPaths[1]",
    "statementTimeout",
    "validUntil",
  ]);
  const updated = await driver.update(worker, program);
  await assertClean(updated, program);
  await assert.rejects(server.query("postgres", "SELECT 1", "worker", "one"), /password authentication failed/);
  const { rows } = await server.query("postgres", "SHOW search_path", "worker", "two");
  assert.deepEqual(rows, [{ search_path: "app, public" }]);
  await assertClean(await driver.update(updated, before), before);
  const { rows: roles } = await server.query(
    "postgres",
    "SELECT rolconfig, rolcreatedb FROM pg_roles WHERE rolname = 'worker'",
  );
  assert.deepEqual(roles, [{ rolconfig: null, rolcreatedb: false }]);
});

test("drift is seen: what others changed, and what they removed", async () => {
  const addon = await createAddon("drift", "drift");
  await server.query("postgres", "GRANT CONNECT ON DATABASE drift TO PUBLIC");
  await server.query("postgres", "ALTER ROLE drift_1 CONNECTION LIMIT 1");
  const closed = await driver.refresh(addon.closed);
  assert.deepEqual(closed?.outputs.privileges, ["CONNECT"]);
  const login = await driver.refresh(addon.login);
  assert.equal(login?.inputs.connectionLimit, 1);
  assert.ok(closed && login);
  const program = programs("drift", "drift");
  await assertClean(await driver.update(closed, program.closed), program.closed);
  await assertClean(await driver.update(login, program.login), program.login);
  await removeAddon(addon);
});

test("a database that was given to another is given back where that may be, and else the statement is told", async () => {
  const addon = await createAddon("mine", "mine");
  const program = programs("mine", "mine").database;
  const refreshed = async () => (await driver.refresh(addon.database)) ?? assert.fail("it is gone");
  await driver.create(ROLE, "heir", { name: "heir" });
  await server.query("postgres", "ALTER DATABASE mine OWNER TO heir");
  await assertClean(await driver.update(await refreshed(), program), program);
  // It made that role, and so may let itself act for it.
  await server.query("postgres", "ALTER DATABASE mine OWNER TO heir");
  await server.query("postgres", "REVOKE heir FROM provisioner GRANTED BY provisioner");
  await assertClean(await driver.update(await refreshed(), program), program);
  const members = "SELECT pg_has_role('provisioner', 'heir', 'USAGE') AS acts";
  assert.deepEqual((await server.query("postgres", members)).rows, [{ acts: false }], "for that alone");
  assert.deepEqual(driver.lines, []);

  await server.query("postgres", "ALTER DATABASE mine OWNER TO postgres");
  const line =
    /^the database "mine" belongs to "postgres", for whom "provisioner" may not act, so no up gives it back\. Have a superuser say: (ALTER DATABASE "mine" OWNER TO "mine")$/;
  const foreign = await refreshed();
  assert.match(driver.lines.join(), line, "a look tells it already");
  await assert.rejects(driver.update(foreign, program), { message: line });
  await server.query("postgres", line.exec(driver.lines.join())?.[1] ?? "");
  await assertClean(await refreshed(), program);
  await removeAddon(addon);
});

test("a database goes with the sessions it has", async () => {
  const addon = await createAddon("busy", "busy");
  const session = server.query("busy", "SELECT pg_sleep(600)", "busy_1", "busy").catch((error: Error) => error.message);
  const count = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = 'busy' AND query LIKE '%sleep%'";
  while ((await server.query("postgres", count)).rows[0].n === 0);
  await removeAddon(addon);
  assert.match(String(await session), /terminat/);
});

test("what an interrupted create left is found by its name", async () => {
  const addon = await createAddon("lost", "lost");
  const program = programs("lost", "lost");
  assert.equal((await driver.recover(ROLE, "login", program.login))?.id, "lost_1");
  const found = await driver.recover(DATABASE, "database", program.database);
  assert.deepEqual(found?.outputs, addon.database.outputs);
  await removeAddon(addon);
  assert.equal(await driver.recover(ROLE, "login", program.login), undefined);
  assert.equal(await driver.recover(DATABASE, "database", program.database), undefined);
});

test("names and passwords with quotes are data", async () => {
  const name = `o'ne"; DROP TABLE x; --`;
  const addon = await createAddon(name, `'; DROP ROLE postgres; --`);
  await server.query(name, "SELECT 1", `${name}_1`, `'; DROP ROLE postgres; --`);
  await removeAddon(addon);
});

test("Postgres' own message is the error, in one line and without the password", async () => {
  await driver.create(ROLE, "twice", { name: "twice" });
  const again = driver.create(ROLE, "twice", { name: "twice", password: "unspoken" });
  await assert.rejects(again, (error: Error) => {
    assert.equal(error.message, 'role "twice" already exists');
    assert.doesNotMatch(String(error.stack), /unspoken|SCRAM/);
    return true;
  });
  await assert.rejects(driver.create(DATABASE, "db", { name: "x", owner: "nobody" }), /role "nobody" does not exist/);
  const foreign = { database: "template1", objectType: "database", role: "public", privileges: ["CONNECT"] };
  await assert.rejects(
    driver.create(GRANT, "g", foreign),
    /permission denied for database template1|stayed as they were/,
  );
  await assert.rejects(driver.create(GRANT, "g", { ...foreign, privileges: ["FLY"] }), /"FLY" is no privilege/);
  await assert.rejects(driver.create(GRANT, "g", { ...foreign, columns: ["a"] }), /columns/);
});

test("a server that is not there, or refuses us, is one clear line", async () => {
  const port = await freePort();
  const nowhere = drive(await provisioner(port));
  await assert.rejects(nowhere.create(ROLE, "r", { name: "r" }), {
    message: new RegExp(`^cannot reach Postgres at 127\\.0\\.0\\.1:${port} .*Start it and repeat the command$`),
  });
  const stranger = drive(await provisioner(server.port, "wrong"));
  await assert.rejects(
    stranger.create(ROLE, "r", { name: "r" }),
    /^Error: password authentication failed for user "provisioner"$/,
  );
});
