import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { certificateFor } from "../../support/certificate.ts";
import { type RouterGround, routerGround, until } from "./ground.ts";

let ground: RouterGround;
let shop: { readonly chain: string; readonly key: string };
before(async () => {
  ground = await routerGround();
  await ground.put("shop", [await ground.dyno("shop")], { hosts: ["shop.localhost", "a.shop.example"] });
  shop = await certificateFor(["shop.localhost"]);
  await put("shop", ["shop.localhost"], shop);
});
after(() => ground?.[Symbol.asyncDispose]());

async function put(name: string, hosts: readonly string[], certificate: { chain: string; key: string }) {
  const { status, body } = await ground.admin("PUT", `/certificates/${name}`, { hosts, ...certificate });
  assert.equal(status, 200, JSON.stringify(body));
}

/** A handshake; undefined: it was refused. */
async function handshake(servername: string, more: ConnectionOptions = {}): Promise<TLSSocket | undefined> {
  const socket = connect({ host: "127.0.0.1", port: ground.tlsPort, servername, rejectUnauthorized: false, ...more });
  try {
    await once(socket, "secureConnect");
    return socket;
  } catch {
    return undefined;
  }
}

/** The serial number of the certificate that a name is served with; undefined: the handshake is refused. */
async function serial(servername: string): Promise<string | undefined> {
  const socket = await handshake(servername);
  const number = socket?.getPeerX509Certificate()?.serialNumber;
  socket?.destroy();
  return number;
}

const serialOf = ({ chain }: { chain: string }) => new X509Certificate(chain).serialNumber;

interface Ask {
  readonly host?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

function ask(path: string, { host = "shop.localhost", method = "GET", headers = {} }: Ask = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: ground.tlsPort, servername: host, path, method, agent: false };
    const given = { host: `${host}:${ground.tlsPort}`, ...headers };
    request({ ...options, ca: shop.chain, headers: given }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("error", reject).on("end", () => resolve(body));
    })
      .on("error", reject)
      .end();
  });
}

async function withHttp2(work: (session: ClientHttp2Session) => Promise<void>): Promise<void> {
  const session = connectHttp2(`https://shop.localhost:${ground.tlsPort}`, {
    createConnection: () =>
      connect({
        host: "127.0.0.1",
        port: ground.tlsPort,
        servername: "shop.localhost",
        ca: shop.chain,
        ALPNProtocols: ["h2"],
      }),
  });
  const failed = new Promise<never>((_, reject) => session.on("error", reject));
  failed.catch(() => {});
  await Promise.race([work(session), failed]).finally(() => session.destroy());
}

/** A request over HTTP/2, whose body comes later; resolves with status and body. */
function begin(session: ClientHttp2Session, headers: Record<string, string>, endStream = false) {
  const stream = session.request(headers, { endStream });
  let [status, body] = [0, ""];
  stream.on("response", (answer) => {
    status = answer[":status"] ?? 0;
  });
  stream.setEncoding("utf8").on("data", (text: string) => {
    body += text;
  });
  const seen = () => body;
  const answered = once(stream, "close").then(() => ({ status, body }));
  stream.on("error", () => {});
  return { stream, seen, answered };
}

test("an app is served over TLS as over HTTP, and told of it", async () => {
  assert.match(await ask("/whoami"), /^v1 web\.1 /);
  const headers = JSON.parse(await ask("/headers", { headers: { "x-forwarded-proto": "http" } }));
  assert.deepEqual(
    [headers["x-forwarded-proto"], headers["x-forwarded-port"], headers.host],
    ["https", String(ground.tlsPort), `shop.localhost:${ground.tlsPort}`],
  );
  const [line] = await ground.logged("shop", "/whoami");
  assert.deepEqual([line?.protocol, line?.status, line?.dyno], ["https", "200", "web.1"]);
  const plain = JSON.parse((await ground.get("shop.localhost", "/headers")).body);
  assert.equal(plain["x-forwarded-proto"], "http");
});

test("only names that have a certificate are shaken hands with, by wildcards of one label too", async () => {
  assert.equal(await serial("other.localhost"), undefined);
  assert.equal(await handshake("", { servername: "" }), undefined, "without a name");
  const wild = await certificateFor(["*.shop.example"]);
  await put("wild", ["*.shop.example"], wild);
  assert.equal(await serial("a.shop.example"), serialOf(wild));
  assert.equal(await serial("A.Shop.Example"), serialOf(wild));
  assert.equal(await serial("a.b.shop.example"), undefined);
  assert.equal(await serial("shop.example"), undefined);

  const exact = await certificateFor(["a.shop.example"]);
  await put("exact", ["a.shop.example"], exact);
  assert.equal(await serial("a.shop.example"), serialOf(exact));
  assert.equal(await serial("b.shop.example"), serialOf(wild));
  assert.equal((await ground.admin("DELETE", "/certificates/exact")).status, 200);
  assert.equal(await serial("a.shop.example"), serialOf(wild));
  assert.equal((await ground.admin("DELETE", "/certificates/wild")).status, 200);
  assert.equal(await serial("a.shop.example"), undefined);
});

