import assert from "node:assert/strict";
import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { test } from "node:test";
import * as tls from "node:tls";
import { UserError } from "../../../../lib/errors.ts";
import { format } from "../../../../services/control-plane/logs/line.ts";
import { until } from "../../../support/until.ts";
import { certificate } from "./certificate.ts";
import { logsGround } from "./ground.ts";

const time = Date.parse("2026-01-01T00:00:00Z") * 1000;
const trusted = certificate();
const ground = () => logsGround(() => ({ ca: trusted.cert }));

/** Takes octet-counted messages apart; all of the data must be such. */
function messages(data: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(" ", at);
    const length = Number(data.toString("utf8", at, space));
    assert.ok(length > 0, data.toString("utf8", at, at + 50));
    found.push(data.toString("utf8", space + 1, space + 1 + length));
    at = space + 1 + length;
  }
  return found;
}

interface Post {
  readonly headers: http.IncomingHttpHeaders;
  readonly path: string;
  readonly messages: readonly string[];
}

/** An HTTPS server that takes batches, unless `answer` says otherwise. */
async function receiver(options: { answer?: (posts: number) => number; plain?: boolean } = {}) {
  const posts: Post[] = [];
  const handle: http.RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    posts.push({ headers: request.headers, path: String(request.url), messages: messages(Buffer.concat(chunks)) });
    response.writeHead(options.answer?.(posts.length) ?? 204).end();
  };
  const server = options.plain ? http.createServer(handle) : https.createServer(trusted, handle);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as net.AddressInfo;
  return {
    posts,
    port,
    server,
    taken: () => posts.flatMap((post) => post.messages),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A syslog server, over TLS or not. */
async function syslog(secure: boolean, port = 0) {
  const chunks: Buffer[] = [];
  const sockets = new Set<net.Socket>();
  const take = (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("data", (chunk) => chunks.push(chunk)).on("error", () => {});
  };
  const server = secure ? tls.createServer(trusted, take) : net.createServer(take);
  await once(server.listen(port, "127.0.0.1"), "listening");
  return {
    port: (server.address() as net.AddressInfo).port,
    taken: () => messages(Buffer.concat(chunks)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

test("an HTTPS drain gets batches in Logplex's form", async () => {
  await using to = await receiver();
  await using from = await ground();
  const drain = from.logs.addDrain("hello", `https://user:pass%20word@127.0.0.1:${to.port}/logs?kind=x`);
  assert.match(drain.token, /^d\.[0-9a-f-]{36}$/);
  assert.deepEqual(from.logs.drains("hello"), [drain]);
  from.logs.write("hello", { time, source: "app", process: "web.1", text: "é" });
  from.logs.write("hello", {
    time: time + 1,
    source: "heroku",
    process: "web.1",
    text: "State changed from starting to up",
  });
  from.logs.write("hello", { time: time + 2, source: "heroku", process: "router", text: "at=info" });
  from.logs.write("hello", { time: time + 3, source: "app", process: "api", text: "Release v3 created" });
  from.logs.write("other", { source: "app", process: "web.1", text: "not for this drain" });
  await until("the batch", async () => to.posts.length > 0);
  const [post] = to.posts;
  assert.deepEqual(post?.messages, [
    "<190>1 2026-01-01T00:00:00.000000+00:00 host app web.1 - é\n",
    "<45>1 2026-01-01T00:00:00.000001+00:00 host heroku web.1 - State changed from starting to up\n",
    "<158>1 2026-01-01T00:00:00.000002+00:00 host heroku router - at=info\n",
    "<134>1 2026-01-01T00:00:00.000003+00:00 host app api - Release v3 created\n",
  ]);
  assert.equal(post?.path, "/logs?kind=x");
  const { headers } = post;
  assert.equal(headers["content-type"], "application/logplex-1");
  assert.equal(headers["logplex-msg-count"], "4");
  assert.match(String(headers["logplex-frame-id"]), /^[0-9A-F]{32}$/);
  assert.equal(headers["logplex-drain-token"], drain.token);
  assert.equal(headers.authorization, `Basic ${Buffer.from("user:pass word").toString("base64")}`);

  assert.ok(from.logs.removeDrain("hello", drain.url));
  assert.ok(!from.logs.removeDrain("hello", drain.url));
  assert.deepEqual(from.logs.drains("hello"), []);
});

test("a batch that was refused comes again, the same, before what came later", async () => {
  await using to = await receiver({ answer: (posts) => (posts < 3 ? 503 : 200) });
  await using from = await ground();
  from.logs.addDrain("hello", `https://localhost:${to.port}/`);
  from.logs.write("hello", { source: "app", process: "web.1", text: "first" });
  await until("the first try", async () => to.posts.length > 0);
  from.logs.write("hello", { source: "app", process: "web.1", text: "second" });
  await until("the second batch", async () => to.posts.length === 4);
  const frames = to.posts.map(({ headers }) => headers["logplex-frame-id"]);
  assert.ok(frames[0] === frames[1] && frames[1] === frames[2] && frames[2] !== frames[3]);
  assert.match(to.taken()[0] ?? "", /first\n$/);
  assert.match(to.taken()[3] ?? "", /second\n$/);
});

test("a drain whose certificate nobody vouches for gets nothing, and keeps nobody waiting", async () => {
  await using to = await receiver();
  await using from = await logsGround(() => ({ ca: certificate().cert }));
  const seen: string[] = [];
  from.logs.tail("hello", {}, (line) => seen.push(format(line)));
  from.logs.addDrain("hello", `https://127.0.0.1:${to.port}/`);
  let refused = 0;
  to.server.on("tlsClientError", () => refused++);
  from.logs.write("hello", { time, source: "app", process: "web.1", text: "secret" });
  await until("the first try", async () => refused > 0);
  assert.deepEqual(to.posts, []);
  assert.deepEqual(seen, ["2026-01-01T00:00:00.000000+00:00 app[web.1]: secret"]);
});

test("a drain that takes nothing has the newest lines kept, and is told what was dropped", async () => {
  let open = false;
  await using to = await receiver({ plain: true, answer: () => (open ? 200 : 500) });
  await using from = await ground();
  from.logs.addDrain("hello", `http://127.0.0.1:${to.port}/`);
  const seen: number[] = [];
  from.logs.tail("hello", {}, ({ text }) => seen.push(Number(text)));
  const count = 60_000;
  for (let i = 0; i < count; i++) from.logs.write("hello", { source: "app", process: "web.1", text: String(i) });
  await until("the tail", async () => seen.length === count);
  open = true;
  const last = new RegExp(` ${count - 1}\n$`);
  await until("the last line", async () => to.taken().some((message) => last.test(message)));
  const notices = to.taken().filter((message) => message.includes("Error L10"));
  assert.equal(notices.length, 1);
  assert.match(
    notices[0] ?? "",
    /^<172>1 \S+ host heroku logplex - Error L10 \(output buffer overflow\): \d+ messages dropped since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00\.\n$/,
  );
  const dropped = Number(notices[0]?.match(/: (\d+) messages/)?.[1]);
  const numbers = to.taken().flatMap(
    (message) =>
      message
        .match(/ - (\d+)\n$/)
        ?.slice(1)
        .map(Number) ?? [],
  );
  assert.equal(new Set(numbers).size + dropped, count);
});

for (const secure of [false, true]) {
  test(`a syslog drain gets RFC 5424, counted${secure ? ", over TLS" : ""}, and is connected to again`, async () => {
    await using from = await ground();
    const first = await syslog(secure);
    const { port } = first;
    const { token } = from.logs.addDrain("hello", `syslog${secure ? "+tls" : ""}://127.0.0.1:${port}`);
    from.logs.write("hello", { time, source: "app", process: "web.1", text: "one\ntwo" });
    await until("both lines", async () => first.taken().length === 2);
    assert.deepEqual(first.taken(), [
      `<190>1 2026-01-01T00:00:00.000000+00:00 ${token} app web.1 - - one\n`,
      `<190>1 2026-01-01T00:00:00.000000+00:00 ${token} app web.1 - - two\n`,
    ]);
    await first[Symbol.asyncDispose]();
    await using second = await syslog(secure, port);
    from.logs.write("hello", { source: "app", process: "web.1", text: "three" });
    await until("the line after", async () => second.taken().length > 0);
    assert.match(second.taken()[0] ?? "", / three\n$/);
  });
}

test("a drain goes on after a restart with what it has not had", async () => {
  await using to = await receiver();
  await using from = await ground();
  const write = (text: string) => from.logs.write("hello", { source: "app", process: "web.1", text });
  const taken = () => to.taken().map((message) => message.match(/ - (.*)\n/)?.[1]);
  write("before there was a drain");
  from.logs.addDrain("hello", `https://127.0.0.1:${to.port}/`);
  write("1");
  await until("the first", async () => taken().length === 1);
  await until(
    "that it is known",
    async () => from.db.prepare("SELECT max(sent) > 0 AS sent FROM log_drain").get()?.sent === 1,
  );
  to.server.close();
  to.server.closeAllConnections();
  write("2");
  await from.stop();
  from.start();
  to.server.listen(to.port, "127.0.0.1");
  write("3");
  await until("the rest", async () => taken().length === 3);
  assert.deepEqual(taken(), ["1", "2", "3"]);
});

test("a URL that no drain can have is refused, without being repeated", async () => {
  await using from = await ground();
  for (const url of [
    "ftp://a",
    "nonsense",
    "https://",
    "syslog://",
    "syslog://user:secret@host",
    "syslog://host/path",
  ]) {
    assert.throws(
      () => from.logs.addDrain("hello", url),
      (error: Error) => error instanceof UserError && !error.message.includes("secret"),
      url,
    );
  }
  from.logs.addDrain("hello", "syslog://127.0.0.1:1");
  assert.throws(() => from.logs.addDrain("hello", "syslog://127.0.0.1:1"), /has this drain already/);
});
