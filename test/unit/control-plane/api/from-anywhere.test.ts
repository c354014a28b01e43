/** API, Git and the tunnel of a platform that is reached from anywhere, as the router reaches them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createApi } from "../../../../services/control-plane/api/index.ts";
import { ensureCertificates } from "../../../../services/control-plane/tls/certificates.ts";
import { until } from "../../../support/until.ts";
import { memoryAccounts } from "./accounts.ts";
import { World } from "./fakes.ts";
import { TOKEN as KEY } from "./served.ts";

interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

interface Ground {
  readonly token: string;
  readonly databases: string[];
  revoke(): void;
  send(method: string, path: string, headers?: Readonly<Record<string, string>>, body?: string): Promise<Answered>;
  /** A tunnel; undefined: it was refused. */
  tunnel(headers?: Readonly<Record<string, string>>): Promise<Socket | undefined>;
}

async function withPublic(work: (ground: Ground) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "api-"));
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, `${KEY}\n`);
  const world = new World(folder);
  const accounts = memoryAccounts(tokenFile, { db: world.db });
  const user = accounts.users.first().id;
  const made = accounts.authorizations.create({ user, description: "laptop", expiresIn: undefined });
  const databases: string[] = [];
  const { server } = createApi({
    health: async () => ({ apps: true, data: true, tools: false }),
    ports: { ...world.ports(), accounts },
    platform: "test",
    tokenFile,
    hours: { free: 750, per: "app" },
    certificates: await ensureCertificates(join(folder, "tls")),
    database(socket, { account, address }) {
      databases.push(`${account === user} ${address}`);
      socket.end("postgres");
    },
    authorities: async () => ({ machine: "", commandLine: "" }),
    report() {},
  });
  const git = (incoming: IncomingMessage, response: { end(text: string): unknown }) =>
    incoming.url === "/shop.git/info/refs" && response.end("git") !== undefined;
  const socketPath = join(folder, "api.sock");
  const names = { api: "api.apps.test", git: "git.apps.test" };
  try {
    await using _server = server;
    await using _public = await server.listenPublic(socketPath, { names, asides: { api: [], git: [git] } });
    const usual = { host: "api.apps.test", "x-forwarded-proto": "https", "x-forwarded-for": "198.51.100.7" };
    const authorization = `Bearer ${made.token}`;
    await work({
      token: made.token,
      databases,
      revoke: () => accounts.authorizations.revoke(user, made.id),
      send: (method, path, headers = {}, body = "") =>
        new Promise((resolve, reject) => {
          const all = {
            ...usual,
            authorization,
            ...(body !== "" && { "content-length": `${body.length}` }),
            ...headers,
          };
          request({ socketPath, method, path, agent: false, headers: all }, (response) => {
            let text = "";
            response.setEncoding("utf8").on("data", (piece: string) => {
              text += piece;
            });
            response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
          })
            .on("error", reject)
            .end(body);
        }),
      tunnel: (headers = {}) =>
        new Promise((resolve, reject) => {
          const upgrade = { connection: "Upgrade", upgrade: "dynoform-tunnel" };
          const all = { ...usual, authorization, ...upgrade, ...headers };
          request({ socketPath, path: "/connect", agent: false, headers: all })
            .on("upgrade", (_response, socket) => resolve(socket as Socket))
            .on("response", (response) => response.resume().on("end", () => resolve(undefined)))
            .on("error", reject)
            .end();
        }),
    });
  } finally {
    await world.databases[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What comes back through a tunnel until it ends, or is long enough to be an answer. */
async function said(socket: Socket, text: string, whole: RegExp): Promise<string> {
  let answer = "";
  socket.setEncoding("utf8").on("data", (piece: string) => {
    answer += piece;
  });
  socket.write(text);
  await until(`${whole} is answered`, async () => whole.test(answer));
  return answer;
}

test("the API is at its own name, Git at its own, and no other name or way is served", () =>
  withPublic(async ({ send }) => {
    const account = await send("GET", "/account");
    assert.equal(account.status, 200);
    assert.equal((await send("GET", "/account", { host: "API.apps.test:8443" })).status, 200);
    assert.equal((await send("GET", "/account", { host: "git.apps.test" })).status, 404);
    assert.equal((await send("GET", "/shop.git/info/refs", { host: "git.apps.test" })).text, "git");
    assert.equal((await send("GET", "/shop.git/info/refs")).status, 404);
    for (const host of ["127.0.0.1:5000", "localhost", "dashboard.apps.test", "shop.apps.test", "api.apps.test.evil"]) {
      assert.equal((await send("GET", "/account", { host })).status, 421, host);
    }
    assert.equal((await send("GET", "/account", { "x-forwarded-proto": "http" })).status, 403);
    assert.equal((await send("GET", "http://particleboard.heroku.com/favorites")).status, 400);
  }));

test("answers are for no page: no CORS, no frame, no sniffing, and a page of an app does nothing", () =>
  withPublic(async ({ send }) => {
    const { headers } = await send("GET", "/account");
    assert.match(String(headers["content-security-policy"]), /frame-ancestors 'none'/);
    assert.equal(headers["x-content-type-options"], "nosniff");
    const origin = "https://shop.apps.test";
    const preflight = await send("OPTIONS", "/apps", { origin, "access-control-request-method": "POST" });
    for (const answer of [preflight, await send("GET", "/account", { origin })]) {
      assert.equal(answer.status, 403);
      assert.ok(!Object.keys(answer.headers).some((name) => name.startsWith("access-control")));
    }
    assert.equal((await send("POST", "/apps", { "sec-fetch-site": "same-site" }, "{}")).status, 403);
  }));

test("the key of the host opens nothing from anywhere", () =>
  withPublic(async ({ send, tunnel }) => {
    const authorization = `Bearer ${KEY}`;
    assert.equal((await send("GET", "/account", { authorization })).status, 401);
    assert.equal((await send("POST", "/actions/claim-first-admin", { authorization }, "{}")).status, 401);
    assert.equal(await tunnel({ authorization }), undefined);
    const through = await tunnel();
    assert.ok(through !== undefined);
    const ask = `GET /account HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${KEY}\r\n\r\n`;
    assert.match(await said(through, ask, /\r\n\r\n\{/), /^HTTP\/1\.1 401 /);
    through.destroy();
  }));

test("a tunnel is for who has a token, by one protocol at one path, and serves what the port serves", () =>
  withPublic(async ({ token, tunnel }) => {
    assert.equal(await tunnel({ authorization: "Bearer nobody" }), undefined);
    assert.equal(await tunnel({ upgrade: "h2c" }), undefined);
    assert.equal(await tunnel({ upgrade: "websocket" }), undefined);
    assert.equal(await tunnel({ host: "git.apps.test" }), undefined);
    assert.equal(await tunnel({ origin: "https://shop.apps.test" }), undefined);
    const open = await tunnel();
    assert.ok(open !== undefined);
    // It says nothing of who asks in it.
    const nobody = await said(open, "GET /account HTTP/1.1\r\nHost: 127.0.0.1:5000\r\n\r\n", /\r\n\r\n\{/);
    assert.match(nobody, /^HTTP\/1\.1 401 /);
    const asks = `GET /account HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    assert.match(await said(open, asks, /\r\n\r\n\{/), /HTTP\/1\.1 200 /);
    open.destroy();
  }));

test("a client of Postgres is known by its account and real address", () =>
  withPublic(async ({ tunnel, databases }) => {
    const open = await tunnel();
    assert.ok(open !== undefined);
    await said(open, "\0\0\0\u0008\u0004\u00d2\u0016\u002f", /postgres/);
    assert.deepEqual(databases, ["true 198.51.100.7"]);
    open.destroy();
  }));

test("a token that is revoked holds no tunnel", () =>
  withPublic(async ({ tunnel, revoke }) => {
    const open = await tunnel();
    assert.ok(open !== undefined);
    const closed = once(open.resume(), "close");
    revoke();
    await closed;
    assert.equal(await tunnel(), undefined);
  }));
