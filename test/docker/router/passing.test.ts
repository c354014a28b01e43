import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { last } from "../../../services/control-plane/logs/requests/fields.ts";
import { type RouterGround, routerGround, until } from "./ground.ts";

// What passes between clients and apps as it is.
let ground: RouterGround;
before(async () => {
  ground = await routerGround();
  await ground.put("app", [await ground.dyno("app")]);
});
after(() => ground?.[Symbol.asyncDispose]());

/** Has the app answer with these headers: names and values in turn. */
function answer(...headers: readonly string[]) {
  return ground.get("app.localhost", "/answer", { method: "POST", body: JSON.stringify(headers) });
}

async function inFlight(): Promise<number> {
  return (await ground.admin("GET", "/activity")).body.app.inflight;
}

test("an app's headers are no instructions to nginx", async () => {
  const said: readonly [string, string][] = [
    ["X-Accel-Redirect", "/protected/report.pdf"],
    ["X-Accel-Redirect", "/answer"],
    ["X-Accel-Redirect", "@dashboard"],
    ["X-Accel-Redirect", "@again"],
    ["X-Accel-Redirect", "@broken"],
    ["X-Accel-Limit-Rate", "10"],
    ["X-Accel-Buffering", "yes"],
    ["X-Accel-Charset", "koi8-r"],
    ["X-Accel-Expires", "60"],
    ["X-Pad", "a"],
    ["Location", "http://dyno/there"],
    ["Refresh", "5; url=http://dyno/there"],
    ["Server", "gunicorn"],
    ["Date", "Tue, 15 Nov 1994 08:12:31 GMT"],
    ["Content-Type", "text/plain; charset=latin1"],
  ];
  for (const [name, value] of said) {
    const { status, body, headers } = await answer(name, value);
    assert.deepEqual([status, body, headers[name.toLowerCase()]], [200, "the app's own body", value], name);
  }
  await until("none is in flight", async () => (await inFlight()) === 0);
});

test("an answer's headers: 8 KB a line and 64 KB in all, any name, two of one name", async () => {
  const long = "x".repeat(8000);
  const lines = Array.from({ length: 8 }, (_, n) => [`X-Line-${n}`, n < 7 ? long : long.slice(0, 6000)]).flat();
  assert.equal((await answer(...lines)).headers["x-line-6"], long);

  const body = JSON.stringify([...lines, "X-More", long]);
  const more = await ground.get("app.localhost", "/answer?too-much", { method: "POST", body });
  assert.equal(more.status, 503);
  assert.match(more.body, /Code=H25<\/code> \(HTTP restriction\)/);
  assert.equal((await ground.logged("app", "/answer?too-much"))[0]?.code, "H25");

  const { headers } = await answer("x_under_score", "1", "x.dot", "2", "Set-Cookie", "a=b", "Set-Cookie", "c=d");
  assert.deepEqual([headers.x_under_score, headers["x.dot"], headers["set-cookie"]], ["1", "2", ["a=b", "c=d"]]);
});

test("a request's headers pass likewise; what looks to an app like a header of the router's does not", async () => {
  const long = "x".repeat(8000);
  const lines = Object.fromEntries(Array.from({ length: 7 }, (_, n) => [`x-line-${n}`, long]));
  const given = { ...lines, x_under_score: "1", "x.dot": "2", "x-twice": ["a", "b"], X_Forwarded_Proto: "https" };
  const { body, status } = await ground.get("app.localhost", "/raw-headers", { headers: given });
  assert.equal(status, 200, body);
  const raw: string[] = JSON.parse(body);
  const values = (name: string) => raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === name);
  for (let n = 0; n < 7; n++) assert.deepEqual(values(`x-line-${n}`), [long]);
  assert.deepEqual([values("x_under_score"), values("x.dot"), values("x-twice")], [["1"], ["2"], ["a", "b"]]);
  assert.deepEqual(values("x_forwarded_proto"), []);
});

