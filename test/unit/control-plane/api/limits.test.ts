import assert from "node:assert/strict";
import { request as ask, createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { ApiError } from "../../../../services/control-plane/api/errors.ts";
import { Bodies } from "../../../../services/control-plane/api/limits/body.ts";
import { BrowserGuard, THIS_MACHINE } from "../../../../services/control-plane/api/limits/browsers.ts";
import { RateLimit } from "../../../../services/control-plane/api/limits/rate-limit.ts";
import { Front } from "../../../../services/control-plane/tls/front.ts";
import { until } from "../../../support/until.ts";

test("an account has so many requests an hour, which come back steadily, and no other's", () => {
  let now = 0;
  const limit = new RateLimit({ burst: 4500, hourly: 4500 }, () => now);
  for (let left = 4499; left >= 0; left--) assert.equal(limit.take("ann"), left);
  assert.throws(
    () => limit.take("ann"),
    (error: ApiError) => error.status === 429 && error.id === "rate_limit" && error.headers["Retry-After"] === "1",
  );
  assert.equal(limit.take("bob"), 4499);
  now = 60_000;
  assert.equal(limit.take("ann"), 74, "75 a minute");
  now = 24 * 3_600_000;
  assert.equal(limit.take("ann"), 4499, "never more than at first");
  now = 0;
  assert.equal(limit.take("ann"), 4498, "a clock that goes back takes nothing away");
});

test("only so many who asked are remembered", () => {
  const limit = new RateLimit({ burst: 2, hourly: 1 }, () => 0);
  limit.take("first");
  for (let each = 0; each < 10_000; each++) limit.take(String(each));
  assert.equal(limit.take("first"), 1);
  assert.equal(limit.take("9999"), 0);
});

test("what the page of another site sends is refused, by name and by origin", () => {
  const guard = new BrowserGuard([...THIS_MACHINE, "dashboard.localhost"]);
  const passes = (headers: IncomingHttpHeaders) => {
    try {
      guard.checkHost(headers);
      guard.checkOrigin(headers);
      return true;
    } catch {
      return false;
    }
  };
  const host = "127.0.0.1:5000";
  const own: IncomingHttpHeaders[] = [
    { host },
    { host: "localhost" },
    { host: "LOCALHOST:15000" },
    { host: "[::1]:5000" },
    { host: "dashboard.localhost:8080" },
    { host, origin: "http://127.0.0.1:5000" },
    { host, origin: "https://127.0.0.1:5000" },
    { host, "sec-fetch-site": "none" },
    // What a page without a referrer sends.
    { host, origin: "null", "sec-fetch-site": "same-origin" },
  ];
  for (const headers of own) assert.ok(passes(headers), JSON.stringify(headers));
  const foreign: IncomingHttpHeaders[] = [
    {},
    { host: "" },
    { host: "evil.example" },
    { host: "localhost.evil.example" },
    { host: "127.0.0.1.evil.example:5000" },
    { host: "evil.example:127.0.0.1" },
    { host: "shop.localhost:8080" },
    { host, origin: "null" },
    { host, origin: "http://evil.example" },
    { host, origin: "http://shop.localhost:8080" },
    { host, origin: "http://127.0.0.1:8080" },
    { host, "sec-fetch-site": "cross-site" },
    { host, "sec-fetch-site": "same-site" },
    { host, "sec-fetch-site": "cross-site", origin: "http://127.0.0.1:5000" },
  ];
  for (const headers of foreign) assert.ok(!passes(headers), JSON.stringify(headers));
});

/** What reading the body of a request gives, the error's id for one that is refused. */
async function read(bodies: Bodies, chunks: Iterable<string> | AsyncIterable<string>, limit = 100): Promise<unknown> {
  const server = createServer((request, response) => {
    bodies.read(request, limit).then(
      (body) => response.end(JSON.stringify(body)),
      (error) => response.end(JSON.stringify(error.id)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    return await new Promise((resolve, reject) => {
      const outgoing = ask({ port, host: "127.0.0.1", method: "POST", agent: false }, async (response) => {
        let text = "";
        for await (const part of response.setEncoding("utf8")) text += part;
        resolve(JSON.parse(text));
        outgoing.destroy();
      });
      outgoing.on("error", reject);
      Readable.from(chunks).pipe(outgoing);
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("bodies are bounded: each, all together, and in time", async () => {
  const bodies = new Bodies({ all: 200, time: 500 });
  assert.deepEqual(await read(bodies, ['{"a":', '"b"}']), { a: "b" });
  assert.deepEqual(await read(bodies, []), {});
  assert.equal(await read(bodies, ["x".repeat(101)]), "request_too_large");
  assert.equal(await read(bodies, ["x".repeat(201)], 1000), "rate_limit", "together they would be too many");
  assert.equal(await read(bodies, ['{"a":1}', " ".repeat(90)], 1000).then((body) => typeof body), "object");
  async function* slowly() {
    yield "{";
    await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
  }
  assert.equal(await read(bodies, slowly()), "request_timeout");
  assert.equal(await read(bodies, ["[]"]), "bad_request");
  assert.equal(await read(bodies, ["{"]), "bad_request");
});

test("connections are bounded: of all together, and from one address", async () => {
  for (const connections of [
    { all: 3, each: 100 },
    { all: 100, each: 3 },
  ]) {
    await using front = new Front({ http: createServer(), connections });
    const { port } = await front.listen(0, "127.0.0.1");
    const open = new Set<Socket>();
    let closed = 0;
    const dial = () => {
      const socket = connect(port, "127.0.0.1");
      open.add(socket);
      socket.on("error", () => {}).on("close", () => open.delete(socket) && closed++);
      return socket;
    };
    for (let each = 0; each < 8; each++) dial();
    await until("the fourth and all after it are gone", async () => closed === 5);
    const [first] = open;
    first?.destroy();
    await until("one has gone", async () => open.size === 2);
    await until("another takes its place", async () => {
      const socket = dial();
      await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
      await new Promise((resolve) => setTimeout(resolve, 50));
      return !socket.destroyed;
    });
    for (const socket of open) socket.destroy();
  }
});
