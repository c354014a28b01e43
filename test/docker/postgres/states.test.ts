import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { createProvider } from "../../../engine/providers/postgresql/index.ts";
import { type PropertyMap, type PropertyValue, Secret } from "../../../engine/src/values/values.ts";
import { programOf, type RecordedState } from "../../support/docker-states.ts";
import { type Driven, drive } from "../../support/provider-driver.ts";
import { PostgresServer } from "./server.ts";

// The program whose states were recorded on the real plugin, run again here: states must be equal field by field.

type Name = "owner" | "ro" | "db" | "mem" | "sch" | "conn" | "ext" | "dp" | "use";

const recorded: Readonly<Record<Name, RecordedState>> = JSON.parse(
  readFileSync(new URL("../../fixtures/postgresql-states.json", import.meta.url), "utf8"),
);
const order: readonly Name[] = ["owner", "ro", "db", "mem", "sch", "conn", "ext", "dp", "use"];

let server: PostgresServer;
const provider = createProvider();
const driver = drive(provider);

before(async () => {
  server = await PostgresServer.start();
  await provider.configure({
    host: "127.0.0.1",
    port: String(server.port),
    username: "postgres",
    password: server.passwords.superuser,
    sslmode: "disable",
    superuser: "true",
  });
});

after(() => server?.[Symbol.asyncDispose]());

test("the recorded program has the recorded states, and no difference to itself", async () => {
  const made: Driven[] = [];
  for (const name of order) {
    const { type, id, inputs, outputs } = recorded[name];
    const program = programOf(inputs);
    const resource = await driver.create(type, name, program);
    made.push(resource);
    assert.equal(resource.id, id);
    assert.deepEqual(resource.inputs, inputs, name);
    assert.deepEqual(hidden(resource.outputs), outputs, name);
    assert.deepEqual((await driver.diff(resource, program)).detailedDiff, {}, name);
    const refreshed = await driver.refresh(resource);
    assert.deepEqual(refreshed?.inputs, resource.inputs, name);
    assert.deepEqual(refreshed?.outputs, resource.outputs, name);
  }
  // As on the real plugin, a membership given elsewhere is a difference of the role.
  const ro = await driver.refresh(made[1] as Driven);
  assert.deepEqual(ro?.outputs.roles, ["pg_read_all_stats"]);

  for (const resource of made.reverse()) await driver.remove(resource);
  for (const resource of made) assert.equal(await driver.refresh(resource), undefined, resource.name);
});

test("privileges on tables and sequences, and changes of schemas and extensions", async () => {
  const create = (kind: string, program: PropertyMap) => driver.create(`postgresql:index/${kind}`, "x", program);
  await create("role:Role", { name: "reader" });
  await create("role:Role", { name: "heir" });
  await create("database:Database", { name: "shop" });
  await server.query("shop", "CREATE TABLE a (id serial); CREATE TABLE b (id int)");

  const on = { database: "shop", schema: "public", role: "reader" };
  const program = { ...on, objectType: "table", objects: ["a"], privileges: ["SELECT", "INSERT"] };
  const table = await create("grant:Grant", program);
  assert.equal(table.id, "reader_shop_public_table_a");
  await create("grant:Grant", { ...on, objectType: "sequence", privileges: ["ALL"] });
  const held =
    "SELECT has_table_privilege('reader', 'a', 'INSERT') AS a, has_table_privilege('reader', 'b', 'SELECT') AS b";
  assert.deepEqual((await server.query("shop", held)).rows, [{ a: true, b: false }]);
  const less = await driver.update(table, { ...program, privileges: ["SELECT"] });
  assert.deepEqual(less.outputs.privileges, ["SELECT"]);
  assert.deepEqual((await server.query("shop", held)).rows, [{ a: false, b: false }]);
  const nowhere = { database: "shop", role: "reader", objectType: "table", privileges: [] };
  await assert.rejects(create("grant:Grant", nowhere), /schema: it is required/);

  const schema = await create("schema:Schema", { name: "later", database: "shop" });
  const given = await driver.update(schema, { name: "later", database: "shop", owner: "heir" });
  assert.equal(given.outputs.owner, "heir");
  await driver.remove(given);
  await create("extension:Extension", { name: "hstore", database: "shop", schema: "public" });
});

/** Secrets as the recorded states have them. */
function hidden(outputs: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(outputs).map(([key, value]): [string, PropertyValue] => [
      key,
      value instanceof Secret ? "hidden" : value,
    ]),
  );
}
