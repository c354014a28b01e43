import assert from "node:assert/strict";
import { get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { until } from "../../../support/until.ts";
import { ask, type Served, serve } from "./served.ts";

interface Stream extends Disposable {
  readonly status: number;
  text(): string;
  readonly response: IncomingMessage;
}

async function open(served: Served, session: object, headers: Record<string, string> = {}): Promise<Stream> {
  const { status, body } = await served.ask("POST", "/apps/shop/log-sessions", { body: session });
  assert.equal(status, 201);
  return follow(body.logplex_url, headers);
}

function follow(url: string, headers: Record<string, string> = {}): Promise<Stream> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { accept: "text/event-stream", ...headers }, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("error", () => {});
      const status = response.statusCode ?? 0;
      resolve({ status, response, text: () => text, [Symbol.dispose]: () => response.destroy() });
    }).on("error", reject);
  });
}

const ended = (stream: Stream) => until("the stream ends", async () => stream.response.complete);
const data = (stream: Stream) => [...stream.text().matchAll(/^data: (.*)$/gm)].map((match) => match[1]);

test("a session gives the last lines as events, and ends", async () => {
  await using served = await serve();
  for (let index = 1; index <= 5; index++) served.world.log("shop", "app", "web.1", `line ${index}`);
  served.world.log("blog", "app", "web.1", "another app's");
  const stream = await open(served, { lines: 2 });
  assert.equal(stream.response.headers["content-type"], "text/event-stream");
  await ended(stream);
  assert.equal(
    stream.text(),
    "retry: 1\n\n" +
      "id: 4\ndata: 2026-01-01T00:00:00.000003+00:00 app[web.1]: line 4\n\n" +
      "id: 5\ndata: 2026-01-01T00:00:00.000004+00:00 app[web.1]: line 5\n\n",
  );
});

test("filters by source and dyno", async () => {
  await using served = await serve();
  served.world.log("shop", "app", "web.1", "one");
  served.world.log("shop", "heroku", "web.1", "two");
  served.world.log("shop", "app", "worker.1", "three");
  const lines = async (session: object) => {
    const stream = await open(served, session);
    await ended(stream);
    return data(stream).map((line) => line?.split(": ")[1]);
  };
  assert.deepEqual(await lines({}), ["one", "two", "three"]);
  assert.deepEqual(await lines({ source: "app" }), ["one", "three"]);
  assert.deepEqual(await lines({ dyno: "web.1", source: "heroku" }), ["two"]);
});

test("a tail goes on with what comes, and is taken up again where it ended", async () => {
  await using served = await serve();
  served.world.log("shop", "app", "web.1", "before");
  const { body } = await served.ask("POST", "/apps/shop/log-sessions", { body: { tail: true } });
  {
    using first = await follow(body.logplex_url);
    await until("the tail begins", async () => served.world.listeners.size === 1);
    served.world.log("shop", "app", "web.1", "after");
    await until("both come", async () => data(first).length === 2);
  }
  await until("the server lets go", async () => served.world.listeners.size === 0);
  served.world.log("shop", "app", "web.1", "meanwhile");
  using second = await follow(body.logplex_url, { "last-event-id": "2" });
  await until("it comes", async () => data(second).length === 1);
  assert.match(second.text(), /^id: 3$/m);
  assert.match(second.text(), /app\[web\.1\]: meanwhile/);
});

test("clients that leave before their tail begins leave none behind", async () => {
  await using served = await serve();
  const { body } = await served.ask("POST", "/apps/shop/log-sessions", { body: { tail: true } });
  const { pathname } = new URL(body.logplex_url);
  for (let n = 0; n < 20; n++) {
    const socket = connect(served.port, "127.0.0.1");
    await new Promise((resolve) => socket.write(`GET ${pathname} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`, resolve));
    socket.destroy();
  }
  using _last = await follow(body.logplex_url);
  await until("only the last one's is there", async () => served.world.listeners.size === 1);
});

