import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { type RouterGround, routerGround, until } from "./ground.ts";

// The limits are a twentieth of the real ones; everything else is the router as it is.
const limits = { hold: 3, first_byte: 1.5, silence: 2.75 };
let ground: RouterGround;
before(async () => {
  ground = await routerGround({
    files: {
      "lua/router/limits.lua": (text) =>
        text
          .replace("hold = 60,", `hold = ${limits.hold},`)
          .replace("first_byte = 30,", `first_byte = ${limits.first_byte},`)
          .replace("silence = 55,", `silence = ${limits.silence},`),
      "nginx.conf": (text) =>
        text.replace(/(proxy_read|client_body)_timeout 55s;/g, `$1_timeout ${limits.silence * 1000}ms;`),
    },
  });
});
after(() => ground?.[Symbol.asyncDispose]());

type More = Parameters<RouterGround["get"]>[2];

/** Asks for something that the router answers itself, with this code on its page and in its log. */
async function assertCode(app: string, path: string, code: string, text: string, more: More = {}): Promise<number> {
  const started = performance.now();
  const { status, body, headers } = await ground.get(`${app}.localhost`, path, more);
  const seconds = (performance.now() - started) / 1000;
  assert.equal(status, 503, body);
  assert.equal(headers["content-type"], "text/html; charset=utf-8");
  assert.ok(body.includes(text), `${text} is not in ${body}`);
  const [line] = await ground.logged(app, path);
  assert.equal(line?.code, code);
  assert.equal(line?.status, "503");
  return seconds;
}

function assertTook(seconds: number, least: number): void {
  assert.ok(seconds >= least - 0.1 && seconds < least + 15, `it took ${seconds.toFixed(2)} s and not ${least}`);
}

test("the app's own errors pass; what the dyno makes of a request has a code", async () => {
  const service = await ground.dyno("errors");
  await ground.put("errors", [service]);
  const { status, body } = await ground.get("errors.localhost", "/teapot");
  assert.deepEqual({ status, body }, { status: 503, body: "the app's own" });
  assert.equal((await ground.logged("errors", "/teapot"))[0]?.code, "");

  await assertCode("errors", "/hang-up?get", "H13", "Code=H13</code> (Connection closed without response)");
  await assertCode("errors", "/hang-up?post", "H13", "Code=H13", { method: "POST", body: "x" });
  await assertCode("errors", "/garbled", "H17", "Code=H17</code> (Poorly formatted HTTP response)");
  const [line] = await ground.logged("errors", "/garbled");
  assert.equal(line?.dyno, "web.1");

  await assert.rejects(ground.get("errors.localhost", "/cut"));
  const [cut] = await ground.logged("errors", "/cut");
  assert.deepEqual([cut?.code, cut?.dyno], ["H18", "web.1"]);
  assert.equal((await ground.get("errors.localhost")).body, "v1", "the dyno is not out for that");
});

test("a request that a dyno hung up on is sent to another one", async () => {
  const dynos = [await ground.dyno("dying"), await ground.dyno("living", { version: "v2", dyno: "web.2" })];
  await ground.put("two", dynos);
  const answers = await Promise.all(Array.from({ length: 20 }, () => ground.get("two.localhost", "/hang-up?but=v2")));
  assert.deepEqual(new Set(answers.map(({ body }) => body)), new Set(["v2"]));
});

test("H12 without a first byte, H15 without a next one; who goes on in time is left alone", async () => {
  const service = await ground.dyno("late");
  await ground.put("late", [service]);
  const drip = ground.get("late.localhost", "/drip?seconds=4");
  const upload = slowUpload(3);
  const stalled = assert.rejects(ground.get("late.localhost", "/stall")).then(() => performance.now());
  const started = performance.now();
  assertTook(await assertCode("late", "/never", "H12", "Code=H12</code> (Request timeout)"), limits.first_byte);
  assert.equal((await ground.logged("late", "/never"))[0]?.dyno, "web.1");

  assertTook(((await stalled) - started) / 1000, limits.silence);
  const [line] = await ground.logged("late", "/stall");
  assert.equal(line?.code, "H15");
  assert.match((await drip).body, /^\.{25,}$/);
  assert.match(await upload, /chunked 6$/, "an upload that takes longer than an answer may");
  // A client has the end of its answer before nginx has counted it out.
  const inflight = async () => (await ground.admin("GET", "/activity")).body.late.inflight;
  await until("none is in flight", async () => (await inflight()) === 0);
});

/** Sends two bytes a second for so many seconds, and gives what is answered then. */
async function slowUpload(seconds: number): Promise<string> {
  const socket = connect(ground.port, "127.0.0.1");
  let seen = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    seen += chunk;
  });
  const end = "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
  socket.write(`POST /length HTTP/1.1\r\nHost: late.localhost\r\n${end}`);
  for (let i = 0; i < seconds * 2; i++) {
    socket.write("1\r\nx\r\n");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  socket.write("0\r\n\r\n");
  await until("the upload is answered", async () => / 6$/.test(seen.replace(/\r\n0\r\n\r\n$/, "")));
  socket.destroy();
  return seen.replace(/\r\n0\r\n\r\n$/, "");
}

