import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Case, CaseApp } from "../../support/cases.ts";
import { apiOf } from "../../support/dyno-manager.ts";
import { herokuUser } from "../../support/heroku/user.ts";
import { startLoad } from "../../support/load.ts";

/** A home page that answers so, whatever is in the database. */
const answering = (status: number, text: string) => `import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        print(${JSON.stringify(text)}, flush=True)
        self.send_response(${status})
        self.end_headers()
        self.wfile.write(b${JSON.stringify(text)})

ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
`;

const LINE = /"GET \/ HTTP\/1\.1" 500 -/;
const NOTES = /relation "notes" does not exist/;

export const cases: readonly Case[] = [
  {
    name: "push-then-migrate",
    folder: "03-root-500-before-migrate",
    database: true,
    async check(app, t) {
      const { platform, name, api } = app;
      await firstPush(app);
      // Long enough for a dyno that is well, and a setting that leaves the rule as it is.
      const timeout = ["dynoform:app.healthCheck.timeout", "15"];
      const set = await platform.pulumi("config", "set", "--path", ...timeout, "-s", name);
      assert.equal(set.exitCode, 0, set.output);
      await everydayActs(app);
      assert.match(await app.run("python migrate.py"), /migrated/);
      assert.equal((await app.fetch()).body, "1 notes\n");
      await brokenOverGood(app, t);
      await goodOverBroken(app);
      assert.doesNotMatch(await api.logs(), /R10/, "each was bound");
    },
  },
];

/** Nothing is replaced: it goes through, with a warning that shows the app's last lines. */
async function firstPush(app: CaseApp): Promise<void> {
  const { name, api, pushed } = app;
  assert.match(
    pushed,
    new RegExp(
      `remote: {2}! {5}Warning: web\\.1 of ${name} answers 500 to GET /, and was deployed all the same, ` +
        `as there is nothing that it replaces\\. Its last lines:\\s+remote: {2}! .*${LINE.source}`,
    ),
  );
  assert.match(pushed, /Released v\d+[\s\S]*Verifying deploy\.\.\. done\./);
  const { status, body } = await app.fetch();
  assert.deepEqual([status, NOTES.test(body)], [500, true], body);
  assert.match((await api.releases())[0]?.description ?? "", /^Deploy /, "what serves has a number");
  assert.match(await api.logs(), /app\[api\]: Warning: web\.1 of .* answers 500 to GET \//);
}

/** Whatever else is done to an app whose home page answers 500 is done: a release over a broken one is no worse. */
async function everydayActs(app: CaseApp): Promise<void> {
  const { platform, name, api } = app;
  const user = await herokuUser(platform, `${name}-official`);
  Object.assign(user.env, { HEROKU_API_KEY: (await platform.dynoform("token")).output.trim() });
  const { output, errors } = await user.heroku("config:set", "FIX=1", "-a", name);
  assert.match(output + errors, /done, v\d+/);
  assert.match(
    (output + errors).replaceAll(/[\s›]+/g, " "),
    new RegExp(
      `Warning: web\\.1 of ${name} answers 500 to GET /, and was deployed all the same, as what it replaces does no ` +
        `better\\. Its last lines: \\| .*${LINE.source}`,
    ),
  );
  assert.equal((await api.config()).FIX, "1");
  assert.deepEqual(await api.scale({ web: 2 }), { web: 2 });
  const host = await apiOf(platform);
  for (const maintenance of [true, false]) {
    await host.ask("PATCH", `/apps/${name}`, { maintenance });
    assert.equal((await app.fetch()).status, maintenance ? 503 : 500);
  }
  const first = (await api.releases()).find(({ description }) => description.startsWith("Deploy "));
  await api.rollback(first?.version ?? 0);
  assert.equal((await api.config()).FIX, undefined);
  await api.restart();
  assert.match((await app.fetch()).body, NOTES);
}

/** It would make it worse: it is refused, with the app's last lines, and nobody notices. */
async function brokenOverGood(app: CaseApp, t: TestContext): Promise<void> {
  const { platform, name, work, api } = app;
  await writeFile(join(work, "app.py"), answering(500, "KeyError: 'colour'"));
  const commit = await app.commit("Broken");
  await using load = startLoad({
    host: `${name}.localhost`,
    port: platform.ports.web,
    rate: 50,
    // Without the database, which has so many connections and no more; the new code answers 500 here too.
    path: () => "/health",
    most: 300,
    isFromApp: ({ status, body }) => status === 200 && body === "well\n",
  });
  const { exitCode, output } = await app.git("push", "heroku", "main");
  const { sent, lost } = await load.stop();
  assert.equal(exitCode, 1, output);
  const reason =
    /web\.\d of push-then-migrate answered 500 to GET \/ for 15 seconds, and the release that it was to replace answers below 500\. Its last lines:/;
  const [, lines = ""] = output.split(reason);
  assert.match(lines, /^\s+remote: {2}! .*(\s+remote: {2}! .*)*KeyError: 'colour'/, output);
  assert.match(output, /To deploy it all the same: heroku maintenance:on -a /);
  assert.match(output, /Putting push-then-migrate back as it was/);
  assert.match(output, /\[remote rejected\] main -> main \(deploy failed\)/);
  assert.deepEqual(lost.slice(0, 3), [], `${lost.length} of ${sent} lost`);
  t.diagnostic(`${sent} requests, none lost`);
  const log = await api.logs();
  assert.match(
    log,
    new RegExp(`app\\[api\\]: Deploy ${commit.slice(0, 7)} by user admin@localhost failed: ${reason.source}`),
  );
  assert.match(log, /app\[api\]: {5}KeyError: 'colour'/);
}

/** The release that serves has broken since: what mends it goes through without a word. */
async function goodOverBroken(app: CaseApp): Promise<void> {
  await app.run(
    `python -c "import os, psycopg2; d = psycopg2.connect(os.environ['DATABASE_URL']); d.cursor().execute('DROP TABLE notes'); d.commit()"`,
  );
  assert.equal((await app.fetch()).status, 500);
  await writeFile(join(app.work, "app.py"), answering(200, "mended"));
  await app.commit("Mended");
  const { exitCode, output } = await app.git("push", "heroku", "main");
  assert.equal(exitCode, 0, output);
  assert.doesNotMatch(output, /Warning: /);
  assert.equal((await app.fetch()).body, "mended");
}
