/** The engine's states in Postgres: what files have, a table has too, as Pulumi's own backend writes it. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Backend, HistoryEntry } from "../../../engine/src/state/backend.ts";
import { lockStack, removeLocks } from "../../../engine/src/state/lock.ts";
import { openBackend } from "../../../engine/src/state/open-backend.ts";
import { TestProject } from "../../engine/cli/harness.ts";
import { until } from "../../support/until.ts";
import { PostgresServer } from "./server.ts";

const name = { project: "p", stack: "s" };
let server: PostgresServer;
before(async () => {
  server = await PostgresServer.start();
});
after(() => server?.[Symbol.asyncDispose]());

const urlOf = (table = `t_${randomBytes(4).toString("hex")}`) =>
  `postgres://postgres:${server.passwords.superuser}@127.0.0.1:${server.port}/postgres?sslmode=disable&table=${table}`;

async function open(url = urlOf()): Promise<Backend> {
  const backend = openBackend(url, "/");
  await backend.prepare();
  return backend;
}

/** The rows of a backend's table, with what they hold. */
async function rows(backend: Backend): Promise<Record<string, string>> {
  const table = new URL(backend.url).searchParams.get("table");
  const result = await server.query("postgres", `SELECT key, data->>'data' AS data FROM ${table} ORDER BY key`);
  return Object.fromEntries(result.rows.map(({ key, data }) => [key, Buffer.from(data, "base64").toString("latin1")]));
}

const entry: HistoryEntry = {
  kind: "update",
  startTime: 1,
  message: "one",
  environment: {},
  config: {},
  version: 0,
  result: "succeeded",
  endTime: 2,
};

test("keys are Pulumi's, and a state keeps the one before it", async () => {
  const backend = await open();
  await backend.write(name, "one");
  await backend.write(name, "two");
  await backend.write(name, "two");
  await backend.setTags(name, { k: "v" });
  assert.deepEqual(await rows(backend), {
    "postgres/.pulumi/meta.yaml": "version: 1\n",
    "postgres/.pulumi/stacks/p/s.json": "two",
    "postgres/.pulumi/stacks/p/s.json.bak": "one",
    "postgres/.pulumi/stacks/p/s.pulumi-tags": '{"version":1,"tags":{"k":"v"}}',
  });
  assert.equal(await backend.read(name), "two");
  assert.ok(Math.abs(Number(await backend.lastWritten(name)) - Date.now()) < 60_000);
  await backend.records.write("stacks/p/s.json.gz", gzipSync("zipped"));
  assert.equal(await backend.read(name), "zipped", "what was written last counts");
  await backend.write(name, "three");
  assert.equal(await backend.read(name), "three");
  assert.equal((await rows(backend))["postgres/.pulumi/stacks/p/s.json.gz"], undefined);
});

test("history, backups and tags go with a new name, and with the stack; what is like it is left alone", async () => {
  const backend = await open();
  const [other, to] = [
    { project: "p", stack: "s_" },
    { project: "p", stack: "t" },
  ];
  for (const each of [name, other]) {
    await backend.write(each, "state");
    await backend.addHistory(each, entry);
    await backend.setTags(each, { k: "v" });
  }
  const [copy = ""] = await backend.backups(name);
  assert.match(copy, /^\.pulumi\/backups\/p\/s\/s\.\d{19}\.json$/);
  assert.equal(await backend.backup(copy), "state");
  assert.equal(await backend.backup("elsewhere"), undefined);
  await backend.write(to, "state");
  await backend.moveRecords(name, to);
  await backend.remove(name);
  assert.deepEqual([await backend.exists(name), (await backend.history(to)).length], [false, 1]);
  assert.deepEqual(await backend.tags(to), { k: "v" });
  await backend.remove(to);
  assert.deepEqual(await backend.list(), [other]);
  assert.deepEqual([(await backend.history(other)).length, await backend.tags(other)], [1, { k: "v" }]);
});

