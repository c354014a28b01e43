import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { test } from "node:test";
import { ask, serve, TOKEN } from "./served.ts";

test("only who has the token comes in, as a bearer or as a password", async () => {
  await using served = await serve();
  const basic = (password: string) => `Basic ${Buffer.from(`me:${password}`).toString("base64")}`;
  for (const authorization of ["", "Bearer", "Bearer wrong", `Bearer ${TOKEN}x`, basic("wrong"), `Token ${TOKEN}`]) {
    const { status, body } = await served.ask("GET", "/apps", { headers: { authorization } });
    assert.equal(status, 401, authorization);
    assert.deepEqual(body, { id: "unauthorized", message: "Invalid credentials provided." });
  }
  assert.equal((await served.ask("GET", "/account", { headers: { authorization: basic(TOKEN) } })).status, 200);

  await writeFile(served.tokenFile, "another");
  assert.equal((await served.ask("GET", "/account")).status, 401, "a new token holds at once");
  await writeFile(served.tokenFile, "");
  assert.equal((await served.ask("GET", "/account", { headers: { authorization: "Bearer " } })).status, 401);
});

test("what there is not says so: endpoint, method, app", async () => {
  await using served = await serve();
  const cases = [
    ["GET", "/nothing", 404, "not_found", "The requested API endpoint was not found."],
    ["GET", "/apps/shop/", 404, "not_found", "The requested API endpoint was not found."],
    ["PUT", "/apps/shop", 405, "method_not_allowed", "PUT is not allowed here."],
    ["GET", "/apps/none", 404, "not_found", "Couldn't find that app."],
    ["GET", "/apps/%ff", 400, "bad_request", "The path is not well encoded."],
  ] as const;
  for (const [method, path, status, id, message] of cases) {
    const answer = await served.ask(method, path);
    assert.equal(answer.status, status, path);
    assert.equal(answer.body.id, id);
    assert.equal(answer.body.message, message);
  }
});

test("each answer has an id: the client's newest, or one of its own", async () => {
  await using served = await serve();
  const own = await served.ask("GET", "/apps");
  assert.match(String(own.headers["request-id"]), /^[0-9a-f-]{36}$/);
  const older = "0123456789abcdef".repeat(500);
  const given = await served.ask("GET", "/apps", { headers: { "request-id": `new-1,${older}` } });
  assert.equal(given.headers["request-id"], "new-1");
  const strange = await served.ask("GET", "/none", { headers: { "request-id": "<b>" } });
  assert.match(String(strange.headers["request-id"]), /^[0-9a-f-]{36}$/);
});

test("bodies are JSON objects of 1 MB at most", async () => {
  await using served = await serve();
  const patch = (body: string) => served.ask("PATCH", "/apps/shop/config-vars", { body });
  assert.equal((await patch("{")).body.message, "The body is no valid JSON.");
  assert.equal((await patch("[1]")).body.message, "The body must be a JSON object.");
  const { status, body } = await patch(`{"A":"${"x".repeat(1024 * 1024)}"}`);
  assert.equal(status, 413);
  assert.equal(body.id, "request_too_large");
  assert.equal((await patch(`{"A":"1"${" ".repeat(1000 * 1000)}}`)).status, 200);
});

test("what nobody foresaw is told to the process' log, not to the client", async () => {
  await using served = await serve();
  served.world.failure = new Error("a password stands here");
  const { status, body } = await served.ask("PATCH", "/apps/shop/config-vars", { body: { A: "1" } });
  assert.equal(status, 500);
  assert.deepEqual(body, { id: "internal_server_error", message: "Internal server error." });
  assert.match(served.problems.join(), /^PATCH request [0-9a-f-]{36}: Error: a password stands here/);
});

test("other protocols are refused, nonsense does not disturb, and closing ends what is open", async () => {
  const served = await serve();
  try {
    const upgrade = await raw(
      served.port,
      "GET /apps HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n",
    );
    assert.match(upgrade, /^HTTP\/1\.1 401 /);
    assert.match(await raw(served.port, "nonsense\r\n\r\n"), /^HTTP\/1\.1 400 /);
    assert.match(
      await raw(served.port, "GET // HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
      /^HTTP\/1\.1 401 /,
    );
    const { body } = await served.ask("POST", "/apps/shop/log-sessions", { body: { tail: true } });
    const stream = ask(served.port, "GET", new URL(body.logplex_url).pathname, undefined, {});
    stream.catch(() => {});
    while (served.world.listeners.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await served[Symbol.asyncDispose]();
    await assert.rejects(stream);
    assert.equal(served.world.listeners.size, 0);
  } finally {
    await served[Symbol.asyncDispose]();
  }
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
