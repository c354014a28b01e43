import assert from "node:assert/strict";
import { appendFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { last } from "../../../services/control-plane/logs/requests/fields.ts";
import { type RouterGround, routerGround, until } from "./ground.ts";

let ground: RouterGround;
before(async () => {
  ground = await routerGround({ proxies: ["127.0.0.1"] });
});
after(() => ground?.[Symbol.asyncDispose]());

test("a line a request, with what Heroku's has", async () => {
  const service = await ground.dyno("lines");
  await ground.put("lines", [service]);
  const id = "0123456789-abcdefghij";
  const headers = { "x-request-id": id, "x-forwarded-for": '203.0.113.9, "a\tb"' };
  const before = Date.now();
  const { body } = await ground.get("lines.localhost", "/slow?a=1&b=%20", { headers });
  assert.equal(body, "v1");
  const [line] = await ground.logged("lines", "/slow?a=1&b=%20");
  assert.ok(line);
  const { time, connect, service: seconds, bytes, forwardedFor, sent, ...rest } = line;
  assert.deepEqual(rest, {
    app: "lines",
    code: "",
    method: "GET",
    path: "/slow?a=1&b=%20",
    host: `lines.localhost:${ground.port}`,
    requestId: id,
    dyno: "web.1",
    status: "200",
    protocol: "http",
    completion: "OK",
    promised: "2",
  });
  // The dyno's address had to be asked for, after which the request was begun anew.
  assert.equal(last(sent), "2");
  assert.ok(Math.abs(Number(time) * 1000 - before) < 60_000, time);
  assert.match(time, /^\d+\.\d{3}$/);
  assert.match(last(connect), /^\d+\.\d{3}$/);
  assert.ok(Number(seconds) >= 1.9 && Number(seconds) < 10, seconds);
  assert.ok(Number(bytes) > 2, bytes);
  // From a proxy that the router believes, as the ground's is.
  assert.match(JSON.parse(`"${forwardedFor}"`), /^203\.0\.113\.9, "a\tb", \d+\.\d+\.\d+\.\d+$/);

  await ground.get("nobody.localhost", "/nobody");
  const [nobody] = await ground.logged("", "/nobody");
  assert.deepEqual([nobody?.status, nobody?.dyno, nobody?.connect], ["404", "", "-"]);
});

test("a line is there soon after its answer", async () => {
  const times: number[] = [];
  for (let n = 0; n < 5; n++) {
    await ground.get("lines.localhost", `/soon-${n}`);
    const answered = performance.now();
    await ground.logged("lines", `/soon-${n}`);
    times.push(performance.now() - answered);
  }
  times.sort((a, b) => a - b);
  assert.ok((times[2] ?? Number.NaN) < 1000, `${times}`);
});

test("the log is renamed at 8 MB, and no line is lost over that", async () => {
  const file = join(ground.directory, "log/requests");
  const { ino } = await stat(file);
  await appendFile(file, `${"x".repeat(1023)}\n`.repeat(8 * 1024));
  await until("it was renamed", async () => (await stat(`${file}.1`)).ino === ino);
  await until("a new one was begun", async () => (await stat(file)).ino !== ino);
  await ground.get("lines.localhost", "/after");
  assert.equal((await ground.logged("lines", "/after")).length, 1);
  assert.ok((await stat(file)).size < 1024 * 1024);
});