test("lines that come in another order than they were written in are all shown, and a tail goes on after the newest", async () => {
  await using served = await serve();
  const line = { app: "shop", source: "app", process: "web.1" } as const;
  served.world.lines.push({ ...line, id: 2, time: 1, text: "first" }, { ...line, id: 1, time: 2, text: "second" });
  using stream = await open(served, { tail: true });
  await until("the tail begins", async () => served.world.listeners.size === 1);
  served.world.log("shop", "app", "web.1", "third");
  await until("it comes", async () => data(stream).length === 3);
  assert.deepEqual(
    [...stream.text().matchAll(/^id: (\d+)$/gm)].map((match) => match[1]),
    ["2", "2", "3"],
  );
});

test("a client that reads slowly gets what fits, and is told how much was lost", async () => {
  await using served = await serve();
  using stream = await open(served, { tail: true });
  await until("the tail begins", async () => served.world.listeners.size === 1);
  stream.response.pause();
  const text = "x".repeat(10_000);
  for (let index = 0; index < 4000; index++) served.world.log("shop", "app", "web.1", text);
  stream.response.resume();
  await until("it is told", async () => stream.text().includes("Error L10"));
  const lost = Number(/L10 \(output buffer overflow\): (\d+) messages/.exec(stream.text())?.[1]);
  assert.equal(data(stream).length - 1 + lost, 4000);
  assert.ok(lost > 1000 && lost < 3000, String(lost));
});

test("the URL is the secret: signed, and good for five minutes, or a day once it was opened", async () => {
  let now = Date.UTC(2026, 0, 1);
  await using served = await serve(() => now);
  const { body } = await served.ask("POST", "/apps/shop/log-sessions", { body: { tail: true } });
  const { pathname } = new URL(body.logplex_url);
  const [, , text = "", signature = ""] = pathname.split("/");
  const other = Buffer.from(JSON.stringify({ app: "blog", lines: 9, tail: false, begun: now })).toString("base64url");
  const status = async (path: string, headers = {}) => (await ask(served.port, "GET", path, undefined, headers)).status;
  assert.equal(await status(`/log-sessions/${other}/${signature}`), 403);
  assert.equal(await status(`/log-sessions/${text}/x${signature}`), 403);
  now += 6 * 60_000;
  assert.equal(await status(pathname), 403);
  using late = await follow(body.logplex_url, { "last-event-id": "1" });
  assert.equal(late.status, 200);
  now += 24 * 3600_000;
  assert.equal(await status(pathname, { "last-event-id": "1" }), 403);
});

test("a session is for the address that the client came to", async () => {
  await using served = await serve();
  const url = async (host: string) => {
    const { body } = await served.ask("POST", "/apps/shop/log-sessions", { body: {}, headers: { host } });
    return new URL(body.logplex_url).host;
  };
  assert.equal(await url("localhost:7000"), "localhost:7000");
  assert.equal(await url("api.localhost"), `127.0.0.1:${served.port}`);
  for (const body of [{ lines: "many" }, { lines: -1 }, { tail: "yes" }, { dyno: 1 }]) {
    assert.equal((await served.ask("POST", "/apps/shop/log-sessions", { body })).status, 422);
  }
});

test("drains are added, listed and removed by URL, token or id", async () => {
  await using served = await serve();
  const url = "syslog+tls://logs.example.com:6514";
  const drain = await served.ask("POST", "/apps/shop/log-drains", { body: { url: "https://logs.example.com/?a=b" } });
  assert.equal(drain.status, 201);
  assert.deepEqual(
    [drain.body.url, drain.body.token, drain.body.addon],
    ["https://logs.example.com/?a=b", "d.0", null],
  );
  assert.equal((await served.ask("POST", "/apps/shop/log-drains", { body: { url } })).status, 422);
  assert.equal((await served.ask("POST", "/apps/shop/log-drains", { body: {} })).status, 422);
  assert.deepEqual((await served.ask("GET", "/apps/shop/log-drains")).body, [drain.body]);
  const path = `/apps/shop/log-drains/${encodeURIComponent("https://logs.example.com/?a=b")}`;
  assert.deepEqual((await served.ask("DELETE", path)).body, drain.body);
  assert.equal((await served.ask("DELETE", path)).body.message, "Couldn't find that drain.");
});
