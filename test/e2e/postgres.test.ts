import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import Docker from "dockerode";
import pg from "pg";
import { parse } from "yaml";
import { apiOf } from "../support/dyno-manager.ts";
import { type HerokuUser, herokuUser } from "../support/heroku/user.ts";
import { type TestPlatform, testPlatform } from "../support/platform.ts";
import { until } from "../support/until.ts";

// No dynos: what dynos see of a database, other tests show.
test("databases of two apps with the official command line", { timeout: 600_000 }, async (t) => {
  await using platform = await testPlatform();
  await platform.app("shop", {});
  await platform.app("blog", {});
  await platform.up();
  const user = await someone(platform);
  const heroku = async (...args: string[]) => (await user.heroku(...args)).output;
  const sql = (app: string, database: string, command: string) =>
    heroku("pg:psql", database, "--app", app, "--command", command);
  const declared = async (app: string) => {
    const text = await readFile(join(platform.directory, "stacks", `Pulumi.${app}.yaml`), "utf8");
    return parse(text).config["dynoform:app"].addons ?? {};
  };

  await t.test("an add-on is attached to another app, which has a login of its own", async () => {
    assert.match(
      await heroku("addons:create", "heroku-postgresql:mini", "--app", "shop", "--name", "the-orders"),
      /Created the-orders as DATABASE_URL/,
    );
    await sql("shop", "DATABASE", "CREATE TABLE orders AS SELECT generate_series(1, 100) AS id");
    assert.match(
      (await user.heroku("addons:attach", "the-orders", "--app", "blog", "--as", "ORDERS")).errors,
      /Setting ORDERS config vars and restarting.* done, v2/s,
    );
    assert.deepEqual(await declared("blog"), { ORDERS: { attach: { stack: "shop", addon: "DATABASE" } } });
    assert.match(await sql("blog", "ORDERS", "SELECT count(*) FROM orders"), /100/);
    await sql("blog", "ORDERS", "CREATE TABLE made_by_blog (id int)");
    await sql("shop", "DATABASE", "DROP TABLE made_by_blog");
    const [own, attached] = [await url(user, "shop", "DATABASE"), await url(user, "blog", "ORDERS")];
    assert.equal(own.pathname, attached.pathname);
    assert.notEqual(own.username, attached.username);
    assert.match(
      (await user.refused("addons:destroy", "the-orders", "--app", "shop", "--confirm", "shop")).errors,
      /is attached to\s+blog as ORDERS/,
    );
  });

  await t.test("a rotation gives both new credentials, and leaves who is connected", async () => {
    const [own, attached] = [await url(user, "shop", "DATABASE"), await url(user, "blog", "ORDERS")];
    await using session = await connect(own.href);
    await heroku("pg:credentials:rotate", "--app", "shop", "--confirm", "shop");
    const [newOwn, newAttached] = [await url(user, "shop", "DATABASE"), await url(user, "blog", "ORDERS")];
    assert.notEqual(newOwn.password, own.password);
    assert.notEqual(newAttached.password, attached.password);
    assert.equal((await session.client.query("SELECT count(*)::int AS n FROM orders")).rows[0].n, 100);
    await assert.rejects(connect(own.href), /password authentication failed/);
    assert.match(await sql("blog", "ORDERS", "SELECT count(*) FROM orders"), /100/);
    await heroku("pg:killall", "--app", "shop");
    await assert.rejects(session.client.query("SELECT 1"));
  });

  await t.test("what runs is shown, and killed", async () => {
    await using session = await connect((await url(user, "shop", "DATABASE")).href);
    const { pid } = (await session.client.query("SELECT pg_backend_pid() AS pid")).rows[0];
    const sleeping = session.client.query("SELECT pg_sleep(600)").catch((error: Error) => error.message);
    await until("it is shown", async () => (await heroku("pg:ps", "--app", "shop")).includes("pg_sleep(600)"));
    await heroku("pg:kill", String(pid), "--app", "shop");
    assert.match(String(await sleeping), /canceling statement due to user request/);
  });

  await t.test("a backup of one app is restored in another, and a database is copied from it", async () => {
    await heroku("addons:create", "heroku-postgresql", "--app", "blog");
    await heroku("pg:backups:capture", "--app", "shop");
    await heroku("pg:backups:restore", "shop::b001", "DATABASE", "--app", "blog", "--confirm", "blog");
    assert.match(await sql("blog", "DATABASE", "SELECT count(*) FROM orders"), /100/);
    await sql("shop", "DATABASE", "DELETE FROM orders WHERE id > 50");
    await heroku("pg:copy", "shop::DATABASE", "DATABASE", "--app", "blog", "--confirm", "DATABASE");
    assert.match(await sql("blog", "DATABASE", "SELECT count(*) FROM orders"), /50/);
    const file = join(user.home, "latest.dump");
    await heroku("pg:backups:download", "b001", "--app", "shop", "--output", file);
    assert.equal((await readFile(file)).subarray(0, 5).toString(), "PGDMP");
    assert.match(await heroku("pg:backups:info", "b001", "--app", "shop"), /Completed/);
    await heroku("pg:backups:delete", "b001", "--app", "shop", "--confirm", "shop");
  });

  await t.test("a database is pulled to a server of one's own, and pushed back", async () => {
    await using _home = await ownServer(platform, user);
    await heroku("pg:pull", "DATABASE_URL", "pulled", "--app", "shop");
    await heroku("pg:reset", "DATABASE", "--app", "blog", "--confirm", "blog");
    await heroku("pg:push", "pulled", "DATABASE_URL", "--app", "blog");
    assert.match(await sql("blog", "DATABASE", "SELECT count(*), sum(id) FROM orders"), /50 .* 1275/);
    assert.match(await sql("blog", "DATABASE", "ALTER TABLE orders ADD COLUMN more int"), /ALTER TABLE/);
    assert.match(await heroku("pg:info", "--app", "blog"), /Collation:\s+en_US\.UTF-8/);
  });

  await t.test("another database is promoted, and the old one keeps its data", async () => {
    await heroku("addons:create", "heroku-postgresql", "--app", "shop", "--as", "NEXT");
    await heroku("pg:promote", "NEXT", "--app", "shop");
    const { DATABASE, NEXT, ...rest } = await declared("shop");
    assert.deepEqual([DATABASE, NEXT.service], [{ attach: { addon: "NEXT" } }, "postgresql"]);
    const [alias = ""] = Object.keys(rest);
    assert.match(await sql("shop", alias, "SELECT count(*) FROM orders"), /50/);
    assert.match(await sql("shop", "DATABASE", "SELECT to_regclass('orders') IS NULL"), /t/);
    assert.match(await sql("blog", "ORDERS", "SELECT count(*) FROM orders"), /50/);
  });

  await t.test("what belonged to an app goes with it, wherever it was attached", async () => {
    await heroku("apps:destroy", "--app", "shop", "--confirm", "shop");
    await until("blog has let go", async () => (await declared("blog")).ORDERS === undefined);
    await until("its variable is gone", async () => !(await heroku("config", "--app", "blog")).includes("ORDERS_URL"));
    await heroku("addons:destroy", "DATABASE", "--app", "blog", "--confirm", "blog");
    assert.doesNotMatch(await heroku("config", "--app", "blog"), /DATABASE_URL/);
  });
});

