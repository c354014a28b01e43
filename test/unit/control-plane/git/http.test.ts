import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { request as ask, type ClientRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { pktLine, readPktLines } from "../../../../services/control-plane/git/pkt-line.ts";
import { until } from "../../../support/until.ts";
import { basic, type GitGround, gitGround, TOKEN } from "./ground.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** Sends a path as it is, in plain. */
function send({ port }: GitGround, path: string, { method = "GET", headers = {}, body }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const authorization = basic(TOKEN);
    const outgoing: ClientRequest = ask(
      { host: "127.0.0.1", port, path, method, agent: false, headers: { authorization, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString("latin1"),
          }),
        );
      },
    );
    outgoing.on("error", reject).end(body);
  });
}

test("only who has the token comes in, and the rest is told how", async () => {
  await using ground = await gitGround(async () => {});
  const path = "/shop.git/info/refs?service=git-receive-pack";
  for (const authorization of ["", "Basic", basic("wrong"), basic(""), `Bearer ${TOKEN}x`]) {
    const { status, headers } = await send(ground, path, { headers: { authorization } });
    assert.equal(status, 401, authorization);
    assert.equal(headers["www-authenticate"], 'Basic realm="Dynoform"');
  }
  // Who is not let in does not learn which apps there are.
  assert.equal((await send(ground, path.replace("shop", "none"), { headers: { authorization: "" } })).status, 401);
  const { status, headers, body } = await send(ground, path);
  assert.equal(status, 200);
  assert.equal(headers["content-type"], "application/x-git-receive-pack-advertisement");
  assert.match(body, /^001f# service=git-receive-pack\n0000/);
  assert.equal((await send(ground, "/apps", { headers: { authorization: `Bearer ${TOKEN}` } })).status, 200);
  await ground.commit("run.py", "1");
  const wrong = await ground.git("-c", "credential.helper=", "push", ground.url.replace("//", "//x:wrong@"), "main");
  assert.match(wrong.output, /Authentication failed|could not read/);
});

test("names and paths lead nowhere but to apps", async () => {
  await using ground = await gitGround(async () => {});
  await writeFile(join(ground.folder, "token.git"), "");
  for (const name of [
    "none",
    "SHOP",
    "..",
    "../git/shop-id",
    "%2e%2e",
    "shop%2f..",
    "-c",
    "--help",
    "shop-id",
    "a".repeat(300),
    "shop%00",
    ";id",
    "$(id)",
  ]) {
    const answer = await send(ground, `/${name}.git/info/refs?service=git-upload-pack`);
    assert.ok([400, 404].includes(answer.status), `${name}: ${answer.status}`);
    const post = await send(ground, `/${name}.git/git-receive-pack`, { method: "POST", body: "0000" });
    assert.ok([400, 404].includes(post.status), `${name}: ${post.status}`);
  }
  for (const path of [
    "",
    "/",
    "/HEAD",
    "/config",
    "/objects/info/packs",
    "/../config",
    "/info/refs",
    "/info/refs?service=git-shell",
    "/info/refs?service=git-upload-pack&x=1",
    "/git-receive-pack/..",
    "/git-upload-archive",
  ]) {
    assert.equal((await send(ground, `/shop.git${path}`)).status, 404, path);
  }
  assert.equal((await send(ground, "/shop.git/git-receive-pack")).status, 405);
  assert.equal((await send(ground, "/shop.git/info/refs?service=git-upload-pack", { method: "PUT" })).status, 405);
  await ground.commit("run.py", "1");
  assert.match((await ground.git("push", ground.url.replace("shop", "none"), "HEAD:main")).output, /not found|no app/);
  assert.deepEqual(
    await readdir(join(ground.folder)).then((names) => names.includes("git")),
    false,
    "nothing was made",
  );
});

test("bodies may be compressed and come in pieces", async () => {
  await using ground = await gitGround(async () => {});
  const commit = await ground.commit("run.py", "1");
  await ground.git("push", "heroku", "main");
  const want = `${pktLine(`want ${commit} no-progress\n`)}0000${pktLine("done\n")}`;
  const type = { "content-type": "application/x-git-upload-pack-request" };
  const path = "/shop.git/git-upload-pack";
  const whole = await send(ground, path, { method: "POST", headers: type, body: want });
  assert.match(whole.body, /^0008NAK\nPACK/);
  const compressed = { ...type, "content-encoding": "gzip" };
  assert.equal(
    (await send(ground, path, { method: "POST", headers: compressed, body: gzipSync(want) })).body,
    whole.body,
  );
  const pieces = { ...type, "transfer-encoding": "chunked" };
  assert.equal((await send(ground, path, { method: "POST", headers: pieces, body: want })).body, whole.body);
  const strange = await send(ground, path, { method: "POST", headers: { "content-type": "text/plain" }, body: want });
  assert.equal(strange.status, 415);
});

const HEAD = `POST /shop.git/git-receive-pack HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${basic(TOKEN)}\r\nContent-Type: application/x-git-receive-pack-request\r\nContent-Length: 100000\r\n\r\n`;

test("clients that leave before Git has begun take nobody's place", async () => {
  await using ground = await gitGround(async () => {});
  // As many as are served at a time.
  for (let n = 0; n < 16; n++) {
    const socket = connect(ground.port, "127.0.0.1");
    await new Promise((resolve) => socket.write(`${HEAD}0000`, resolve));
    socket.destroy();
  }
  await ground.commit("run.py", "1");
  const { code, output } = await ground.git("push", "heroku", "main");
  assert.equal(code, 0, output);
});

test("a push that breaks off leaves nothing, and the next one goes through", async () => {
  await using ground = await gitGround(async () => {});
  const socket = connect(ground.port, "127.0.0.1");
  const zero = "0".repeat(40);
  socket.write(`${HEAD}${pktLine(`${zero} ${"1".repeat(40)} refs/heads/main\0report-status side-band-64k`)}0000PACK`);
  await new Promise((resolve) => setTimeout(resolve, 200));
  socket.destroy();
  await until("Git has ended", async () =>
    (await readdir(join(ground.bare, "objects"))).every((name) => !name.startsWith("tmp_objdir")),
  );
  await ground.commit("run.py", "1");
  const { code, output } = await ground.git("push", "heroku", "main");
  assert.equal(code, 0, output);
});

test("the hook's socket takes nobody without the secret of a push", async () => {
  await using ground = await gitGround(async () => {});
  for (const authorization of ["", "Bearer ", "Bearer wrong"]) {
    const status = await new Promise((resolve, reject) => {
      ask({ socketPath: join(ground.folder, "push.sock"), method: "POST", path: "/push", headers: { authorization } })
        .on("response", ({ statusCode }) => resolve(statusCode))
        .on("error", reject)
        .end("[]");
    });
    assert.equal(status, 403);
  }
});

test("lines of Git's protocol, however they are cut", async () => {
  const text = `${pktLine("one\n")}${pktLine("zwei ä")}0000${pktLine("three")}`;
  for (const size of [1, 3, 1000]) {
    const bytes = Buffer.from(text);
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    );
    const lines: (string | undefined)[] = [];
    for await (const line of readPktLines(Readable.from(pieces))) lines.push(line);
    assert.deepEqual(lines, ["one\n", "zwei ä", undefined, "three"]);
  }
});
