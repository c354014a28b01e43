import assert from "node:assert/strict";
import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "node:tls";
import Docker from "dockerode";
import type { AutomaticCertificates } from "../../../services/control-plane/certificates/automatic.ts";
import { openCertificates } from "../../../services/control-plane/certificates/open.ts";
import { certificatePort } from "../../../services/control-plane/router.ts";
import { openStore } from "../../../services/control-plane/store.ts";
import { type AcmeWorld, acmeWorld } from "../../support/acme.ts";
import { watchProcesses } from "../../support/processes.ts";
import { type RouterGround, routerGround, until } from "../router/ground.ts";

let ground: RouterGround;
let acme: AcmeWorld;
const stopping = new AbortController();
const db = openStore(":memory:");
const problems: string[] = [];
const time = { later: 0 };
const declared = { hosts: [] as string[] };

before(async () => {
  ground = await routerGround();
  acme = await acmeWorld(new Docker(), { httpPort: ground.port });
  await ground.put("shop", [await ground.dyno("shop")], { hosts: ["shop.apps.test", "www.shop.test", "*.shop.test"] });
  await acme.point("dashboard.apps.test", "127.0.0.1");
});
after(async () => {
  stopping.abort();
  await acme?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
});

/** Another process of the control plane, so to say. */
function open(dns = true): AutomaticCertificates {
  const { server, authority, resolver, credentials, tools } = acme;
  return openCertificates({
    acme: {
      ...{ email: "admin@apps.test", server, authority, resolvers: [resolver] },
      ...(dns && { dns: { provider: "exec", wait: 1 } }),
    },
    credentials,
    domain: "apps.test",
    parts: ["dashboard"],
    local: false,
    apps: { list: async () => [{ name: "shop", acm: true, hosts: declared.hosts, certificates: [] }] },
    router: certificatePort(ground.socket, stopping.signal),
    db,
    folder: join(ground.directory, "acme"),
    challenges: join(ground.directory, "challenges"),
    isPublic: () => false,
    clock: () => Date.now() + time.later,
    report: (problem) => problems.push(problem),
    probePort: ground.port,
    command: tools.lego,
  }).certificates;
}

/** Ticks until something is so. */
async function ticked(certificates: AutomaticCertificates, what: string, isSo: () => boolean | Promise<boolean>) {
  await until(what, async () => {
    await certificates.tick();
    return isSo();
  });
}

async function served(servername: string): Promise<X509Certificate | undefined> {
  const socket = connect({ host: "127.0.0.1", port: ground.tlsPort, servername, rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerX509Certificate();
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

test("a name whose DNS is wrong says so, and has its certificate once that is mended, without a command", async () => {
  declared.hosts = ["www.shop.test", "a.shop.test"];
  await acme.point("www.shop.test", "203.0.113.9");
  const certificates = open();
  const reason = (host: string) => certificates.state(host)?.reason;
  const processes = watchProcesses();
  await ticked(certificates, "both have a reason", () => declared.hosts.every((host) => reason(host) != null));
  assert.equal(reason("www.shop.test"), "www.shop.test has the address 203.0.113.9, this platform has 127.0.0.1");
  assert.equal(reason("a.shop.test"), "a.shop.test has no A and no AAAA record; point it to shop.apps.test");
  await acme.point("www.shop.test", "127.0.0.1");
  // Until it is looked at again by itself.
  time.later += 20_000;
  await ticked(certificates, "it is issued", () => certificates.state("www.shop.test")?.state === "issued");
  assert.equal((await served("www.shop.test"))?.subjectAltName, "DNS:www.shop.test");

  await ticked(certificates, "the wildcard is issued", () => certificates.state("*.apps.test")?.state === "issued");
  assert.equal((await served("anything.apps.test"))?.subjectAltName, "DNS:*.apps.test");
  assert.equal(await served("a.shop.test"), undefined);
  await certificates.idle();
  assert.ok(
    !processes.stop().some((line) => line.includes(acme.credentials.EXEC_PATH ?? "?") && line.includes("lego")),
  );
  assert.deepEqual(problems, []);
  const folder = join(ground.directory, "acme");
  for (const name of await readdir(folder)) assert.equal((await stat(join(folder, name))).mode & 0o077, 0, name);
});

test("an app's own challenges still reach it", async () => {
  const { status, body } = await ground.get("www.shop.test", "/.well-known/acme-challenge/of-the-app");
  assert.deepEqual([status, body], [200, "v1"]);
});

test("another process orders nothing anew, and serves what a router has lost", async () => {
  const before = (await served("www.shop.test"))?.serialNumber;
  await ground.admin("DELETE", "/certificates/acme.www.shop.test");
  const certificates = open();
  await ticked(certificates, "it is served again", async () => (await served("www.shop.test")) !== undefined);
  await certificates.idle();
  assert.equal((await served("www.shop.test"))?.serialNumber, before);
});

test("a dozen names at once are all issued, by an authority that refuses half of the nonces", async () => {
  declared.hosts = Array.from({ length: 12 }, (_, n) => `n${n}.shop.test`);
  for (const host of declared.hosts) await acme.point(host, "127.0.0.1");
  const certificates = open();
  await ticked(certificates, "all are issued", () =>
    declared.hosts.every((host) => certificates.state(host)?.state === "issued"),
  );
  for (const host of declared.hosts) assert.deepEqual(certificates.state(host)?.failed, []);
  assert.equal((await served("n7.shop.test"))?.subjectAltName, "DNS:n7.shop.test");

  declared.hosts = [];
  certificates.notice();
  await certificates.tick();
  assert.ok((await served("n7.shop.test")) !== undefined, "a change may be taken back");
  time.later += 121_000;
  await ticked(certificates, "it is forgotten", async () => (await served("n7.shop.test")) === undefined);
  assert.equal(certificates.state("n7.shop.test"), undefined);
  const left = await readdir(join(ground.directory, "acme"), { recursive: true });
  assert.ok(!left.some((path) => path.includes("n7.shop.test")), "with its key");
});
