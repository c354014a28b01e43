import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { addresses } from "../../../model/platform/addresses.ts";
import type { Case } from "../../support/cases.ts";
import { until } from "../../support/until.ts";

/** What `heroku config` shows of an app that came to Heroku years ago. */
const BROUGHT = {
  PATH: "/app/.heroku/python/bin:/usr/local/bin:/usr/bin:/bin",
  PYTHONHOME: "/app/.heroku/python",
  LD_LIBRARY_PATH: "/app/.heroku/vendor/lib:/app/.heroku/python/lib",
  LIBRARY_PATH: "/app/.heroku/vendor/lib",
};

const COMMANDS =
  "psql pg_dump pg_restore wget zip unzip jq less nano ssh rsync file dig nc telnet gs convert pdftotext xz zstd " +
  "lsb_release envsubst locale";

export const cases: readonly Case[] = [
  {
    name: "print-unbuffered",
    folder: "04-print-unbuffered",
    async check(app) {
      await app.api.scale({ worker: 1 });
      await until("it ticks while it runs", async () => {
        const log = await app.api.logs({ dyno: "worker.1" });
        return log.includes("tick 3") && !log.includes("about to end");
      });
      await until("its last word is there", async () =>
        (await app.api.logs({ dyno: "worker.1" })).includes("about to end"),
      );
      assert.equal(await app.run(`python -c 'import os; print(os.environ["PYTHONUNBUFFERED"])'`), "true\n");
    },
  },
  {
    name: "config-brought-along",
    folder: "07-pythonpath",
    config: BROUGHT,
    async check(app) {
      assert.equal((await app.fetch()).body, "found");
      const ran = await app.run("python jobs/report.py");
      assert.match(ran, /^init: the config var PYTHONHOME is not used, .*\nshared is found\n$/);
      assert.match(await app.api.logs({ dyno: "web.1" }), /the config var PYTHONHOME is not used/);
    },
  },
  {
    name: "dot-profile",
    folder: "08-dot-profile",
    config: { SERVICE_ACCOUNT_JSON: '{"project_id": "demo-1"}' },
    async check(app) {
      assert.equal((await app.fetch()).body, "DEMO-1\n");
      const ran = await app.run("echo $GOOGLE_APPLICATION_CREDENTIALS; shout hi");
      assert.equal(ran, "/app/service-account.json\nHI\n");
    },
  },
  {
    name: "stack-psql",
    folder: "11-stack-image/psql",
    database: true,
    async check(app) {
      assert.match(app.pushed, /CREATE TABLE/);
      assert.match(await app.run('psql "$DATABASE_URL" --command "SELECT count(*) FROM visits"'), /^ +0$/m);
      const missing = `for c in ${COMMANDS}; do command -v $c > /dev/null || echo "no $c"; done`;
      assert.equal(await app.run(missing), "no gs\nno convert\nno pdftotext\n");
    },
  },
  {
    name: "stack-locale",
    folder: "11-stack-image/locale",
    async check(app) {
      assert.equal((await app.fetch()).body, "$1,234,567.50 LANG=en_US.UTF-8\n");
    },
  },
  {
    name: "stack-mysqlclient",
    folder: "11-stack-image/mysqlclient",
    // It has no wheel for any Python.
    prepare: (work) => appendFile(join(work, "requirements.txt"), "python-ldap==3.4.8\n"),
    async check(app) {
      assert.equal((await app.fetch()).status, 200);
      assert.match(await app.run("python -c 'import ldap; print(ldap.__version__)'"), /^3\.4\.8$/m);
    },
  },
  {
    name: "concurrency",
    folder: "13-concurrency-and-client-address",
    async check(app) {
      const said = async () => JSON.parse((await app.fetch()).body);
      const { pid, client, scheme, ...variables } = await said();
      assert.deepEqual(variables, {
        WEB_CONCURRENCY: "2",
        FORWARDED_ALLOW_IPS: "*",
        GUNICORN_CMD_ARGS: "--access-logfile -",
        DYNO_RAM: "512",
        LANG: "en_US.UTF-8",
        PYTHONPATH: "/app",
        PYTHONUNBUFFERED: "true",
      });
      assert.equal(scheme, "http");
      assert.notEqual(client, addresses(app.platform.name).router);
      await until("another process answers", async () => (await said()).pid !== pid);
    },
  },
  {
    name: "chmod-at-start",
    folder: "17-chmod-at-start",
    async check(app) {
      const all = ["chmod", "utime", "copy2 over it", "append", "a new file"];
      assert.equal((await app.fetch()).body, all.map((what) => `${what}: done\n`).join(""));
      assert.equal(await app.run("umask; find . -not -uid $(id -u)"), "0077\n");
    },
  },
];