/** Sends a body without looking at what comes, and gives all that came once it is a whole answer. */
function upload(path: string, bytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: ground.port, allowHalfOpen: true });
    let seen = "";
    // The router says no more: what was seen by then is its answer, although this side has still something to send.
    socket.on("end", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      seen += chunk.toString("latin1");
      if (/\r\n\r\n.*(too large|<\/html>|\r\n0\r\n\r\n)$/s.test(seen) || /^content-length.*login$/ims.test(seen)) {
        socket.destroy();
      }
    });
    socket.on("error", reject).on("close", () => resolve(seen));
    socket.setTimeout(30_000, () => socket.destroy(new Error(`no whole answer: ${seen}`)));
    socket.write(`POST ${path} HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: ${bytes}\r\n\r\n`);
    const piece = Buffer.alloc(65_536);
    const send = (left: number): void => {
      if (left <= 0 || socket.destroyed) return;
      socket.write(piece.subarray(0, Math.min(left, piece.length)), () => send(left - piece.length));
    };
    send(bytes);
  });
}

test("an answer before the body was read arrives whole", async () => {
  for (const bytes of [100_000, 1_000_000, 20_000_000]) {
    for (let n = 0; n < 15; n++) {
      const early = await upload("/early", bytes);
      assert.match(early, /^HTTP\/1\.1 413 .*\r\n\r\ntoo large$/s);
      assert.match(early, /set-cookie: a_1=b\r\n.*set-cookie: c=d\r\n/is);
      for (const path of ["/early-chunked", "/early-unmeasured"]) {
        const moved = await upload(path, bytes);
        assert.match(moved, /^HTTP\/1\.1 302 .*^location: \/login\r\n.*to the .*login/ims);
      }
    }
  }
  assert.equal(
    (await ground.get("app.localhost", "/length", { method: "POST", body: "x".repeat(3e6) })).body,
    "3000000 3000000",
  );
  await until("none is in flight", async () => (await inFlight()) === 0);
  for (const { code, dyno } of await ground.logged("app", "/early", 45)) assert.deepEqual([code, dyno], ["", "web.1"]);
});

test("who sends on after an early answer is not cut off, and is no request of the dyno's any more", async () => {
  const socket = connect({ host: "127.0.0.1", port: ground.port, allowHalfOpen: true });
  let [seen, pieces] = ["", 0];
  let failure: Error | undefined;
  socket.on("data", (chunk: Buffer) => {
    seen += chunk.toString("latin1");
  });
  socket.on("error", (error) => {
    failure = error;
  });
  socket.write("POST /early HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 1000000000\r\n\r\n");
  const sending = setInterval(() => socket.write("x".repeat(1000), (error) => error || pieces++), 20);
  try {
    await until("it is answered", async () => seen.endsWith("too large"));
    await until("none is in flight", async () => (await inFlight()) === 0);
    await until("a hundred pieces were sent", async () => pieces >= 100);
    assert.equal(failure, undefined);
  } finally {
    clearInterval(sending);
    socket.destroy();
  }
});

test("a megabyte is taken from a dyno whose client does not read; what is flushed goes on at once", async () => {
  const client = connect(8080, await ground.address());
  client.pause().write("GET /big HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n\r\n");
  const [line] = await ground.logged("app", "/big");
  assert.deepEqual(
    [line?.status, line?.code, last(line?.sent)],
    ["200", "", "1048576"],
    "the router has passed on all of it",
  );
  let bytes = 0;
  for await (const chunk of client) bytes += chunk.length;
  assert.ok(bytes > 1_048_576, `${bytes} bytes`);

  const stream = connect(ground.port, "127.0.0.1");
  let pieces = 0;
  stream.on("data", (chunk: Buffer) => {
    pieces += chunk.toString("latin1").match(/^\.\r$/gm)?.length ?? 0;
  });
  stream.write("GET /drip?seconds=30 HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
  await until("ten pieces of one byte came", async () => pieces >= 10);
  stream.destroy();
});
