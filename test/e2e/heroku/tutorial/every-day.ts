import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { HerokuUser } from "../../../support/heroku/user.ts";
import { terminal } from "../../../support/terminal.ts";
import { until } from "../../../support/until.ts";
import type { Scene } from "./scene.ts";

const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00 (app|heroku)\[[\w.-]+\]: /;

/** Logs, config vars, dynos: what is done to an app that runs. */
export async function everyDay(t: TestContext, { platform }: Scene, shop: HerokuUser): Promise<void> {
  const page = async () => (await platform.fetch("flask-example")).body;

  await t.test("logs: all, some, of a source or a dyno", async () => {
    await page();
    const [all, last, app, dyno, other] = await Promise.all([
      shop.heroku("logs"),
      shop.heroku("logs", "-n", "1"),
      shop.heroku("logs", "--source", "app", "--num", "1000"),
      shop.heroku("logs", "--dyno-name", "web.1"),
      shop.in(shop.home).heroku("logs", "-a", "uwsgi-example", "--process-type", "web"),
    ]);
    const lines = ({ output }: { output: string }) => output.split("\n").filter((line) => line !== "");
    for (const each of [all, last, app, dyno, other]) for (const line of lines(each)) assert.match(line, LINE);
    assert.match(all.output, / app\[web\.1\]: somebody looked$/m);
    assert.match(all.output, / heroku\[router\]: at=info method=GET path="\/" host=flask-example\.localhost/);
    assert.equal(lines(last).length, 1);
    assert.match(app.output, / app\[api\]: Release v\d+ created by user /);
    assert.doesNotMatch(app.output, / heroku\[/);
    assert.ok(lines(dyno).every((line) => /(app|heroku)\[web\.1\]/.test(line)));
    assert.match(other.output, /WSGI app 0/);
  });

  await t.test("logs -t: as they come", async () => {
    using tail = shop.terminal("logs", "--tail");
    await tail.shows(/somebody looked/);
    const before = tail.shown().length;
    await platform.fetch("flask-example", "/?as-it-comes");
    await until("the new request is shown", async () => tail.shown().slice(before).includes("as-it-comes"));
    tail.type("\x03");
    await tail.ended;
  });

  await t.test("config:set, config, config:get, config:unset", async () => {
    const set = await shop.heroku("config:set", "GREETING=Ada & Co", "DEBUG=1");
    assert.match(set.errors, /Setting GREETING, DEBUG and restarting (?:⬢ )?flask-example\.\.\. done, v\d+/);
    assert.match(set.output, /GREETING: +Ada & Co/);
    assert.equal(await page(), "Hello, Ada & Co!");
    const [all, shell, json, one, none] = await Promise.all([
      shop.heroku("config"),
      shop.heroku("config", "--shell"),
      shop.heroku("config", "--json"),
      shop.heroku("config:get", "GREETING"),
      shop.heroku("config:get", "NOTHING"),
    ]);
    assert.match(all.output, /=== (?:⬢ )?flask-example Config Vars\s+DEBUG: +1\s+GREETING: +Ada & Co/);
    assert.match(shell.output, /GREETING='Ada & Co'/);
    assert.deepEqual(JSON.parse(json.output), { DEBUG: "1", GREETING: "Ada & Co" });
    assert.equal(one.output, "Ada & Co\n");
    assert.equal(none.output, "\n");
    const unset = await shop.heroku("config:unset", "DEBUG");
    assert.match(unset.errors, /Unsetting DEBUG and restarting (?:⬢ )?flask-example\.\.\. done, v\d+/);
    const refused = await shop.refused("config:set", "PORT=1");
    assert.match(refused.errors, /Error: PORT /);
  });

  await t.test("config:edit", async () => {
    const editor = join(shop.home, "bin", "editor");
    await writeFile(editor, `#!/bin/sh\nprintf 'GREETING=Grace\\n' >"$1"\n`);
    await chmod(editor, 0o755);
    using editing = terminal(["heroku", "config:edit"], { cwd: shop.work, env: { ...shop.env, EDITOR: editor } });
    await editing.shows(/Update config on .*flask-example with these values/);
    editing.type("y\r");
    assert.equal(await editing.ended, 0, editing.shown());
    assert.equal(await page(), "Hello, Grace!");
  });

  await t.test("ps:scale, ps, ps:type", async () => {
    const scaled = await shop.heroku("ps:scale", "web=2");
    assert.match(scaled.errors, /Scaling dynos\.\.\. done, now running web at 2:Free/);
    const [dynos, formation, unknown] = await Promise.all([
      shop.heroku("ps"),
      shop.heroku("ps:scale"),
      shop.refused("ps:scale", "nothing=1"),
    ]);
    assert.match(dynos.output, /^Eco dyno hours quota remaining this month: \d+h \d+m \(\d+%\)$/m);
    assert.match(dynos.output, /^=== web \(Free\): gunicorn app:app \(2\)$/m);
    assert.match(dynos.output, /^web\.1: up \d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \+0000 \(~ \w+ ago\)$/m);
    assert.match(dynos.output, /^web\.2: up /m);
    assert.equal(formation.output, "web=2:Free\n");
    assert.match(unknown.errors, /Error: Couldn't find that (process type|formation)/);
    assert.match((await shop.heroku("ps:scale", "web-1:Basic")).errors, /done, now running web at 1:Basic/);
    const typed = await shop.heroku("ps:type", "web=free");
    assert.match(typed.errors, /Scaling dynos on (?:⬢ )?flask-example\.\.\. done/);
    assert.match(typed.output, /web +Free +1/);
  });

  await t.test("ps:restart, ps:stop", async () => {
    const restarted = await shop.heroku("ps:restart");
    assert.match(restarted.errors, /Restarting all dynos on (?:⬢ )?flask-example\.\.\. done/);
    const one = await shop.heroku("ps:restart", "--dyno-name", "web.1");
    assert.match(one.errors, /Restarting dyno web\.1 on (?:⬢ )?flask-example\.\.\. done/);
    const stopped = await shop.heroku("ps:stop", "--process-type", "web");
    assert.match(stopped.errors, /Stopping all web dynos on (?:⬢ )?flask-example\.\.\. done/);
    await until("it serves again", async () => (await page()) === "Hello, Grace!");
    const detached = await shop.heroku("run:detached", "sleep 600");
    const [, dyno = ""] = /done, (run\.\d+)/.exec(detached.errors) ?? [];
    const shown = async () => (await shop.heroku("ps")).output.includes(dyno);
    assert.ok(await shown());
    const ended = await shop.heroku("ps:stop", "--dyno-name", dyno);
    assert.match(ended.errors, new RegExp(`Stopping dyno ${dyno} on (?:⬢ )?flask-example\\.\\.\\. done`));
    await until("it has ended", async () => !(await shown()));
  });

  await t.test("run, run -x, run in a terminal, run:detached", async () => {
    const [said, failed, detached] = await Promise.all([
      shop.heroku("run", "--no-tty", "echo", "it is $GREETING"),
      shop.run("heroku", "run", "--exit-code", "--no-tty", "(exit 7)"),
      shop.heroku("run:detached", "echo from afar"),
    ]);
    assert.match(said.output, /^it is Grace$/m);
    assert.equal(failed.exitCode, 7, failed.errors);
    const [, dyno = ""] =
      /Running echo from afar on (?:⬢ )?flask-example\.\.\. done, (run\.\d+)/.exec(detached.errors) ?? [];
    assert.match(
      detached.output,
      new RegExp(`Run heroku logs --app flask-example --dyno ${dyno} to view the output\\.`),
    );
    using shell = shop.terminal("run", "bash");
    await shell.shows(/up, run\.\d+/);
    await shell.shows(/\$ /);
    shell.type("stty size; echo $((40 + 2))\r");
    await shell.shows(/40 120\s+42/);
    shell.type("exit\r");
    assert.equal(await shell.ended, 0);
    await until("the log has it", async () =>
      (await shop.heroku("logs", "--dyno-name", dyno)).output.includes(`app[${dyno}]: from afar`),
    );
  });
}