/**
 * A plain Postgres 17 on the user's machine, with its programs first on PATH: in a container, since this machine's may be
 * older than the platform's.
 */
async function ownServer(platform: TestPlatform, user: HerokuUser): Promise<AsyncDisposable> {
  const docker = new Docker();
  const { Image } = await docker.getContainer(`${platform.name}-postgres`).inspect();
  const start = "initdb --pgdata=/tmp/own > /dev/null && exec postgres -D /tmp/own -c listen_addresses=";
  const container = await docker.createContainer({
    name: `${platform.name}-own-postgres`,
    Image,
    User: "postgres",
    Entrypoint: ["bash", "-c", start],
    HostConfig: { NetworkMode: "host" },
  });
  await container.start();
  const names = ["PGAPPNAME", "PGDATABASE", "PGHOST", "PGPASSWORD", "PGPORT", "PGSSLMODE", "PGUSER"];
  const programs = ["createdb", "pg_dump", "pg_restore", "psql"];
  const places = programs.map((program) => join(user.home, "bin", program));
  for (const [index, program] of programs.entries()) {
    const argv = `docker exec -i ${names.map((name) => `-e ${name}`).join(" ")} ${container.id} ${program}`;
    await writeFile(places[index] ?? "", `#!/bin/sh\nexec ${argv} "$@"\n`, { mode: 0o755 });
  }
  await until("the user's own server answers", async () => (await user.run("psql", "-lqt")).exitCode === 0);
  return {
    async [Symbol.asyncDispose]() {
      for (const place of places) await rm(place, { force: true });
      await container.remove({ force: true, v: true });
    },
  };
}

/** A user with the platform's set-up and a token. */
async function someone(platform: TestPlatform): Promise<HerokuUser> {
  const user = await herokuUser(platform, "ann");
  await (await apiOf(platform)).ask("POST", "/actions/claim-first-admin", {});
  const { output } = await platform.dynoform("token");
  Object.assign(user.env, { HEROKU_API_KEY: output.trim().split("\n").at(-1) ?? "" });
  return user;
}

async function url(user: HerokuUser, app: string, attachment: string): Promise<URL> {
  return new URL((await user.heroku("config:get", `${attachment}_URL`, "--app", app)).output.trim());
}

async function connect(connectionString: string) {
  const client = new pg.Client({ connectionString });
  client.on("error", () => {});
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end().catch(() => {}) };
}
