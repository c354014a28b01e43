import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { installPackages } from "../../../../cli/setup/apt.ts";
import type { HerokuUser } from "../../../support/heroku/user.ts";
import type { Scene } from "./scene.ts";

/** A database: made, looked into, copied, saved, brought back, shared, gone. */
export async function data(t: TestContext, { platform }: Scene, shop: HerokuUser): Promise<void> {
  // What `pg:psql` runs on the user's machine.
  if (!existsSync("/usr/bin/psql")) await installPackages(["postgresql-client"], () => {});
  const sql = async (command: string, ...database: string[]) =>
    (await shop.heroku("pg:psql", ...database, "--command", command)).output;
  const count = async (...database: string[]) =>
    /^ +(\d+)$/m.exec(await sql("SELECT count(*) FROM notes", ...database))?.[1];
  let addon = "";

  await t.test("addons:create, addons, addons:info", async () => {
    const created = await shop.heroku("addons:create", "heroku-postgresql:mini");
    assert.match(created.errors, /Creating heroku-postgresql:mini on (?:⬢ )?flask-example\.\.\. /);
    [, addon = ""] = /Created ([a-z]+-[a-z]+-\d+) as DATABASE_URL/.exec(created.output) ?? [];
    assert.notEqual(addon, "", created.output);
    const [list, info, url] = await Promise.all([
      shop.heroku("addons"),
      shop.heroku("addons:info", addon),
      shop.heroku("config:get", "DATABASE_URL"),
    ]);
    assert.match(list.output, new RegExp(`heroku-postgresql \\(${addon}\\) +mini `));
    assert.match(list.output, /└─ as DATABASE/);
    assert.match(info.output, /Plan: +heroku-postgresql:mini/);
    assert.match(info.output, /Attachments: +flask-example::DATABASE/);
    assert.match(info.output, /State: +created/);
    assert.match(url.output, /^postgres:\/\/\S+\n$/);
  });

  await t.test("pg:psql, pg:info, pg:wait, pg:credentials:url", async () => {
    assert.match(
      await sql("CREATE TABLE notes (id int); INSERT INTO notes SELECT generate_series(1, 1000)"),
      /INSERT 0 1000/,
    );
    const [rows, info, credentials] = await Promise.all([
      count(),
      shop.heroku("pg:info"),
      shop.heroku("pg:credentials:url"),
      shop.heroku("pg:wait"),
    ]);
    assert.equal(rows, "1000");
    assert.match(info.output, /=== DATABASE_URL/);
    assert.match(info.output, /Plan: +Mini/i);
    assert.match(info.output, /PG Version: +17/);
    assert.match(credentials.output, /Connection info string:/);
    assert.match(credentials.output, /Connection URL:\s+postgres:\/\//);
  });

  await t.test("pg:backups:capture, pg:reset, pg:backups:restore", async () => {
    const captured = await shop.heroku("pg:backups:capture");
    assert.match(captured.errors, new RegExp(`Starting backup of ${addon}\\.\\.\\. done`));
    assert.match(captured.errors, /Backing up .* to b001\.\.\. done/);
    const reset = await shop.heroku("pg:reset", "--confirm", "flask-example");
    assert.match(reset.errors, new RegExp(`Resetting ${addon}\\.\\.\\. done`));
    assert.match(await sql("SELECT to_regclass('notes') IS NULL AS gone"), /^ t$/m);
    const [backups, restored] = await Promise.all([
      shop.heroku("pg:backups"),
      shop.heroku("pg:backups:restore", "--confirm", "flask-example"),
    ]);
    assert.match(backups.output, /b001 .* Completed /);
    assert.match(restored.errors, /Restoring\.\.\. done/);
    assert.equal(await count(), "1000");
    await shop.heroku("pg:backups:download", "--output", join(shop.home, "latest.dump"));
    const listed = await shop.run("pg_restore", "--list", join(shop.home, "latest.dump"));
    assert.match(listed.output + listed.errors, /TABLE DATA public notes|unsupported version/);
  });

  await t.test("a second database: pg:copy to it, pg:promote is not needed, addons:destroy", async () => {
    const { output } = await shop.heroku("addons:create", "heroku-postgresql:mini", "--as", "COPY");
    const [, second = ""] = /Created ([a-z]+-[a-z]+-\d+) as COPY_URL/.exec(output) ?? [];
    const copied = await shop.heroku("pg:copy", "DATABASE_URL", "COPY_URL", "--confirm", "COPY");
    assert.match(copied.errors, /Starting copy of DATABASE to COPY\.\.\. done/);
    assert.match(copied.errors, /Copying\.\.\. done/);
    assert.equal(await count("COPY_URL"), "1000");
    const destroyed = await shop.heroku("addons:destroy", second, "--confirm", "flask-example");
    assert.match(destroyed.errors, new RegExp(`Destroying ${second} on (?:⬢ )?flask-example\\.\\.\\. done`));
  });

  await t.test("addons:attach, addons:detach", async () => {
    const attached = await shop.heroku("addons:attach", addon, "-a", "uwsgi-example", "--as", "SHARED");
    assert.match(attached.errors, new RegExp(`Attaching ${addon} as SHARED to (?:⬢ )?uwsgi-example\\.\\.\\. done`));
    assert.match(attached.errors, /Setting SHARED config vars and restarting (?:⬢ )?uwsgi-example\.\.\. done, v\d+/);
    const answer = await shop.heroku(
      "pg:psql",
      "SHARED_URL",
      "-a",
      "uwsgi-example",
      "-c",
      "SELECT count(*) FROM notes",
    );
    assert.match(answer.output, /^ +1000$/m);
    const detached = await shop.heroku("addons:detach", "SHARED", "-a", "uwsgi-example");
    assert.match(detached.errors, new RegExp(`Detaching SHARED to ${addon} from (?:⬢ )?uwsgi-example\\.\\.\\. done`));
  });

  await t.test("pg:credentials:rotate", async () => {
    const before = (await shop.heroku("config:get", "DATABASE_URL")).output;
    const rotated = await shop.heroku("pg:credentials:rotate", "--confirm", "flask-example");
    assert.match(rotated.errors, new RegExp(`Rotating default on ${addon}\\.\\.\\. done`));
    assert.notEqual((await shop.heroku("config:get", "DATABASE_URL")).output, before);
    assert.equal(await count(), "1000");
    assert.equal((await platform.fetch("flask-example")).status, 200);
  });
}
