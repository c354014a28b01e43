import assert from "node:assert/strict";
import { test } from "node:test";
import { AutomaticCertificates } from "../../../../services/control-plane/certificates/automatic.ts";
import { AuthorityAway } from "../../../../services/control-plane/certificates/directory.ts";
import { type Issued, OrderFailed } from "../../../../services/control-plane/certificates/lego.ts";
import type { WantedName } from "../../../../services/control-plane/certificates/names.ts";
import { NameStore } from "../../../../services/control-plane/certificates/store.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import type { WantedCertificate } from "../../../../services/router-client/client.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A platform whose DNS, authority and router are in memory, and whose clock is moved. */
class Ground {
  now = Date.UTC(2026, 0, 1);
  names: string[] = [];
  /** What our own check finds, by host. */
  readonly dns = new Map<string, string>();
  away = false;
  refusal: OrderFailed | undefined;
  readonly orders: { readonly host: string; readonly at: number }[] = [];
  renewals = 0;
  readonly files = new Map<string, Issued>();
  readonly shelf = new Map<string, WantedCertificate>();
  readonly problems: string[] = [];
  /** Awaited by each order. */
  gate: Promise<void> = Promise.resolve();
  readonly db = openStore(":memory:");

  issue(host: string): void {
    const chain = `chain of ${host} ${this.now}`;
    this.files.set(host, { chain, key: "key", from: this.now, until: this.now + 90 * DAY });
  }

  open(): AutomaticCertificates {
    let changes = 0;
    const order = async (host: string) => {
      this.orders.push({ host, at: this.now });
      await this.gate;
      if (this.refusal !== undefined) throw this.refusal;
      this.issue(host);
    };
    return new AutomaticCertificates({
      store: new NameStore(this.db),
      client: {
        open: async () => {},
        certificate: async (host) => this.files.get(host),
        order: ({ host }) => order(host),
        renew: async ({ host }) => {
          this.renewals++;
          const { from = 0, until = 0 } = this.files.get(host) ?? {};
          if (until - this.now < (until - from) / 3) await order(host);
        },
        remove: async (host) => void this.files.delete(host),
      },
      authority: {
        doubt: () => {},
        directory: async () => {
          if (this.away) throw new AuthorityAway("the authority does not answer");
          return { identities: [] };
        },
      },
      router: {
        revision: async () => ({ routes: 0, certificates: changes }),
        list: async () => [...this.shelf].map(([name, { hosts, chain }]) => ({ name, hosts, chain })),
        put: async (name, certificate) => {
          changes++;
          this.shelf.set(name, certificate);
        },
        remove: async (name) => {
          changes++;
          this.shelf.delete(name);
        },
      },
      wanted: async () =>
        this.names.map((host): WantedName => ({ host, app: "shop", by: "http", target: "shop.test" })),
      check: async ({ host }) => ({ problem: this.dns.get(host), seen: this.dns.get(host) ?? "good" }),
      clock: () => this.now,
      random: () => 0.123_456_789,
      report: (problem) => this.problems.push(problem),
    });
  }

  /** Lets time pass, a tick every ten seconds. */
  async pass(certificates: AutomaticCertificates, milliseconds: number, step = 10_000): Promise<void> {
    for (const end = this.now + milliseconds; this.now <= end; this.now += step) {
      await certificates.tick();
      await certificates.idle();
    }
  }
}

test("nothing is ordered before the own check passes, and then by itself", async () => {
  const ground = new Ground();
  ground.names = ["www.shop.test"];
  ground.dns.set("www.shop.test", "it leads elsewhere");
  const certificates = ground.open();
  await ground.pass(certificates, 2 * HOUR);
  assert.deepEqual(ground.orders, []);
  const { state, reason } = certificates.state("www.shop.test") ?? {};
  assert.deepEqual([state, reason], ["failing", "it leads elsewhere"]);
  ground.dns.clear();
  await ground.pass(certificates, MINUTE);
  assert.equal(certificates.state("www.shop.test")?.state, "issued");
  assert.deepEqual([...ground.shelf.keys()], ["acme.www.shop.test"]);
  await ground.pass(certificates, 30 * DAY, HOUR);
  assert.equal(ground.orders.length, 1);
  assert.ok(ground.renewals > 100 && ground.renewals < 160, `${ground.renewals} questions of renewal`);
});