test("a certificate is replaced under load without an error", async () => {
  const another = await certificateFor(["load.localhost"]);
  const first = await certificateFor(["load.localhost"]);
  await put("load", ["load.localhost"], first);
  const seen = new Set<string | undefined>();
  let replaced = false;
  const asking = (async () => {
    for (let after = 0; after < 10; ) {
      seen.add(await serial("load.localhost"));
      if (replaced) after++;
    }
  })();
  await until("the first was seen", async () => seen.size > 0);
  await put("load", ["load.localhost"], another);
  replaced = true;
  await asking;
  assert.deepEqual(seen, new Set([serialOf(first), serialOf(another)]));
  assert.equal(await serial("load.localhost"), serialOf(another));
});

test("the admin API shows certificates without their keys and refuses what is none", async () => {
  const { body } = await ground.admin("GET", "/certificates/shop");
  assert.deepEqual([body.name, body.hosts, body.chain], ["shop", ["shop.localhost"], shop.chain]);
  const { body: all } = await ground.admin("GET", "/certificates");
  assert.ok(!JSON.stringify([body, all]).includes("PRIVATE KEY"));
  assert.equal((await ground.admin("GET", "/certificates/none")).status, 404);
  const before = (await ground.admin("GET", "/revision")).body;
  for (const [wrong, problem] of [
    [{ ...shop, hosts: [] }, /hosts/],
    [{ ...shop, hosts: ["a b"] }, /hosts/],
    [{ ...shop, hosts: ["a.test"], chain: "x" }, /chain: no certificates in PEM/],
    [{ ...shop, hosts: ["a.test"], key: "x" }, /key: no private key in PEM/],
  ] as const) {
    const { status, body } = await ground.admin("PUT", "/certificates/wrong", wrong);
    assert.equal(status, 400);
    assert.match(body.message, problem);
  }
  assert.deepEqual((await ground.admin("GET", "/revision")).body, before);
});

test("TLS 1.2 and 1.3 and nothing older, and sessions are resumed", async () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    let session: Buffer | undefined;
    const first = await handshake("shop.localhost", { minVersion: version, maxVersion: version });
    assert.equal(first?.getProtocol(), version);
    session = version === "TLSv1.2" ? first?.getSession() : undefined;
    first?.on("session", (given: Buffer) => {
      session = given;
    });
    first?.write("GET /whoami HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n");
    first?.resume();
    // A connection that breaks off takes its session along.
    await once(first as TLSSocket, "close");
    assert.ok(session !== undefined, "a session is given");
    const again = await handshake("shop.localhost", { minVersion: version, maxVersion: version, session });
    assert.equal(again?.isSessionReused(), true, version);
    again?.destroy();
  }
  const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
  assert.equal(await handshake("shop.localhost", old), undefined);
});

test("HTTP/2: an upload without a length reaches the dyno before it ends, and comes back", async () => {
  await withHttp2(async (session) => {
    const echo = begin(session, { ":path": "/echo", ":method": "POST" });
    echo.stream.write("first ");
    await until("the first piece is back", async () => echo.seen() === "first ");
    echo.stream.end("second");
    assert.deepEqual(await echo.answered, { status: 200, body: "first second" });
  });
});

test("HTTP/2: an upload of 64 MB without a length is not kept on the disk", async () => {
  await withHttp2(async (session) => {
    const length = begin(session, { ":path": "/length", ":method": "PUT" });
    const piece = Buffer.alloc(1024 * 1024);
    let most = 0;
    for (let sent = 0; sent < 64; sent++) {
      if (!length.stream.write(piece)) await once(length.stream, "drain");
      most = Math.max(most, (await readdir(join(ground.directory, "tmp/body")).catch(() => [])).length);
    }
    length.stream.end();
    assert.deepEqual(await length.answered, { status: 200, body: `chunked ${64 * 1024 * 1024}` });
    assert.equal(most, 0, "files of bodies");

    const endless = begin(session, { ":path": "/length", ":method": "GET" });
    endless.stream.on("error", () => {});
    for (let sent = 0; sent < 3 && !endless.stream.destroyed; sent++) endless.stream.write(piece);
    assert.equal((await endless.answered).status, 413, "a GET has no such body");
    const small = begin(session, { ":path": "/length", ":method": "DELETE" });
    small.stream.end("x".repeat(100_000));
    assert.deepEqual(await small.answered, { status: 200, body: "100000 100000" });
  });
});

