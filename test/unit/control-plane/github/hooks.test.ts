import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { Deliveries } from "../../../../services/control-plane/github/hooks/deliveries.ts";
import { receiveDeliveries } from "../../../../services/control-plane/github/hooks/receive.ts";
import { openStore } from "../../../../services/control-plane/store.ts";

const PATH = "/hooks/github/flask.github";
const SECRETS = new Map([
  [1, "old-secret"],
  [2, "new-secret"],
  [3, "next-secret"],
]);
const LARGEST = 20_000;
const PAYLOAD = Buffer.from('{"ref":"refs/heads/main",  "name":"caf\\u00e9 \u00e9"}');

/** A server that takes deliveries for one link, and what came of them. */
async function ground() {
  const store = openStore(":memory:");
  const time = { now: 1000 };
  const deliveries = new Deliveries(store, () => time.now);
  const marked: string[] = [];
  const state = { takes: true, known: true };
  const problems: string[] = [];
  const receive = receiveDeliveries({
    deliveries,
    secrets(stack) {
      if (stack !== "flask.github") return "absent";
      if (!state.known) return "unknown";
      return { hook: "7 http://here", secretOf: (generation = 2) => SECRETS.get(generation) };
    },
    mark(stack) {
      if (state.takes) marked.push(stack);
      return state.takes;
    },
    report: (problem) => problems.push(problem),
    largest: LARGEST,
  });
  const server = createServer((request, response) => {
    if (!receive(request, response)) response.writeHead(418).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    deliveries,
    marked,
    state,
    time,
    problems,
    send: (body: Buffer, headers: Record<string, string>, more: { path?: string; method?: string } = {}) =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const { path = PATH, method = "POST" } = more;
        const sent = request({ port, path, method, headers, agent: false }, async (response) =>
          resolve({ status: response.statusCode ?? 0, text: await text(response).catch(() => "") }),
        );
        sent.on("error", reject);
        sent.end(body);
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      store.close();
    },
  };
}

function signed(body: Buffer, secret = "new-secret", id: string = randomUUID()): Record<string, string> {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  return {
    "x-github-delivery": id,
    "x-github-event": "push",
    "x-hub-signature-256": `sha256=${signature}`,
    "content-type": "application/json",
  };
}

test("a delivery has its repository looked at, once", async () => {
  await using there = await ground();
  const headers = signed(PAYLOAD);
  assert.equal((await there.send(PAYLOAD, headers)).status, 202);
  assert.equal((await there.send(PAYLOAD, headers)).status, 200);
  assert.deepEqual(there.marked, ["flask.github"]);
  assert.equal(there.deliveries.isHeard("flask.github", "7 http://here"), true);
  assert.equal(there.deliveries.isHeard("flask.github", "8 http://here"), false);
  there.deliveries.deaf("flask.github");
  assert.equal(there.deliveries.isHeard("flask.github", "7 http://here"), false);
});

test("one that was refused for now is taken when it is delivered again", async () => {
  await using there = await ground();
  const headers = signed(PAYLOAD);
  there.state.takes = false;
  assert.equal((await there.send(PAYLOAD, headers)).status, 503);
  there.state.takes = true;
  there.state.known = false;
  assert.equal((await there.send(PAYLOAD, headers)).status, 503);
  there.state.known = true;
  assert.equal((await there.send(PAYLOAD, headers)).status, 202);
  assert.deepEqual(there.marked, ["flask.github"]);
});

test("the secrets around a rotation are good for the addresses that name them, and for no other", async () => {
  await using there = await ground();
  const send = async (generation: number | undefined, secret: string) => {
    const path = generation === undefined ? PATH : `${PATH}?generation=${generation}`;
    return (await there.send(PAYLOAD, signed(PAYLOAD, secret), { path })).status;
  };
  assert.equal(await send(1, "old-secret"), 202);
  assert.equal(await send(2, "new-secret"), 202);
  assert.equal(await send(3, "next-secret"), 202);
  assert.equal(await send(undefined, "new-secret"), 202);
  assert.equal(await send(2, "old-secret"), 401);
  assert.equal(await send(4, "new-secret"), 401);
  assert.equal(await send(2, "older-secret"), 401);
  assert.equal(await send(2, ""), 401);
});

test("ids are kept for eight days", async () => {
  await using there = await ground();
  const headers = signed(PAYLOAD);
  await there.send(PAYLOAD, headers);
  there.time.now += 7.9 * 86_400_000;
  assert.equal((await there.send(PAYLOAD, headers)).status, 200);
  there.time.now += 86_400_000;
  await there.send(PAYLOAD, signed(PAYLOAD));
  assert.equal(there.deliveries.has("flask.github", headers["x-github-delivery"] ?? ""), false);
});

test("what is forged, replayed, changed, too large or unsigned does nothing, and none of 5,000 is parsed", async () => {
  await using there = await ground();
  const { parse } = JSON;
  let parsed = 0;
  JSON.parse = (...args) => {
    parsed++;
    return parse(...args);
  };
  try {
    const reserialised = Buffer.from(JSON.stringify(parse(PAYLOAD.toString())));
    const large = Buffer.alloc(LARGEST + 1, "a");
    const { "x-hub-signature-256": _none, ...unsigned } = signed(PAYLOAD);
    const statuses = new Map<number, number>();
    const replayed = signed(PAYLOAD);
    assert.equal((await there.send(PAYLOAD, replayed)).status, 202);
    there.marked.length = 0;
    for (let round = 0; round < 500; round++) {
      const answers = await Promise.all([
        there.send(PAYLOAD, signed(PAYLOAD, `guess ${round}`)),
        there.send(PAYLOAD, signed(PAYLOAD, "new-secret"), { path: `${PATH}?generation=${round % 2 === 0 ? 1 : 4}` }),
        there.send(PAYLOAD, replayed),
        there.send(large, signed(large)),
        there.send(large, { ...signed(large), "transfer-encoding": "chunked" }),
        there.send(reserialised, signed(PAYLOAD)),
        there.send(PAYLOAD.subarray(0, -1), signed(PAYLOAD)),
        there.send(PAYLOAD, { ...unsigned, "x-hub-signature": "sha1=0123" }),
        there.send(PAYLOAD, { ...signed(PAYLOAD), "x-hub-signature-256": "sha256=abc" }),
        there.send(Buffer.alloc(0), signed(PAYLOAD)),
      ]);
      for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    // The replayed one was taken before, and does nothing.
    assert.deepEqual([...statuses].toSorted(), [
      [200, 500],
      [401, 3500],
      [413, 1000],
    ]);
    assert.equal(parsed, 0);
  } finally {
    JSON.parse = parse;
  }
  assert.deepEqual(there.marked, []);
  assert.deepEqual(there.problems, []);
});

test("nothing else is there", async () => {
  await using there = await ground();
  const headers = signed(PAYLOAD);
  assert.equal((await there.send(PAYLOAD, headers, { path: "/hooks/github/other.github" })).status, 404);
  assert.equal((await there.send(PAYLOAD, headers, { path: "/hooks/github/..%2fflask" })).status, 404);
  assert.equal((await there.send(Buffer.alloc(0), headers, { method: "GET" })).status, 405);
  assert.equal((await there.send(PAYLOAD, { ...headers, "x-github-delivery": "a b" })).status, 400);
  assert.equal((await there.send(PAYLOAD, headers, { path: "/hooks" })).status, 418);
  assert.deepEqual(there.marked, []);
});
