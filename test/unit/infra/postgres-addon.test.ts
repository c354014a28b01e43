import assert from "node:assert/strict";
import { test } from "node:test";
import { PostgresAddon, type PostgresAddonArgs } from "../../../infra/app/postgres-addon.ts";
import { UserError } from "../../../lib/errors.ts";
import { KEY, platform } from "./fixtures.ts";
import { record } from "./recording.ts";

const args: PostgresAddonArgs = { platform, app: "shop", key: KEY };
const addon = (changes: Partial<PostgresAddonArgs> = {}) =>
  record(() => new PostgresAddon("shop.DATABASE", { ...args, ...changes }));

test("a database, its owner, its login role, and nobody else", async () => {
  const recording = await addon();
  const { database, user, variable } = recording.result;
  assert.match(database, /^d[0-9a-f]{10}$/);
  assert.equal(user, `${database}_1`);
  assert.equal(variable, "DATABASE_URL");

  assert.deepEqual(
    recording.resources.map(({ type, name, parent, provider, dependsOn }) => [type, name, parent, provider, dependsOn]),
    [
      ["dynoform:index:PostgresAddon", "shop.DATABASE", undefined, undefined, []],
      [
        "postgresql:index/database:Database",
        "shop.DATABASE",
        "shop.DATABASE",
        "shop.DATABASE-server",
        ["shop.DATABASE-owner"],
      ],
      [
        "postgresql:index/role:Role",
        "shop.DATABASE-login-1",
        "shop.DATABASE",
        "shop.DATABASE-server",
        ["shop.DATABASE-owner", "shop.DATABASE-password-1"],
      ],
      ["postgresql:index/role:Role", "shop.DATABASE-owner", "shop.DATABASE", "shop.DATABASE-server", []],
      ["dyno:index:Password", "shop.DATABASE-password-1", "shop.DATABASE", undefined, []],
      [
        "postgresql:index/grant:Grant",
        "shop.DATABASE-public",
        "shop.DATABASE",
        "shop.DATABASE-server",
        ["shop.DATABASE"],
      ],
      ["pulumi:providers:postgresql", "shop.DATABASE-server", "shop.DATABASE", undefined, []],
    ],
  );
  const inputs = (name: string, type?: string) => recording.get(name, type).inputs;
  assert.deepEqual(inputs("shop.DATABASE-server"), {
    host: "127.0.0.1",
    port: "15432",
    username: "provisioner",
    password: { secret: "provisioner-pass" },
    sslmode: "disable",
    superuser: "false",
    connectTimeout: "180",
  });
  assert.deepEqual(inputs("shop.DATABASE-owner"), { name: database, login: false });
  assert.deepEqual(inputs("shop.DATABASE-login-1"), {
    name: user,
    login: true,
    password: { secret: "pass" },
    roles: [database],
    assumeRole: database,
    connectionLimit: 20,
  });
  assert.deepEqual(inputs("shop.DATABASE", "postgresql:index/database:Database"), {
    name: database,
    owner: database,
    template: "template_app",
    lcCollate: "en_US.UTF-8",
    lcCtype: "en_US.UTF-8",
  });
  // Or a database of an earlier platform, which sorts otherwise, would be replaced by an empty one.
  assert.deepEqual(recording.get("shop.DATABASE", "postgresql:index/database:Database").options, {
    ignoreChanges: ["template", "lcCollate", "lcCtype"],
  });
  assert.deepEqual(inputs("shop.DATABASE-public"), {
    database,
    objectType: "database",
    role: "public",
    privileges: [],
  });
  assert.deepEqual(recording.get("shop.DATABASE-public").options, { deleteBeforeReplace: true });
});

test("the URL is a secret for dynos, and no output of the component", async () => {
  const recording = await addon();
  const { url, database, user } = recording.result;
  assert.equal(
    await (url as unknown as { promise(): Promise<string> }).promise(),
    `postgres://${user}:pass@test-postgres:5432/${database}`,
  );
  assert.equal(await (url as unknown as { isSecret: Promise<boolean> }).isSecret, true);
});

test("a rotation makes a new login role beside the old one and moves no database", async () => {
  const first = await addon();
  const second = await addon({ generation: 2 });
  assert.equal(second.result.database, first.result.database);
  assert.equal(second.result.user, `${first.result.database}_2`);
  assert.notEqual(second.result.entry.version, first.result.entry.version);
  assert.deepEqual(
    second.resources.filter(({ name }) => !first.resources.some((old) => old.name === name)).map(({ name }) => name),
    ["shop.DATABASE-login-2", "shop.DATABASE-password-2"],
  );
});

test("a database is named after key, app and attachment, and nothing else", async () => {
  const name = async (changes: Partial<PostgresAddonArgs>) => (await addon(changes)).result.database;
  const own = await name({});
  assert.equal(await name({ plan: "basic", generation: 3, platform: { ...platform, postgresPort: 1 } }), own);
  for (const changes of [{ app: "shop2" }, { attachment: "ORDERS" }, { key: "another key of 16+" }]) {
    assert.notEqual(await name(changes), own);
  }
});

test("what is wrong with an add-on is said at once", async () => {
  await record(() => {
    const wrong = { app: "a", attachment: "db", plan: "huge", generation: 0 };
    assert.throws(
      () => new PostgresAddon("shop.DATABASE", { ...args, ...wrong } as unknown as PostgresAddonArgs),
      (error) => {
        assert.ok(error instanceof UserError);
        assert.deepEqual(
          error.problems.map((problem) => problem.replace(/; .*/, "")),
          [
            'PostgresAddon shop.DATABASE: app: "a" is not allowed',
            'PostgresAddon shop.DATABASE: attachment: "db" is not allowed',
            'PostgresAddon shop.DATABASE: plan: "huge" is not a plan of postgresql',
            "PostgresAddon shop.DATABASE: generation: 0 is not allowed",
          ],
        );
        return true;
      },
    );
  });
});
