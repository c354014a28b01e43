import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { ask, serve, TOKEN } from "./served.ts";

const authorization = `Bearer ${TOKEN}`;

test("an account has so many requests an hour, whoever is not let in others; neither takes the other's", async () => {
  let now = Date.UTC(2026, 0, 1);
  const rates = { account: { burst: 20, hourly: 4500 }, stranger: { burst: 5, hourly: 60 } };
  await using served = await serve(() => now, undefined, {}, {}, rates);
  assert.equal((await served.ask("GET", "/account")).headers["ratelimit-remaining"], "19");
  const wrong = { authorization: "Bearer wrong" };
  const strangers: number[] = [];
  for (let each = 0; each < 6; each++) {
    strangers.push((await ask(served.port, "GET", "/account", undefined, wrong)).status);
  }
  assert.deepEqual(strangers, [401, 401, 401, 401, 401, 429]);
  assert.equal((await ask(served.port, "GET", "/openapi.json", undefined, {})).status, 429);
  for (let left = 18; left >= 0; left--) {
    assert.equal((await served.ask("GET", "/account")).headers["ratelimit-remaining"], String(left));
  }
  const { status, headers, body } = await served.ask("GET", "/account");
  assert.equal(status, 429);
  assert.deepEqual([headers["ratelimit-remaining"], headers["retry-after"]], ["0", "1"]);
  assert.equal(body.id, "rate_limit");
  assert.match(body.message, /^Your account reached the API rate limit\nPlease wait a few minutes/);
  now += 4_000;
  assert.equal((await served.ask("GET", "/account")).headers["ratelimit-remaining"], "4");
});

test("by default it is Heroku's number", async () => {
  await using served = await serve();
  assert.equal((await served.ask("GET", "/account")).headers["ratelimit-remaining"], "4499");
});

test("a page of another site does nothing here, whatever it knows", async () => {
  await using served = await serve();
  const patch = (headers: Record<string, string>) =>
    served.ask("PATCH", "/apps/shop/config-vars", { body: { A: "1" }, headers });
  for (const headers of [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://shop.localhost:8080", "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site" },
  ]) {
    const { status, body, headers: answered } = await patch(headers as unknown as Record<string, string>);
    assert.deepEqual([status, body.id], [403, "forbidden"], JSON.stringify(headers));
    assert.ok(!Object.keys(answered).some((name) => name.startsWith("access-control")));
    const read = await served.ask("GET", "/apps", { headers: headers as unknown as Record<string, string> });
    assert.equal(read.status, 403);
  }
  for (const host of ["evil.example", "localhost.evil.example:5000", `shop.localhost:${served.port}`]) {
    const { status, body } = await patch({ host });
    assert.deepEqual([status, body.id], [421, "misdirected_request"], host);
  }
  const before = { origin: "http://evil.example", "access-control-request-method": "PATCH" };
  const preflight = await ask(served.port, "OPTIONS", "/apps/shop/config-vars", undefined, before);
  assert.equal(preflight.status, 403);
  assert.deepEqual(served.world.changes, []);
  assert.equal((await patch({ origin: `http://127.0.0.1:${served.port}` })).status, 200);
});

test("HEAD is a GET without its body, OPTIONS tells the methods, and a wrong one is told them", async () => {
  await using served = await serve();
  const head = await served.ask("HEAD", "/apps/shop");
  assert.equal(head.status, 200);
  assert.ok(Number(head.headers["content-length"]) > 100);
  assert.equal((await served.ask("HEAD", "/apps/none")).status, 404);
  const { body } = await served.ask("POST", "/apps/shop/log-sessions", { body: { tail: true } });
  assert.equal((await served.ask("HEAD", new URL(body.logplex_url).pathname)).status, 200, "no tail without a reader");
  const options = await ask(served.port, "OPTIONS", "/apps/shop/config-vars", undefined, {});
  assert.deepEqual([options.status, options.headers.allow], [204, "GET, PATCH"]);
  assert.equal((await ask(served.port, "OPTIONS", "/nothing", undefined, {})).status, 404);
  const wrong = await served.ask("PUT", "/apps/shop/config-vars");
  assert.deepEqual([wrong.status, wrong.headers.allow], [405, "GET, PATCH"]);
  const open = await ask(served.port, "DELETE", "/openapi.json", undefined, {});
  assert.deepEqual([open.status, open.headers.allow], [405, "GET"]);
});

test("headers and bodies that are too large are told so, as JSON, and end their connection only", async () => {
  await using served = await serve();
  const long = await raw(served.port, `GET /apps HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(70_000)}\r\n\r\n`);
  assert.match(long, /^HTTP\/1\.1 431 .*"id":"request_header_fields_too_large"/s);
  assert.match(await raw(served.port, "GET /a b HTTP/9\r\n\r\n"), /^HTTP\/1\.1 400 .*"id":"bad_request"/s);
  assert.match(await raw(served.port, "GET / HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 400 /, "no host");
  const smuggled =
    "POST /apps HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  assert.match(await raw(served.port, smuggled), /^HTTP\/1\.1 400 /);
  const broken = `PATCH /apps/shop/config-vars HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\nContent-Length: 9\r\n\r\n{"A"`;
  const socket = connect(served.port, "127.0.0.1", () => socket.end(broken));
  socket.on("error", () => {}).resume();
  await new Promise((resolve) => socket.on("close", resolve));
  assert.equal((await served.ask("GET", "/account")).status, 200);
  assert.deepEqual([served.world.changes, served.problems], [[], []]);
});

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.setEncoding("utf8").on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("error", reject).on("close", () => resolve(answer));
  });
}
