import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type CertificatePort, LocalCertificates } from "../../../../services/control-plane/certificates/local.ts";
import { authority, ensureCertificates } from "../../../../services/control-plane/tls/certificates.ts";
import type { WantedCertificate } from "../../../../services/router-client/client.ts";

const DAY = 86_400_000;

/** A router's certificates, in memory. */
class FakeRouter implements CertificatePort {
  readonly hosts = new Set<string>();
  readonly certificates = new Map<string, WantedCertificate>();
  looks = 0;
  #changes = 0;

  route(...hosts: string[]): void {
    for (const host of hosts) this.hosts.add(host);
    this.#changes++;
  }
  forget(host: string): void {
    this.hosts.delete(host);
    this.#changes++;
  }
  async revision() {
    return { routes: this.#changes, certificates: this.certificates.size };
  }
  async apps() {
    return [...this.hosts].map((host) => ({ hosts: [host] }));
  }
  async list() {
    this.looks++;
    return [...this.certificates].map(([name, { hosts, chain }]) => ({ name, hosts, chain }));
  }
  async put(name: string, certificate: WantedCertificate) {
    this.certificates.set(name, certificate);
  }
  async remove(name: string) {
    this.certificates.delete(name);
  }
  get names(): string[] {
    return [...this.certificates.keys()].sort();
  }
}

async function ground(work: (router: FakeRouter, at: { now: number }, folder: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), "local-certificates-"));
  try {
    await ensureCertificates(folder);
    await work(new FakeRouter(), { now: Date.now() }, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function local(
  router: FakeRouter,
  at: { now: number },
  folder: string,
  domain = "localhost",
  parts: readonly string[] = ["dashboard"],
): LocalCertificates {
  return new LocalCertificates({ router, domain, parts, folder, clock: () => at.now });
}

test("each name below the domain has a certificate of its own, as long as it is routed", () =>
  ground(async (router, at, folder) => {
    const certificates = local(router, at, folder);
    router.route("hello.localhost", "www.shop.example");
    await certificates.tick();
    assert.deepEqual(router.names, ["local.dashboard.localhost", "local.hello.localhost"]);
    const { chain = "", hosts } = router.certificates.get("local.hello.localhost") ?? {};
    const read = new X509Certificate(chain);
    assert.deepEqual([hosts, read.subjectAltName], [["hello.localhost"], "DNS:hello.localhost"]);
    assert.ok(read.verify(new X509Certificate(await authority(folder)).publicKey));

    router.route("other.localhost");
    router.forget("hello.localhost");
    await certificates.tick();
    assert.deepEqual(router.names, ["local.dashboard.localhost", "local.other.localhost"]);
  }));

test("a router without changes is not looked at, one that lost its folder is", () =>
  ground(async (router, at, folder) => {
    const certificates = local(router, at, folder);
    router.route("hello.localhost");
    for (let n = 0; n < 3; n++) await certificates.tick();
    const { looks } = router;
    await certificates.tick();
    assert.equal(router.looks, looks);
    router.certificates.clear();
    await certificates.tick();
    assert.equal(router.names.length, 2);
  }));

test("another process of the control plane makes none anew, until they end soon or the authority is another", () =>
  ground(async (router, at, folder) => {
    router.route("hello.localhost");
    await local(router, at, folder).tick();
    const chain = () => router.certificates.get("local.hello.localhost")?.chain;
    const first = chain();
    const again = local(router, at, folder);
    await again.tick();
    assert.equal(chain(), first);
    at.now += 310 * DAY;
    await again.tick();
    const second = chain();
    assert.notEqual(second, first);
    at.now -= 310 * DAY;
    await ensureCertificates(folder, () => Date.now() + 3300 * DAY);
    await local(router, at, folder).tick();
    assert.notEqual(chain(), second);
    assert.ok(new X509Certificate(chain() ?? "").verify(new X509Certificate(await authority(folder)).publicKey));
  }));

test("a name that can have none keeps no other from its certificate, and is tried again", () =>
  ground(async (router, at, folder) => {
    const refused = `${"x".repeat(70)}.localhost`;
    const put = router.put.bind(router);
    router.put = async (name, certificate) => {
      if (name === `local.${refused}`) throw new Error("not this one");
      await put(name, certificate);
    };
    router.route(refused, "hello.localhost");
    const certificates = local(router, at, folder);
    await assert.rejects(certificates.tick(), /not this one/);
    assert.deepEqual(router.names, ["local.dashboard.localhost", "local.hello.localhost"]);
    router.put = put;
    await certificates.tick();
    assert.ok(router.certificates.has(`local.${refused}`));
  }));

test("uploaded certificates are none of these", () =>
  ground(async (router, at, folder) => {
    await router.put("app.shop.one", { hosts: ["www.shop.example"], chain: "somebody's", key: "" });
    await local(router, at, folder, "apps.localhost").tick();
    assert.deepEqual(router.names, ["app.shop.one", "local.dashboard.apps.localhost"]);
  }));

test("a platform that is reached from anywhere has a certificate for each of its names", () =>
  ground(async (router, at, folder) => {
    await local(router, at, folder, "localhost", ["api", "git", "dashboard"]).tick();
    assert.deepEqual(router.names, ["local.api.localhost", "local.dashboard.localhost", "local.git.localhost"]);
    await local(router, at, folder).tick();
    assert.deepEqual(router.names, ["local.dashboard.localhost"]);
  }));