test("H27: the client left, before the answer or within it", async () => {
  const service = await ground.dyno("gone");
  await ground.put("gone", [service]);
  const leave = (path: string) => {
    const socket = connect(ground.port, "127.0.0.1");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: gone.localhost\r\n\r\n`);
    setTimeout(() => socket.destroy(), 500);
  };
  for (const path of ["/never", "/stall"]) {
    leave(path);
    const [line] = await ground.logged("gone", path);
    assert.deepEqual([line?.code, line?.dyno], ["H27", "web.1"]);
  }
});

test("H28: the client stopped sending; an app's own 408 is none", async () => {
  const service = await ground.dyno("silent");
  await ground.put("silent", [service]);
  const started = performance.now();
  const socket = connect(ground.port, "127.0.0.1");
  socket.write("POST /length HTTP/1.1\r\nHost: silent.localhost\r\nContent-Length: 10\r\n\r\nx");
  await once(socket.resume(), "close");
  assertTook((performance.now() - started) / 1000, limits.silence);
  const [line] = await ground.logged("silent", "/length");
  assert.deepEqual([line?.code, line?.dyno], ["H28", "web.1"]);

  assert.equal((await ground.get("silent.localhost", "/408")).status, 408);
  assert.equal((await ground.logged("silent", "/408"))[0]?.code, "");
  assert.equal((await ground.admin("GET", "/activity")).body.silent.inflight, 0);
});

test("H14 and H81 without dynos, H80 and H82 by mode", async () => {
  await ground.put("none", []);
  await assertCode("none", "/", "H14", "Code=H14</code> (No web processes running)");
  await ground.put("blank", [], { welcome: true });
  assert.equal((await ground.get("blank.localhost")).status, 200);
  assert.equal((await ground.logged("blank", "/"))[0]?.code, "H81");

  const service = await ground.dyno("modes");
  await ground.put("modes", [service], { maintenance: true });
  await assertCode("modes", "/maintenance", "H80", "Offline for maintenance");
  assert.equal((await ground.admin("POST", "/apps/modes/mode", { mode: "asleep" })).status, 200);
  await assertCode("modes", "/asleep", "H80", "Offline for maintenance");
  await ground.put("modes", [service]);
  assert.equal((await ground.get("modes.localhost")).body, "v1");
  assert.equal((await ground.admin("POST", "/apps/modes/mode", { mode: "quota" })).status, 200);
  await assertCode("modes", "/quota", "H82", "This month's dyno hours are used up");
  assert.equal((await ground.admin("POST", "/apps/modes/mode", { mode: "awake" })).status, 200);
  await until("served again", async () => (await ground.get("modes.localhost")).body === "v1");
});

test("H10 at once for a crashed app, also for who waits already; H20 when no dyno comes; both end with an answer", async () => {
  const service = await ground.dyno("crashed", { replicas: 0 });
  await ground.put("crashed", [service], { check: { type: "http", path: "/", timeout: 0 } });
  // The probe failed, so that nothing was switched: a deployment with a dyno first.
  await ground.scale(service, 1);
  assert.equal((await ground.put("crashed", [service])).status, 200);
  await ground.empty(service);

  const boot = await assertCode("crashed", "/boot", "H20", "Code=H20</code> (App boot timeout)");
  assertTook(boot, limits.hold);
  const waiting = assertCode("crashed", "/waiting", "H10", "Code=H10</code> (App crashed)");
  await until("it waits", async () => (await ground.admin("GET", "/activity")).body.crashed.requests >= 2);
  assert.equal((await ground.admin("POST", "/apps/crashed/crashed", { crashed: true })).status, 200);
  // Not H20: they were not held to the end.
  await waiting;
  await assertCode("crashed", "/crashed", "H10", "Code=H10");

  await ground.scale(service, 1);
  await until("served again", async () => (await ground.get("crashed.localhost")).body === "v1");
  assert.equal((await ground.admin("POST", "/apps/nobody/crashed", { crashed: true })).status, 404);
});

test("H11 when too many wait", async () => {
  const service = await ground.dyno("many");
  await ground.put("many", [service]);
  await ground.empty(service);
  const sockets = Array.from({ length: 1100 }, (_, n) => {
    const socket = connect(ground.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(`GET /${n % 2} HTTP/1.1\r\nHost: many.localhost\r\nConnection: close\r\n\r\n`);
    return socket;
  });
  let answered = "";
  for (const socket of sockets)
    socket.once("data", (chunk: Buffer) => {
      answered ||= chunk.toString("utf8");
    });
  await until("one is turned away", async () => answered.includes("Code=H11</code> (Backlog too deep)"));
  for (const socket of sockets) socket.destroy();
});

test("H21 for a dyno that answers the router's question and refuses each request", async () => {
  const service = await ground.dyno("shy", { mode: "shy" });
  await ground.put("shy", [service]);
  await assertCode("shy", "/", "H21", "Code=H21</code> (Backend connection refused)");
});

test("H99 for an error of the router's own", async () => {
  await using broken = await routerGround({
    files: { "lua/router/choice.lua": (text) => text.replace("local count = #dynos", 'error "broken"') },
  });
  await broken.put("broken", []);
  const dyno = await broken.dyno("broken");
  assert.equal((await broken.put("broken", [dyno])).status, 200);
  const { status, body } = await broken.get("broken.localhost", "/");
  assert.equal(status, 503);
  assert.match(body, /Code=H99<\/code> \(Platform error\)/);
  assert.equal((await broken.logged("broken", "/"))[0]?.code, "H99");
});