test("an authority that refuses is asked less and less, never five times an hour, and at once when DNS changes", async () => {
  const ground = new Ground();
  ground.names = ["www.shop.test"];
  ground.refusal = new OrderFailed("the authority refuses (unauthorized): no", { counted: true });
  const certificates = ground.open();
  await ground.pass(certificates, 5 * HOUR);
  for (const { at } of ground.orders) {
    assert.ok(ground.orders.filter((each) => each.at >= at && each.at < at + HOUR).length <= 5);
  }
  assert.ok(ground.orders.length >= 6 && ground.orders.length <= 12, `${ground.orders.length} orders`);
  assert.equal(certificates.state("www.shop.test")?.reason, "the authority refuses (unauthorized): no");
  // Another control plane begins where this one ended.
  const before = ground.orders.length;
  const next = ground.open();
  await ground.pass(next, MINUTE);
  assert.equal(ground.orders.length, before);
  ground.refusal = undefined;
  ground.dns.set("www.shop.test", "it leads elsewhere");
  await ground.pass(next, MINUTE);
  ground.dns.clear();
  next.refresh(["www.shop.test"]);
  await ground.pass(next, MINUTE);
  assert.equal(next.state("www.shop.test")?.state, "issued");
});

test("an authority's own limit is waited for as long as it says", async () => {
  const ground = new Ground();
  ground.names = ["www.shop.test"];
  const notBefore = ground.now + 3 * HOUR;
  ground.refusal = new OrderFailed("the authority refuses (rateLimited): too many", { counted: false, notBefore });
  const certificates = ground.open();
  await ground.pass(certificates, 2 * HOUR + 50 * MINUTE);
  assert.equal(ground.orders.length, 1);
  ground.refusal = undefined;
  await ground.pass(certificates, 15 * MINUTE);
  assert.equal(certificates.state("www.shop.test")?.state, "issued");
});

test("it is renewed at a third of its life; while the authority is away it serves, retries and says so", async () => {
  const ground = new Ground();
  ground.names = ["www.shop.test"];
  const certificates = ground.open();
  await ground.pass(certificates, MINUTE);
  const first = ground.shelf.get("acme.www.shop.test")?.chain;
  ground.away = true;
  await ground.pass(certificates, 59 * DAY, HOUR);
  assert.equal(certificates.state("www.shop.test")?.reason, null, "nobody is told of what does not matter yet");
  await ground.pass(certificates, 5 * DAY, HOUR);
  const { state, reason } = certificates.state("www.shop.test") ?? {};
  assert.deepEqual([state, reason], ["issued", "the authority does not answer"]);
  assert.equal(ground.shelf.get("acme.www.shop.test")?.chain, first);
  ground.away = false;
  await ground.pass(certificates, MINUTE);
  assert.notEqual(ground.shelf.get("acme.www.shop.test")?.chain, first);
  assert.equal(certificates.state("www.shop.test")?.reason, null);
  assert.equal(ground.orders.length, 2);
});

test("one that was killed while it ordered counts that as a failure, and takes over what came of it", async () => {
  const ground = new Ground();
  ground.names = ["www.shop.test", "b.shop.test"];
  ground.gate = new Promise(() => {});
  const killed = ground.open();
  await killed.tick();
  while (ground.orders.length < 2) await new Promise((resolve) => setImmediate(resolve));
  ground.gate = Promise.resolve();
  ground.issue("www.shop.test");
  const next = ground.open();
  await ground.pass(next, 30_000);
  assert.equal(ground.orders.length, 2, "what has come is not ordered again, and the rest after a minute");
  assert.equal(next.state("www.shop.test")?.state, "issued");
  await ground.pass(next, 2 * MINUTE);
  assert.deepEqual(ground.orders.map(({ host }) => host).toSorted(), ["b.shop.test", "b.shop.test", "www.shop.test"]);
});

test("a name that is removed is forgotten with its certificate, unless that is taken back", async () => {
  const ground = new Ground();
  ground.names = ["www.shop.test", "*.shop.test"];
  const certificates = ground.open();
  await ground.pass(certificates, MINUTE);
  assert.deepEqual([...ground.shelf.keys()].toSorted(), ["acme-wild.shop.test", "acme.www.shop.test"]);
  ground.names = [];
  await ground.pass(certificates, MINUTE);
  ground.names = ["www.shop.test"];
  await ground.pass(certificates, 3 * MINUTE);
  assert.deepEqual([...ground.shelf.keys()], ["acme.www.shop.test"]);
  assert.deepEqual([...ground.files.keys()], ["www.shop.test"]);
  assert.equal(ground.orders.length, 2);
  // A router's leftovers of one that was killed before it could take them away.
  ground.shelf.set("acme.gone.test", { hosts: ["gone.test"], chain: "", key: "" });
  ground.names = [];
  await ground.pass(ground.open(), 3 * MINUTE);
  assert.deepEqual([[...ground.shelf.keys()], ground.orders.length], [[], 2]);
});

test("a router that has lost its certificates is given them again", async () => {
  const ground = new Ground();
  ground.names = ["www.shop.test"];
  await ground.pass(ground.open(), MINUTE);
  ground.shelf.clear();
  await ground.pass(ground.open(), MINUTE);
  assert.deepEqual([...ground.shelf.keys()], ["acme.www.shop.test"]);
  assert.deepEqual(ground.problems, []);
});
