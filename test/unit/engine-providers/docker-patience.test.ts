import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { patient } from "../../../engine/providers/docker/patience.ts";

// What a dockerd says while it is being started, as said by dockerd 20.10 and its swarm.

const NO_LEADER = "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few";
const PREPARED =
  "This node is not a swarm manager. Manager is being prepared or has trouble connecting to the cluster.";
const UNAVAILABLE = "rpc error: code = Unavailable desc = transport is closing";
const NO_SWARM = 'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join"';

let folder = "";
let socketPath = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "patience-"));
  socketPath = join(folder, "docker.sock");
});
after(() => rm(folder, { recursive: true }));

/** An engine that gives these answers one after another, the last one for ever: a status and a message. */
async function engine(...answers: [number, string][]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const [status, message] = answers[Math.min(asked.length, answers.length) - 1] ?? [200, "OK"];
    if (status === 0) return void request.socket.destroy();
    // Of the next test's engine the client shall not think that it is this one.
    response.writeHead(status, { "content-type": "application/json", connection: "close" });
    response.end(JSON.stringify(status < 300 ? { ID: "id" } : { message }));
  }).listen(socketPath);
  await once(server, "listening");
  return { asked, [Symbol.asyncDispose]: () => closed(server) };
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

const client = (patience?: number) => patient(new Docker({ socketPath, host: "" }), patience);
const create = (docker: Docker) => docker.createService({ Name: "web" });

test("a swarm without a leader yet is waited for, also by what changes something", async () => {
  await using server = await engine([500, NO_LEADER], [503, PREPARED], [201, "OK"]);
  assert.equal((await create(client())).id, "id");
  assert.deepEqual(new Set(server.asked), new Set(["POST /services/create"]));
  assert.equal(server.asked.length, 3);
});

test("only reads are made again where the first may have been done", async () => {
  {
    await using _server = await engine([503, UNAVAILABLE], [200, "OK"]);
    assert.deepEqual(await client().getService("web").inspect(), { ID: "id" });
  }
  await using server = await engine([503, UNAVAILABLE]);
  await assert.rejects(create(client()), /transport is closing/);
  assert.equal(server.asked.length, 1);
});

test("a machine without a swarm, and what is plainly wrong, are told at once", async () => {
  for (const [status, message] of [
    [503, NO_SWARM],
    [404, "service web not found"],
    [500, "server error"],
  ] as const) {
    await using server = await engine([status, message]);
    await assert.rejects(client().getService("web").inspect());
    assert.equal(server.asked.length, 1, message);
  }
});

test("patience has an end, with what was said last", async () => {
  await using server = await engine([500, NO_LEADER]);
  await assert.rejects(create(client(350)), /does not have a leader/);
  assert.ok(server.asked.length > 1);
});

test("an engine that has answered before is waited for while it is away", async () => {
  const docker = client();
  {
    await using _first = await engine([200, "OK"]);
    await docker.getService("web").inspect();
  }
  const changed = create(docker);
  await sleep(200);
  await using again = await engine([201, "OK"], [0, "broken off"], [200, "OK"]);
  assert.equal((await changed).id, "id");
  assert.deepEqual(await docker.getService("web").inspect(), { ID: "id" });
  assert.equal(again.asked.length, 3);
});

test("one that never was there is not", async () => {
  await assert.rejects(client().getService("web").inspect(), { code: "ENOENT" });
});
