import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { type RouterGround, routerGround, until } from "./ground.ts";

let ground: RouterGround;
before(async () => {
  ground = await routerGround();
});
after(() => ground?.[Symbol.asyncDispose]());

test("a host nobody has, and an app to which nothing was deployed, get pages", async () => {
  const nobody = await ground.get("nobody.localhost");
  assert.equal(nobody.status, 404);
  assert.match(nobody.body, /<title>There's nothing here, yet\.<\/title>/);
  assert.equal(nobody.headers["content-type"], "text/html; charset=utf-8");

  assert.equal((await ground.put("empty", [], { welcome: true })).status, 200);
  const empty = await ground.get("empty.localhost");
  assert.equal(empty.status, 200);
  assert.match(empty.body, /<title>Welcome to your new app!<\/title>.*<strong>empty<\/strong>/s);
});

test("an app's entry: put, read, refused to another app, removed", async () => {
  const service = await ground.dyno("entry");
  const { status, body } = await ground.put("entry", [service], { hosts: ["entry.localhost", "www.entry.test"] });
  assert.equal(status, 200, JSON.stringify(body));
  const entry = (await ground.admin("GET", "/apps/entry")).body;
  assert.deepEqual(entry, {
    app: "entry",
    revision: body.revision,
    change: body.revision,
    mode: "awake",
    crashed: false,
    welcome: false,
    maintenance: false,
    redirect: false,
    hsts: 0,
    hosts: ["entry.localhost", "www.entry.test"],
    dynos: [{ name: service, port: 5000, dyno: "web.1" }],
    check: { type: "http", path: "/", timeout: 30 },
    drain: 10,
  });
  assert.ok((await ground.admin("GET", "/apps")).body.some((other: { app: string }) => other.app === "entry"));
  for (const host of entry.hosts) assert.equal((await ground.get(host)).body, "v1");

  const taken = await ground.put("thief", [], { hosts: ["www.entry.test"] });
  assert.equal(taken.status, 422);
  assert.equal(taken.body.message, "www.entry.test belongs to app entry");

  assert.equal((await ground.put("entry", [service])).status, 200);
  assert.equal((await ground.get("www.entry.test")).status, 404, "a host that was taken away");
  assert.equal((await ground.admin("DELETE", "/apps/entry")).status, 200);
  assert.equal((await ground.get("entry.localhost")).status, 404);
  assert.equal((await ground.admin("GET", "/apps/entry")).status, 404);
});

test("what is no entry is refused with a reason", async () => {
  const refused: [object, RegExp][] = [
    [{ hosts: ["no host"] }, /hosts/],
    [{ dynos: [{ name: "a/b", port: 1 }] }, /dynos: not a service's name/],
    [{ dynos: [{ name: "a", port: 0 }] }, /dynos: not a port/],
    [{ check: { path: "/a b" } }, /check.path/],
    [{ check: { type: "ping" } }, /check.type/],
    [{ drain: "30" }, /drain/],
  ];
  for (const [more, message] of refused) {
    const { status, body } = await ground.put("bad", [], more);
    assert.equal(status, 400, JSON.stringify(more));
    assert.match(body.message, message);
  }
});

test("a dyno is told where a request came from", async () => {
  const service = await ground.dyno("headers");
  await ground.put("headers", [service]);
  const { body } = await ground.get("headers.localhost", "/headers", {
    headers: { "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", proxy: "http://evil" },
  });
  const headers = JSON.parse(body);
  assert.equal(headers.host, `headers.localhost:${ground.port}`);
  assert.match(headers["x-forwarded-for"], /^\d+\.\d+\.\d+\.\d+$/, "nobody is believed");
  assert.equal(headers["x-forwarded-proto"], "http");
  assert.equal(headers["x-forwarded-port"], String(ground.port));
  assert.match(headers["x-request-id"], /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.ok(Math.abs(Number(headers["x-request-start"]) - Date.now()) < 60_000);
  assert.equal(headers.connection, "close");
  assert.equal(headers.proxy, undefined);

  await using behind = await routerGround({ proxies: ["203.0.113.0/24", "127.0.0.1"] });
  await behind.put("headers", [await behind.dyno("headers")]);
  const told = async (headers: Record<string, string>) => {
    const { "x-forwarded-for": client, ...rest } = JSON.parse(
      (await behind.get("headers.localhost", "/headers", { headers })).body,
    );
    return [client.replace(/\d+\.\d+\.\d+\.\d+$/, "proxy"), rest["x-forwarded-proto"], rest["x-forwarded-port"]];
  };
  const said = { "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https" };
  const port = String(behind.port);
  assert.deepEqual(await told(said), ["203.0.113.9, proxy", "https", port]);
  assert.deepEqual(await told({ ...said, "x-forwarded-port": "443" }), ["203.0.113.9, proxy", "https", "443"]);
  assert.deepEqual(await told({ ...said, "x-forwarded-proto": "gopher", "x-forwarded-port": "x" }), [
    "203.0.113.9, proxy",
    "http",
    port,
  ]);
  assert.deepEqual(await told({}), ["proxy", "http", port]);
  const [logged] = await behind.logged("headers", "/headers");
  assert.match(logged?.forwardedFor ?? "", /^203\.0\.113\.9, /);
  assert.equal(logged?.protocol, "https");

  const own = { "x-request-id": "0123456789-abcdefghij" };
  const answer = await ground.get("headers.localhost", "/headers", { headers: own });
  assert.equal(JSON.parse(answer.body)["x-request-id"], own["x-request-id"]);
});

test("requests that come one by one go to all dynos in turn, from the first on", async () => {
  const dynos = [await ground.dyno("one"), await ground.dyno("other", { version: "v2", dyno: "web.2" })];
  await ground.put("turns", dynos);
  const seen = { v1: 0, v2: 0 };
  for (let n = 0; n < 20; n++) seen[(await ground.get("turns.localhost")).body as keyof typeof seen]++;
  assert.ok(seen.v1 >= 5 && seen.v2 >= 5, JSON.stringify(seen));
});

test("bodies pass in both directions as they come, large ones too, and a WebSocket stays open", async () => {
  const service = await ground.dyno("stream");
  await ground.put("stream", [service]);

  const socket = connect(ground.port, "127.0.0.1");
  let seen = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    seen += chunk;
  });
  socket.write("POST /echo HTTP/1.1\r\nHost: stream.localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
  await until("the first piece came back before the second was sent", async () => seen.includes("first"));
  socket.write("6\r\nsecond\r\n0\r\n\r\n");
  await until("the second piece came back", async () => seen.includes("second"));
  socket.destroy();

  const small = await ground.get("stream.localhost", "/length", { method: "POST", body: "x".repeat(100_000) });
  assert.equal(small.body, "100000 100000");
  const large = await ground.get("stream.localhost", "/length", { method: "PUT", body: "x".repeat(3_000_000) });
  assert.equal(large.body, "3000000 3000000");

  const web = connect(ground.port, "127.0.0.1");
  seen = "";
  web.setEncoding("utf8").on("data", (chunk: string) => {
    seen += chunk;
  });
  web.write("GET /socket HTTP/1.1\r\nHost: stream.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  await until("the protocol was changed", async () => seen.includes("101 Switching Protocols"));
  web.write("ping");
  await until("the WebSocket echoes", async () => seen.endsWith("ping"));

  const other = await ground.dyno("stream-2", { version: "v2" });
  const { body } = await ground.put("stream", [other], { drain: 1 });
  assert.deepEqual(
    body.left,
    { [service]: 1 },
    "an open WebSocket does not hold a deployment for longer than its drain",
  );
  web.destroy();
  assert.equal((await ground.get("stream.localhost")).body, "v2");
});

test("a thousand apps: a change stays quick", async () => {
  const service = await ground.dyno("many");
  for (let i = 0; i < 1000; i++) assert.equal((await ground.put(`many-${i}`, [])).status, 200);
  await ground.put("many", [service]);
  const times: number[] = [];
  for (let i = 0; i < 50; i++) {
    const started = performance.now();
    assert.equal((await ground.put("many", [service])).status, 200);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const median = times[25] ?? Number.NaN;
  assert.ok(median < 100, `median of a change among 1,000 apps: ${median.toFixed(1)} ms`);
  assert.equal((await ground.get("many.localhost")).body, "v1");
});
