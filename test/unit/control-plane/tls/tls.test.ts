import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createSecureServer, request } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect as connectSecurely, TLSSocket } from "node:tls";
import { authorityFile, ensureCertificates } from "../../../../services/control-plane/tls/certificates.ts";
import { Front } from "../../../../services/control-plane/tls/front.ts";
import { makeCertificate } from "../../../../services/control-plane/tls/openssl.ts";
import { until } from "../../../support/until.ts";

const DAY = 86_400_000;

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tls-"));
  await work(folder).finally(() => rm(folder, { recursive: true }));
}

test("the certificate is made once, for its owner alone, and again before it ends", () =>
  withFolder(async (parent) => {
    const folder = join(parent, "tls");
    const first = (await ensureCertificates(folder)).machine;
    assert.deepEqual((await ensureCertificates(folder)).machine, first);
    for (const [name, mode] of [
      ["", 0o700],
      ["ca.key", 0o600],
      ["server.key", 0o600],
      ["heroku-ca.key", 0o600],
      ["heroku.key", 0o600],
      ["ca.pem", 0o644],
      ["heroku-ca.pem", 0o644],
    ] as const) {
      assert.equal((await stat(join(folder, name))).mode & 0o777, mode, name);
    }
    const authority = await readFile(authorityFile(folder), "utf8");
    const certificate = new X509Certificate(first.cert);
    assert.match(certificate.subjectAltName ?? "", /IP Address:127\.0\.0\.1, DNS:localhost/);
    assert.ok(certificate.verify(new X509Certificate(authority).publicKey));

    const later = (await ensureCertificates(folder, () => Date.now() + 310 * DAY)).machine;
    assert.notEqual(later.cert, first.cert);
    assert.equal(await readFile(authorityFile(folder), "utf8"), authority, "nobody has to trust another");
    await ensureCertificates(folder, () => Date.now() + 3300 * DAY);
    const another = await readFile(authorityFile(folder), "utf8");
    assert.notEqual(another, authority);

    // Killed between the two files.
    await writeFile(join(folder, "ca.key"), first.key);
    const mended = (await ensureCertificates(folder)).machine;
    assert.ok(
      new X509Certificate(mended.cert).verify(new X509Certificate(await readFile(authorityFile(folder))).publicKey),
    );
  }));

/** A server that says of each request whether it came by TLS. */
async function serve(folder: string) {
  const http = createServer(({ socket }, response) => response.end(`secure: ${socket instanceof TLSSocket}`));
  const met: { secret: string; said: string }[] = [];
  const front = new Front({
    http,
    certificates: await ensureCertificates(folder),
    rendezvous(secret, socket) {
      const meeting = { secret, said: "" };
      met.push(meeting);
      socket.on("data", (data) => {
        meeting.said += data;
      });
    },
  });
  const { port } = await front.listen(0, "127.0.0.1");
  return { front, port, met, ca: await readFile(authorityFile(folder)) };
}

function ask(port: number, ca: Buffer, host = "127.0.0.1"): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, ca, agent: false }, (response) => {
      response.setEncoding("utf8").on("data", resolve);
    });
    outgoing.on("error", reject).end();
  });
}

test("one port speaks HTTP and TLS, each to whoever begins so", () =>
  withFolder(async (folder) => {
    const { front, port, ca } = await serve(folder);
    await using _front = front;
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "secure: false");
    assert.equal(await ask(port, ca), "secure: true");
    assert.equal(await ask(port, ca, "localhost"), "secure: true");
    await assert.rejects(ask(port, Buffer.from("")), /self-signed certificate|unable to/);

    // Byte by byte, a request is a request.
    const socket = connect(port, "127.0.0.1").setNoDelay(true);
    let said = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    for (const letter of "GET / HTTP/1.1\r\nHost: x\r\n\r\n") {
      socket.write(letter);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until("it is answered", async () => said.includes("secure: false"));
    socket.destroy();
  }));

test("within TLS, a first line that is a secret is a rendezvous, however it comes", () =>
  withFolder(async (folder) => {
    const { front, port, ca, met } = await serve(folder);
    await using _front = front;
    const secret = "a-Secret_of-32-characters-or-so";
    const whole = connectSecurely({ port, host: "127.0.0.1", ca }, () =>
      whole.write(`${secret}\r\nGET / HTTP/1.1\r\n`),
    );
    await until("it is met", async () => met[0]?.said === "GET / HTTP/1.1\r\n");
    const slow = connectSecurely({ port, host: "127.0.0.1", ca }).setNoDelay(true);
    for (const letter of `${secret}\r\ntyped`) {
      slow.write(letter);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until("the slow one is met", async () => met[1]?.said === "typed");
    assert.deepEqual(
      met.map((meeting) => meeting.secret),
      [secret, secret],
    );
    const request = connectSecurely({ port, host: "127.0.0.1", ca }).setNoDelay(true);
    let answered = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      answered += text;
    });
    for (const letter of "OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n") {
      request.write(letter);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until("the request is answered", async () => answered.includes("secure: true"));
    assert.equal(met.length, 2);
    for (const socket of [whole, slow, request]) socket.destroy();
  }));

test("what is no TLS and no HTTP ends its own connection only, and all end with the server", () =>
  withFolder(async (folder) => {
    const { front, port, ca } = await serve(folder);
    const ended = (data: Buffer) =>
      new Promise<void>((resolve) => {
        const socket = connect(port, "127.0.0.1", () => socket.write(data));
        socket
          .on("error", () => {})
          .on("close", () => resolve())
          .resume();
      });
    await ended(Buffer.from([0x16, 9, 9, 0, 3, 9, 9, 9]));
    await ended(Buffer.from("\0\0\0\0\r\n\r\n"));
    assert.equal(await ask(port, ca), "secure: true");
    const silent = new Promise((resolve) =>
      connect(port, "127.0.0.1")
        .on("error", () => {})
        .on("close", resolve),
    );
    const open = connectSecurely({ port, host: "127.0.0.1", ca });
    const closed = new Promise((resolve) => open.on("error", () => {}).on("close", resolve));
    await new Promise((resolve) => open.on("secureConnect", resolve));
    await front[Symbol.asyncDispose]();
    await Promise.all([silent, closed]);
  }));

test("the authority vouches for this machine only", () =>
  withFolder(async (folder) => {
    await ensureCertificates(folder);
    const other = { key: join(folder, "other.key"), certificate: join(folder, "other.pem") };
    const issuer = { key: join(folder, "ca.key"), certificate: authorityFile(folder) };
    await makeCertificate({
      ...other,
      issuer,
      name: "example.com",
      days: 2,
      settings: join(folder, "settings"),
      extensions: ["basicConstraints=critical,CA:FALSE", "subjectAltName=DNS:example.com,IP:127.0.0.1"],
    });
    const server = createSecureServer({ key: await readFile(other.key), cert: await readFile(other.certificate) });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await assert.rejects(ask(port, await readFile(issuer.certificate)), /permitted subtree violation/);
    server.closeAllConnections();
    server.close();
  }));
