import assert from "node:assert/strict";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { findRemainder } from "../../cli/remainder.ts";
import { findService, scaleService } from "../../lib/docker/service.ts";
import { packageRoot } from "../../lib/package-root.ts";
import { runtimeDirectory } from "../support/dyno-manager.ts";
import { herokuAnswers, serveHeroku } from "../support/heroku/heroku-app.ts";
import { get } from "../support/http.ts";
import { testPlatform } from "../support/platform.ts";
import { ran } from "../support/process.ts";
import { until } from "../support/until.ts";

test("up serves an app from its database, a second up changes nothing, down leaves nothing", async () => {
  await using platform = await testPlatform();
  const { name } = platform;
  const answers = herokuAnswers();
  const greeting = answers.config.GREETING ?? "";
  await using heroku = await serveHeroku(answers, "HRKU-token");
  const asked = { DYNOFORM_HEROKU_API: heroku.url, HEROKU_API_KEY: "HRKU-token", HEROKU_HOST: "" };
  await dynoform(["init", "examples/flask-hello", "--heroku", "shop-eu", "--name", "hello"], asked);

  const first = await platform.dynoform("up");
  assert.equal(first.exitCode, 0, first.output);
  assert.match(first.output, new RegExp(`hello answers at http://hello\\.localhost:${platform.ports.web}/`));

  const password = passwordIn(first.output);
  assert.equal(await logIn(password), 201);
  const invitation = await platform.dynoform("invite", "ada@example.com");
  const link = new URL(invitation.output.trim());
  assert.equal(link.host, `dashboard.localhost:${platform.ports.web}`);
  assert.match((await platform.fetch("dashboard", link.pathname)).body, /invites you as <strong>ada@example.com/);

  const trust = await platform.dynoform("trust");
  const ca = await readFile(/file +(\S+)/.exec(trust.output)?.[1] ?? assert.fail(trust.output), "utf8");
  const securely = { ca, host: "hello.localhost", port: platform.ports.https };
  await until("the app is served over TLS", () =>
    get({ ...securely, path: "/none" }).then(
      ({ status }) => status === 404,
      () => false,
    ),
  );
  const login = await get({ ...securely, host: "dashboard.localhost", path: "/login" });
  assert.equal(login.status, 200, login.body);

  // The router's proof that the dyno works was the first visit.
  assert.equal(await visit(), "2");
  assert.equal(await visit(), "3");
  const { body } = await get({ ...securely, path: "/" });
  assert.match(body, /visit number <strong>4/, "over TLS, with a certificate of its own");
  const running = await containers();

  const second = await platform.dynoform("up");
  assert.equal(second.exitCode, 0, second.output);
  assert.match(second.output, /^0 changes$/m);
  assert.ok(!/password/.test(second.output), "it is shown once");
  assert.deepEqual(await containers(), running, "a second up starts or restarts no container");
  const untouched = await platform.dynoform("drift");
  assert.deepEqual([untouched.exitCode, untouched.output], [0, "All is as it is declared.\n"]);
  await scaleService(platform.docker, await service(), () => 3);
  const drift = await platform.dynoform("drift", "hello");
  assert.equal(drift.exitCode, 2, drift.output);
  assert.match(drift.output, /^hello +dyno:DynoProcess \S*web\.1\S* +settle/m);
  const mended = await platform.pulumi("up", "--yes", "--skip-preview", "--stack", "hello");
  assert.equal(mended.exitCode, 0, mended.output);
  assert.equal((await findService(platform.docker, await service()))?.replicas, 1);
  // However often the dynos that were too many were asked.
  const visits = Number(await visit());

  const exported = join(platform.directory, "exported");
  await dynoform(["export", exported], {}, "correct horse");

  const unconfirmed = await platform.dynoform("down");
  assert.equal(unconfirmed.exitCode, 1);
  assert.match(unconfirmed.output, /stack hello, with all data in its database /);
  assert.match(unconfirmed.output, /nothing was destroyed\. Say `npm run down -- --yes`/);
  assert.equal(await visit(), String(visits + 1));

  const down = await platform.dynoform("down", "--yes");
  assert.equal(down.exitCode, 0, down.output);
  const kept = await findRemainder(platform.docker, platform.name);
  assert.deepEqual(
    { ...kept, images: kept.images.length > 0, volumes: kept.volumes.toSorted() },
    { services: [], containers: [], networks: [], volumes: [`${name}-backups`, `${name}-postgres`], images: true },
  );

  for (const end of ["", "-wal", "-shm"]) {
    await rm(join(runtimeDirectory(platform), "control", `store.sqlite${end}`), { force: true });
  }
  // As on another machine: nothing but what was exported.
  for (const gone of ["stacks", ".dynoform"]) await rm(join(platform.directory, gone), { recursive: true });
  for (const part of ["stacks", "apps"])
    await cp(join(exported, part), join(platform.directory, part), { recursive: true });
  await mkdir(join(platform.directory, ".dynoform"));
  await writeFile(join(platform.directory, ".dynoform", "passphrase"), "correct horse\n");
  const warm = await platform.dynoform("up");
  assert.equal(warm.exitCode, 0, warm.output);
  const same = await platform.dynoform("up");
  assert.match(same.output, /^0 changes$/m, same.output);
  assert.equal(await logIn(passwordIn(warm.output)), 201, "a store that is lost means a new admin");
  assert.equal(await logIn(password), 401);
  assert.match((await platform.fetch("hello")).body, new RegExp(greeting), "the passphrase opens what was exported");
  assert.equal(await visit(), "3", "the kept volume serves new stacks, and the old database went with its app");

  const purged = await platform.dynoform("down", "--yes", "--purge");
  assert.equal(purged.exitCode, 0, purged.output);
  assert.deepEqual(await findRemainder(platform.docker, platform.name), {
    services: [],
    containers: [],
    networks: [],
    volumes: [],
    images: [],
  });

  /** Runs our command, which must succeed, in an environment that has more. */
  async function dynoform(args: readonly string[], more: Readonly<Record<string, string>>, input = ""): Promise<void> {
    const command = [process.execPath, join(packageRoot(), "cli", "main.ts"), ...args];
    const env = { ...(process.env as Record<string, string>), ...more };
    const { exitCode, output, errors } = await ran(command, { cwd: platform.directory, env, input });
    assert.equal(exitCode, 0, output + errors);
  }

  function passwordIn(output: string): string {
    const shown = new RegExp(`^${name} has a new admin;.*\\n +e-mail +admin@localhost\\n +password +(\\S+)$`, "m");
    assert.match(output, shown);
    return shown.exec(output)?.[1] ?? "";
  }

  /** As `heroku login -i` does. @returns the answer's status */
  async function logIn(as: string): Promise<number> {
    const headers = { authorization: `Basic ${Buffer.from(`admin@localhost:${as}`).toString("base64")}` };
    const url = `http://127.0.0.1:${platform.ports.api}/oauth/authorizations`;
    return (await fetch(url, { method: "POST", headers })).status;
  }

  /** Opens the page, which counts itself in the database, and gives its number. */
  async function visit() {
    const { status, body } = await platform.fetch("hello");
    assert.equal(status, 200, body);
    return /visit number <strong>(\d+)/.exec(body)?.[1];
  }

  async function service(): Promise<string> {
    const { dynos } = await platform.engine.outputs("hello");
    return (dynos as Record<string, string>)["web.1"] ?? "";
  }

  async function containers() {
    const filters = { label: [`dynoform.platform=${platform.name}`] };
    const list = await platform.docker.listContainers({ filters });
    const details = await Promise.all(list.map(({ Id }) => platform.docker.getContainer(Id).inspect()));
    return details.map(({ Id, State }) => `${Id} ${State.StartedAt}`).sort();
  }
});
