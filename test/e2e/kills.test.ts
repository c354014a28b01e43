import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { packageRoot } from "../../lib/package-root.ts";
import { changed } from "../../services/stacks/engine.ts";
import { type TestPlatform, testPlatform } from "../support/platform.ts";
import { simpleApp } from "../support/simple-app.ts";

/** When the engine is killed: after the n-th time it saved the state, or at once when Docker reports something. */
type Moment = { readonly saves: number } | { readonly event: string };

const addons = { DATABASE: { service: "postgresql", plan: "mini" } };

test("an up that was killed anywhere is completed by the next one", async (t) => {
  await using platform = await testPlatform();
  await simpleApp(platform, "killed");
  await platform.up("platform");
  let round = 0;
  const declare = (edit: string) =>
    platform.app("killed", { source: { path: "apps/killed" }, addons }, { VERSION: `${round} ${edit}` });

  const creating: Moment[] = [
    { saves: 3 },
    { saves: 8 },
    { saves: 13 },
    { saves: 18 },
    // Docker has answered and the state is not saved yet.
    { event: "service create" },
  ];
  for (const moment of creating) {
    await t.test(`a first up, killed after ${describe(moment)}`, async () => {
      round++;
      await declare("first");
      await killedUp(platform, "killed", moment);
      await completed(platform);
      await platform.engine.destroy("killed");
      assert.deepEqual(await services(platform), []);
      assert.deepEqual(await databases(platform), []);
    });
  }

  round++;
  await declare("first");
  await platform.up("killed");
  const updating: Moment[] = [
    { saves: 2 },
    { saves: 4 },
    { saves: 6 },
    { saves: 8 },
    { event: "service create" },
    { event: "service remove" },
  ];
  for (const [index, moment] of updating.entries()) {
    const edited = index % 2 === 1;
    await t.test(
      `a change, killed after ${describe(moment)}${edited ? ", edited before the next up" : ""}`,
      async () => {
        round++;
        await declare("first");
        await killedUp(platform, "killed", moment);
        if (edited) await declare("edited");
        await completed(platform);
      },
    );
  }

  /** What every round ends with: an up that completes, one dyno, one database, and nothing left to change. */
  async function completed(platform: TestPlatform): Promise<void> {
    await platform.up("killed");
    const { status, body } = await platform.fetch("killed");
    assert.equal(status, 200, body);
    assert.ok(body.startsWith(`${round} `), body);
    const [service, ...others] = await services(platform);
    assert.ok(service !== undefined);
    assert.deepEqual(others, [], "nothing was made twice, nothing is left over");
    assert.equal((await databases(platform)).length, 1);
    const [again] = await platform.up("killed");
    assert.ok(again !== undefined);
    assert.equal(changed(again), 0, JSON.stringify(again.changes));
  }
});

function describe(moment: Moment): string {
  return "saves" in moment ? `${moment.saves} saves of the state` : `Docker's "${moment.event}"`;
}

/** Starts an up and kills its engine with SIGKILL at the moment. */
async function killedUp(platform: TestPlatform, stack: string, moment: Moment): Promise<void> {
  const bin = join(packageRoot(), "engine", "bin", "pulumi.mjs");
  const argv = [bin, "up", "-s", stack, "--yes", "--non-interactive"];
  const engine = spawn(process.execPath, argv, { cwd: platform.directory, stdio: "ignore" });
  const ended = once(engine, "exit");
  const stopWatching = await ("saves" in moment
    ? afterSaves(platform, stack, moment.saves, engine)
    : onEvent(platform, moment.event, engine));
  try {
    const [, signal] = await ended;
    assert.equal(signal, "SIGKILL", `the up ended before ${describe(moment)}`);
  } finally {
    stopWatching();
  }
}

async function afterSaves(platform: TestPlatform, stack: string, saves: number, engine: ChildProcess) {
  const folder = join(platform.directory, ".dynoform", "state", ".pulumi", "stacks", "dynoform");
  await mkdir(folder, { recursive: true });
  let seen = 0;
  // The state is renamed into place, so that each save is one event of this name.
  const watcher = watch(folder, (event, name) => {
    if (event === "rename" && name === `${stack}.json` && ++seen === saves) engine.kill("SIGKILL");
  });
  return () => watcher.close();
}

async function onEvent(platform: TestPlatform, event: string, engine: ChildProcess) {
  const [type = "", action = ""] = event.split(" ");
  const stop = new AbortController();
  const filters = JSON.stringify({ type: [type], event: [action] });
  const events = await platform.docker.getEvents({ filters, abortSignal: stop.signal });
  events.on("data", () => engine.kill("SIGKILL"));
  // The stream ends with an error when it is aborted.
  events.on("error", () => {});
  return () => stop.abort();
}

async function services(platform: TestPlatform): Promise<string[]> {
  const list = await platform.docker.listServices({ filters: { label: [`dynoform.platform=${platform.name}`] } });
  return list.map((service) => service.Spec?.Name ?? "").sort();
}

/** The databases of apps, each with its roles. */
async function databases(platform: TestPlatform): Promise<string[]> {
  const { provisionerPassword } = await platform.engine.outputs("platform", { showSecrets: true });
  const client = new pg.Client({
    host: "127.0.0.1",
    port: platform.ports.postgres,
    user: "provisioner",
    password: String(provisionerPassword),
    database: "postgres",
  });
  await client.connect();
  try {
    const { rows } = await client.query(
      "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'",
    );
    const roles = await client.query(
      "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname NOT IN ('postgres', 'provisioner')",
    );
    assert.equal(roles.rows.length, rows.length * 2, "an owner and a login role for each database");
    return rows.map((row) => row.datname as string);
  } finally {
    await client.end();
  }
}
