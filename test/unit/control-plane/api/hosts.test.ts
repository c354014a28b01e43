import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import {
  authorityFile,
  commandLineAuthorityFile,
  ensureCertificates,
} from "../../../../services/control-plane/tls/certificates.ts";
import { ask, serve, TOKEN } from "./served.ts";

const authorization = `Bearer ${TOKEN}`;

/** A server with certificates, and what its two authorities are. */
async function proxy() {
  const folder = await mkdtemp(join(tmpdir(), "hosts-"));
  const certificates = await ensureCertificates(folder);
  const served = await serve(undefined, undefined, {}, {}, undefined, certificates);
  return {
    served,
    port: served.port,
    machine: await readFile(authorityFile(folder)),
    commandLine: await readFile(commandLineAuthorityFile(folder)),
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** A tunnel to `HOST:PORT`, as an HTTP proxy gives it. */
function tunnel(port: number, target: string): Promise<{ status: number; socket: Socket }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port, method: "CONNECT", path: target, agent: false });
    outgoing.on("connect", ({ statusCode: status = 0 }, socket) => resolve({ status, socket }));
    outgoing.on("error", reject);
    outgoing.end();
  });
}

/** Asks through a connection that is there. */
function through(socket: Socket, method: string, host: string, path: string, body?: unknown): Promise<unknown> {
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = { host, authorization, "content-length": Buffer.byteLength(text), connection: "close" };
  return new Promise((resolve, reject) => {
    const outgoing = request({ createConnection: () => socket, method, path, headers }, (answer: IncomingMessage) => {
      let said = "";
      answer.setEncoding("utf8").on("data", (piece: string) => {
        said += piece;
      });
      answer.on("end", () => resolve([answer.statusCode, JSON.parse(said)]));
    });
    outgoing.on("error", reject);
    outgoing.end(text);
  });
}

async function secured(port: number, host: string, ca: Buffer): Promise<Socket> {
  const { socket } = await tunnel(port, `${host}:443`);
  const inner = connectTls({ socket, ca, servername: host });
  await new Promise<void>((resolve, reject) => inner.once("secureConnect", resolve).once("error", reject));
  return inner;
}

const absent = (message: string) => [404, { id: "not_found", message }];

test("the hosts that the official command line asks besides are served here, in plain and by TLS", async () => {
  await using at = await proxy();
  const host = "particleboard.heroku.com";
  const { socket } = await tunnel(at.port, `${host}:${at.port}`);
  const marked = (await through(socket, "POST", host, "/favorites", { resource_id: "shop", type: "app" })) as [
    number,
    { id: string; resource_name: string },
  ];
  assert.equal(marked[0], 201);
  const list = async () => through(await secured(at.port, host, at.commandLine), "GET", host, "/favorites?type=app");
  assert.deepEqual(await list(), [200, [marked[1]]]);
  await through(await secured(at.port, host, at.commandLine), "DELETE", host, `/favorites/${marked[1].id}`);
  assert.deepEqual(await list(), [200, []]);

  const telex = await secured(at.port, "telex.heroku.com", at.commandLine);
  assert.deepEqual(await through(telex, "GET", "telex.heroku.com", "/user/notifications"), [200, []]);
  const kolkrabbi = await secured(at.port, "kolkrabbi.heroku.com", at.commandLine);
  assert.deepEqual(
    await through(kolkrabbi, "GET", "kolkrabbi.heroku.com", "/pipelines/x/github"),
    absent("Heroku CI is not part of this platform yet."),
  );
  const unknown = await secured(at.port, "new.heroku.com", at.commandLine);
  assert.deepEqual(
    await through(unknown, "POST", "new.heroku.com", "/apps", {}),
    absent("new.heroku.com is not part of this platform."),
  );
  assert.deepEqual(
    await through((await tunnel(at.port, "example.com:80")).socket, "GET", "127.0.0.1", "/account"),
    absent("example.com is not part of this platform."),
    "the tunnel says which host it is",
  );
});

test("the API is the same through a tunnel to itself, and as a whole URL", async () => {
  await using at = await proxy();
  const own = `127.0.0.1:${at.port}`;
  const { socket } = await tunnel(at.port, own);
  const [status, account] = (await through(socket, "GET", own, "/account")) as [number, { email: string }];
  assert.deepEqual([status, account.email], [200, "me@example.com"]);
  const inner = await secured(at.port, "localhost", at.machine);
  assert.equal(((await through(inner, "GET", "localhost", "/account")) as [number])[0], 200);

  const whole = (url: string, host: string) => through(connect(at.port, "127.0.0.1"), "GET", host, url);
  assert.deepEqual(await whole(`http://${own}/account`, "evil.example"), [200, account]);
  assert.deepEqual(await whole("http://telex.heroku.com/apps", own), absent("That is not part of this platform yet."));
  assert.deepEqual(await whole("http://a.com:5/account", own), absent("a.com is not part of this platform."));
});

test("whoever asks has to be let in, under the name that the tunnel is for, and a tunnel leads through no other", async () => {
  await using at = await proxy();
  const host = "particleboard.heroku.com";
  const whole = (headers: Readonly<Record<string, string>>) =>
    ask(at.port, "GET", `http://${host}/favorites`, undefined, headers);
  assert.equal((await whole({ authorization: "Bearer wrong" })).status, 401);
  const misled = await ask(at.port, "GET", "/favorites", undefined, { authorization, host });
  assert.equal(misled.status, 421, "a page whose name leads here is no proxy's client");
  assert.equal((await whole({ authorization, origin: "http://a.b" })).status, 403);

  for (const target of ["nonsense", "a_b:1", "[::1]:5000", "http://example.com/"]) {
    assert.equal((await tunnel(at.port, target)).status, 400, target);
  }
  const { socket } = await tunnel(at.port, "127.0.0.1:1");
  const again = new Promise((resolve) => socket.once("data", (data) => resolve(String(data).slice(0, 12))));
  socket.write("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n");
  assert.equal(await again, "HTTP/1.1 400");
  assert.deepEqual(at.served.problems, []);
});

test("the command's authority is good for the hosts of Heroku's, and for no other", async () => {
  await using at = await proxy();
  await assert.rejects(secured(at.port, "example.com", at.commandLine), /does not match certificate's altnames/);
  await assert.rejects(secured(at.port, "telex.heroku.com", at.machine), /self-signed certificate|unable to/);
  const direct = connectTls({ socket: connect(at.port, "127.0.0.1"), ca: at.commandLine, servername: "localhost" });
  await assert.rejects(new Promise((resolve, reject) => direct.on("secureConnect", resolve).on("error", reject)));
});
