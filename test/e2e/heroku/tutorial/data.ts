import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { installPackages } from "../../../../cli/setup/apt.ts";
import type { HerokuUser } from "../../../support/heroku/user.ts";
import { until } from "../../../support/until.ts";
import type { Scene } from "./scene.ts";

/** A database: made, looked into, copied, saved, brought back, with other credentials. */
export async function data(t: TestContext, { platform }: Scene, app: HerokuUser): Promise<void> {
  // What `pg:psql` runs on the user's machine.
  if (!existsSync("/usr/bin/psql")) await installPackages(["postgresql-client"], () => {});
  const sql = async (command: string, ...database: string[]) =>
    (await app.heroku("pg:psql", ...database, "--command", command)).output;
  const count = async (...database: string[]) =>
    /^ +(\d+)$/m.exec(await sql("SELECT count(*) FROM notes", ...database))?.[1];
  let addon = "";

  await t.test("addons:create, addons, addons:info", async () => {
    const created = await app.heroku("addons:create", "heroku-postgresql:mini");
    assert.match(created.errors, /Creating heroku-postgresql:mini on (?:⬢ )?uwsgi-example\.\.\. /);
    [, addon = ""] = /Created ([a-z]+-[a-z]+-\d+) as DATABASE_URL/.exec(created.output) ?? [];
    assert.notEqual(addon, "", created.output);
    const [list, info, url, of, services, plans] = await Promise.all([
      app.heroku("addons"),
      app.heroku("addons:info", addon),
      app.heroku("config:get", "DATABASE_URL"),
      app.heroku("apps:info"),
      app.heroku("addons:services"),
      app.heroku("addons:plans", "heroku-postgresql"),
    ]);
    assert.match(services.output, /heroku-postgresql/);
    assert.match(plans.output, /heroku-postgresql:mini/);
    assert.match(list.output, new RegExp(`heroku-postgresql \\(${addon}\\) +mini `));
    assert.match(list.output, /└─ as DATABASE/);
    assert.match(info.output, /Plan: +heroku-postgresql:mini/);
    assert.match(info.output, /Attachments: +uwsgi-example::DATABASE/);
    assert.match(info.output, /State: +created/);
    assert.match(of.output, /Addons: +heroku-postgresql:mini/);
    assert.match(url.output, /^postgres:\/\/\S+\n$/);
  });

  await t.test("pg:psql, pg:info, pg:wait, pg:credentials:url", async () => {
    assert.match(
      await sql("CREATE TABLE notes (id int); INSERT INTO notes SELECT generate_series(1, 1000)"),
      /INSERT 0 1000/,
    );
    const [rows, info, credentials] = await Promise.all([
      count(),
      app.heroku("pg:info"),
      app.heroku("pg:credentials:url"),
      app.heroku("pg:wait"),
    ]);
    assert.equal(rows, "1000");
    assert.match(info.output, /=== DATABASE_URL/);
    assert.match(info.output, /Plan: +Mini/i);
    assert.match(info.output, /PG Version: +17/);
    assert.match(credentials.output, /Connection info string:/);
    assert.match(credentials.output, /Connection URL:\s+postgres:\/\//);
  });

  await t.test("pg:ps, pg:kill", async () => {
    const query = app.refused("pg:psql", "--command", "SELECT pg_sleep(600)");
    let pid = "";
    await until("it is shown", async () => {
      const { output } = await app.heroku("pg:ps");
      [, pid = ""] = /^ +(\d+) \| active .*pg_sleep\(600\)/m.exec(output) ?? [];
      return pid !== "";
    });
    assert.match((await app.heroku("pg:kill", pid)).output, /^ pg_cancel_backend +\n-+\n t\n/m);
    assert.match((await query).errors, /canceling statement due to user request/);
  });

  await t.test("pg:backups:capture, pg:reset, pg:backups:restore", async () => {
    const captured = await app.heroku("pg:backups:capture");
    assert.match(captured.errors, new RegExp(`Starting backup of ${addon}\\.\\.\\. done`));
    assert.match(captured.errors, /Backing up .* to b001\.\.\. done/);
    const reset = await app.heroku("pg:reset", "--confirm", "uwsgi-example");
    assert.match(reset.errors, new RegExp(`Resetting ${addon}\\.\\.\\. done`));
    assert.match(await sql("SELECT to_regclass('notes') IS NULL AS gone"), /^ t$/m);
    const [backups, restored] = await Promise.all([
      app.heroku("pg:backups"),
      app.heroku("pg:backups:restore", "--confirm", "uwsgi-example"),
    ]);
    assert.match(backups.output, /b001 .* Completed /);
    assert.match(restored.errors, /Restoring\.\.\. done/);
    assert.equal(await count(), "1000");
    await app.heroku("pg:backups:download", "--output", join(app.home, "latest.dump"));
    const listed = await app.run("pg_restore", "--list", join(app.home, "latest.dump"));
    assert.match(listed.output + listed.errors, /TABLE DATA public notes|unsupported version/);
  });

  await t.test("a second database: pg:copy to it, pg:promote is not needed, addons:destroy", async () => {
    const { output } = await app.heroku("addons:create", "heroku-postgresql:mini", "--as", "COPY");
    const [, second = ""] = /Created ([a-z]+-[a-z]+-\d+) as COPY_URL/.exec(output) ?? [];
    const copied = await app.heroku("pg:copy", "DATABASE_URL", "COPY_URL", "--confirm", "COPY");
    assert.match(copied.errors, /Starting copy of DATABASE to COPY\.\.\. done/);
    assert.match(copied.errors, /Copying\.\.\. done/);
    assert.equal(await count("COPY_URL"), "1000");
    const destroyed = await app.heroku("addons:destroy", second, "--confirm", "uwsgi-example");
    assert.match(destroyed.errors, new RegExp(`Destroying ${second} on (?:⬢ )?uwsgi-example\\.\\.\\. done`));
  });

  await t.test("pg:credentials:rotate", async () => {
    const before = (await app.heroku("config:get", "DATABASE_URL")).output;
    const rotated = await app.heroku("pg:credentials:rotate", "--confirm", "uwsgi-example");
    assert.match(rotated.errors, new RegExp(`Rotating default on ${addon}\\.\\.\\. done`));
    assert.notEqual((await app.heroku("config:get", "DATABASE_URL")).output, before);
    assert.equal(await count(), "1000");
    assert.equal((await platform.fetch("uwsgi-example")).status, 200);
  });
}

/** One app's database in another. */
export async function sharing(t: TestContext, flask: HerokuUser): Promise<void> {
  await t.test("addons:attach, addons:detach", async () => {
    const { output } = await flask.heroku("addons", "-a", "uwsgi-example");
    const [, addon = ""] = /heroku-postgresql \(([\w-]+)\)/.exec(output) ?? [];
    const attached = await flask.heroku("addons:attach", addon, "--as", "SHARED");
    assert.match(attached.errors, new RegExp(`Attaching ${addon} as SHARED to (?:⬢ )?flask-example\\.\\.\\. done`));
    assert.match(attached.errors, /Setting SHARED config vars and restarting (?:⬢ )?flask-example\.\.\. done, v\d+/);
    const answer = await flask.heroku(
      "pg:psql",
      "SHARED_URL",
      "-a",
      "flask-example",
      "-c",
      "SELECT count(*) FROM notes",
    );
    assert.match(answer.output, /^ +1000$/m);
    const detached = await flask.heroku("addons:detach", "SHARED");
    assert.match(detached.errors, new RegExp(`Detaching SHARED to ${addon} from (?:⬢ )?flask-example\\.\\.\\. done`));
  });
}