test("of many at once one makes the table, and at most one gets a stack", async () => {
  const url = urlOf();
  const all = await Promise.all(Array.from({ length: 6 }, () => open(url)));
  const tries = await Promise.allSettled(all.map((backend) => lockStack(backend, name, () => {})));
  const held = tries.filter((result) => result.status === "fulfilled");
  assert.ok(held.length <= 1);
  for (const { value } of held) await value.release();
  const [first, second] = all as [Backend, Backend];
  const lock = await lockStack(first, name, () => {});
  await assert.rejects(
    lockStack(second, name, () => {}),
    (error: Error) => {
      assert.match(
        error.message,
        /locked by 1 lock\(s\).*\n {2}postgres:\/\/postgres@127\.0\.0\.1:\d+\/postgres\/\.pulumi\/locks\/organization\/p\/s\/\S+\.json: created by \S+@\S+ \(pid \d+\)/,
      );
      return !error.message.includes(server.passwords.superuser);
    },
  );
  await removeLocks(second, name);
  await (await lockStack(second, name, () => {})).release();
  await lock.release();
});

test("connections that break under a change are waited for, and a server that is not there is told without the password", async () => {
  const relay = createServer((client) => {
    const behind = connect(server.port, "127.0.0.1");
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const)
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
    sockets.add(client.pipe(behind).pipe(client));
  });
  const sockets = new Set<Socket>();
  await once(relay.listen(0, "127.0.0.1"), "listening");
  const { port } = relay.address() as AddressInfo;
  const backend = await open(urlOf().replace(`:${server.port}/`, `:${port}/`));
  try {
    for (let round = 0; round < 3; round++) {
      relay.close();
      for (const socket of sockets) socket.destroy();
      const written = backend.write(name, `state ${round}`);
      await refused(port);
      await once(relay.listen(port, "127.0.0.1"), "listening");
      await written;
      assert.equal(await backend.read(name), `state ${round}`);
    }
    assert.equal(String(await backend.records.read("stacks/p/s.json.bak")), "state 1");
  } finally {
    relay.close();
    for (const socket of sockets) socket.destroy();
  }
  const nowhere = openBackend(urlOf().replace(`:${server.port}/`, ":1/"), "/");
  await assert.rejects(
    nowhere.prepare(),
    /^Error: cannot reach the states in Postgres at 127\.0\.0\.1:1 \(connect ECONNREFUSED/,
  );
  const stranger = openBackend(urlOf().replace(/:[0-9a-f]+@/, ":wrong@"), "/");
  await assert.rejects(
    stranger.prepare(),
    /^Error: the states in Postgres at 127\.0\.0\.1:\d+: password authentication failed/,
  );
});

/** Resolves when nobody listens there. */
async function refused(port: number): Promise<void> {
  await until(
    "the relay is closed",
    () =>
      new Promise((done) => {
        const socket = connect(port, "127.0.0.1");
        socket.once("connect", () => done(false)).once("error", () => done(true));
        socket.once("connect", () => socket.destroy());
      }),
  );
}

test("the pulumi command does with a table what it does with files", async () => {
  await using project = await TestProject.create("p", {
    "index.ts": "export const secret = 'shown'; setInterval(() => {}, 1e6).unref();",
  });
  const url = urlOf();
  project.environment.PULUMI_BACKEND_URL = url;
  const said: string[] = [];
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await project.run(args);
    said.push(stdout, stderr);
    return { code, text: stdout + stderr };
  };
  assert.equal((await run("stack", "init", "s")).code, 0);
  assert.equal((await run("up", "--yes", "--skip-preview")).code, 0);
  assert.match((await run("stack", "ls")).text, /s\*/);
  assert.match((await run("stack", "history")).text, /UpdateKind: update/);
  assert.match((await run("whoami", "--verbose")).text, /Backend URL: postgres:\/\/postgres@127/);
  const backend = await open(url);
  const other = await lockStack(backend, name, () => {});
  assert.match((await run("up", "--yes", "--skip-preview")).text, /locked by 1 lock/);
  assert.equal((await run("cancel", "--yes")).code, 0);
  await other.release();
  const good = (await backend.read(name)) ?? "";
  await backend.write(name, good.replace('"type":"pulumi:pulumi:Stack"', '"type":""'));
  const { code, text } = await run("preview");
  const [, place = ""] = /'pulumi stack import --file (\S+)' goes back/.exec(text) ?? [];
  assert.ok(code !== 0 && place !== "", text);
  assert.equal((await run("stack", "import", "--file", place)).code, 0);
  assert.equal((await run("preview")).code, 0);
  assert.equal((await run("destroy", "--yes", "--skip-preview", "--remove")).code, 0);
  assert.deepEqual(await backend.list(), []);
  assert.ok(!said.join("").includes(server.passwords.superuser));
});