test("HTTP/2: headers, early answers, pages of the router, and what belongs to a connection", async () => {
  await withHttp2(async (session) => {
    const told = await begin(session, { ":path": "/headers" }, true).answered;
    const headers = JSON.parse(told.body);
    assert.deepEqual(
      [headers["x-forwarded-proto"], headers["x-forwarded-port"], headers.host, headers["transfer-encoding"]],
      ["https", String(ground.tlsPort), `shop.localhost:${ground.tlsPort}`, undefined],
    );
    const early = begin(session, { ":path": "/early", ":method": "POST" });
    for (let sent = 0; sent < 20 && !early.stream.destroyed; sent++) early.stream.write(Buffer.alloc(65_536));
    assert.deepEqual(await early.answered, { status: 413, body: "too large" });
    const nobody = begin(session, { ":path": "/", ":authority": "nobody.localhost" }, true);
    assert.equal((await nobody.answered).status, 404);
    const many = Array.from({ length: 50 }, () => begin(session, { ":path": "/whoami" }, true).answered);
    for (const { status } of await Promise.all(many)) assert.equal(status, 200);
  });
});

/** The kind and content of a frame of HTTP/2, on stream 1 but for settings. */
function frame(type: number, flags: number, content: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(content.length, 0, 3);
  head.set([type, flags], 3);
  head.writeUInt32BE(type === 4 ? 0 : 1, 5);
  return Buffer.concat([head, content]);
}

/** A field as HPACK has it without any table. */
function field(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

test("HTTP/2: a header of a connection, which no library of a client sends, makes a request malformed", async () => {
  for (const [name, value, status] of [
    ["x-good", "1", 200],
    ["upgrade", "websocket", 400],
    ["transfer-encoding", "chunked", 400],
    ["connection", "upgrade", 400],
  ] as const) {
    const socket = await handshake("shop.localhost", { ALPNProtocols: ["h2"] });
    let seen = Buffer.alloc(0);
    socket?.on("data", (data: Buffer) => {
      seen = Buffer.concat([seen, data]);
    });
    const request = {
      ":method": "GET",
      ":scheme": "https",
      ":path": "/whoami",
      ":authority": "shop.localhost",
      [name]: value,
    };
    const fields = Object.entries(request).map(([key, text]) => field(key, text));
    socket?.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, Buffer.alloc(0))]));
    socket?.write(frame(1, 5, Buffer.concat(fields)));
    // What HPACK's own table has for both, as the first of the fields of the first HEADERS.
    const code = Buffer.from([0, 0, 0, 1, status === 200 ? 0x88 : 0x8c]);
    await until(`${name} is answered with ${status}`, async () => seen.includes(code));
    socket?.destroy();
  }
});

test("a WebSocket is opened by HTTP/1.1", async () => {
  const socket = await handshake("shop.localhost", { ALPNProtocols: ["http/1.1"] });
  assert.equal(socket?.alpnProtocol, "http/1.1");
  let seen = "";
  socket?.setEncoding("utf8").on("data", (text: string) => {
    seen += text;
  });
  socket?.write("GET /ws HTTP/1.1\r\nHost: shop.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  await until("it is open", async () => /^HTTP\/1\.1 101 /.test(seen));
  socket?.write("said");
  await until("it is echoed", async () => seen.endsWith("said"));
  socket?.destroy();
});

test("a router that starts anew has its certificates, and keeps them from others", async () => {
  const folder = join(ground.directory, "certificates");
  for (const file of await readdir(folder)) assert.equal((await stat(join(folder, file))).mode & 0o777, 0o600, file);
  await ground.router.restart();
  await until("TLS is served", async () => (await serial("shop.localhost")) === serialOf(shop));
  assert.equal(await serial("other.localhost"), undefined);
  assert.match(await ask("/whoami"), /^v1 /);
});

test("the log has no word of handshakes, whoever begins them", async () => {
  // What was logged before counts for nothing, and Docker's `since` knows whole seconds only.
  const log = async () => ground.router.logs({ stdout: true, stderr: true });
  const [before, tries] = [(await log()).length, 200];
  await Promise.all(Array.from({ length: tries }, (_, n) => serial(`nobody-${n}.localhost`)));
  assert.doesNotMatch((await log()).subarray(before).toString(), /nobody|PRIVATE KEY|\[(error|crit|alert)\]/);
});
