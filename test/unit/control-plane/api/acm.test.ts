import assert from "node:assert/strict";
import { test } from "node:test";
import { readChain } from "../../../../model/app/certificate-chain.ts";
import { certificateFor } from "../../../support/certificate.ts";
import { type Served, serve } from "./served.ts";

const STATE = { reason: null, since: Date.UTC(2026, 0, 2), failed: [], seen: null, next: 0 };

/** `shop` with domains whose certificates renew themselves. */
async function shop({ ask }: Served, ...hosts: string[]): Promise<void> {
  for (const hostname of hosts) await ask("POST", "/apps/shop/domains", { body: { hostname, sni_endpoint: null } });
  assert.equal((await ask("POST", "/apps/shop/acm", { body: {} })).body.acm, true);
}

/** What the official command line shows of each domain. */
async function shown({ ask }: Served) {
  const { body } = await ask("GET", "/apps/shop/domains");
  return Object.fromEntries(
    body.map((each: Record<string, unknown>) => [each.hostname, [each.acm_status, each.acm_status_reason]]),
  );
}

test("certificates that renew themselves are switched on, looked at anew, and switched off", async () => {
  await using served = await serve();
  const { ask, world } = served;
  const early = await ask("PATCH", "/apps/shop/acm", { body: { acm_refresh: true } });
  assert.deepEqual(
    [early.status, early.body.message],
    [422, "shop has no automatic certificates: heroku certs:auto:enable"],
  );
  await shop(served, "www.shop.test");
  assert.equal(world.apps.get("shop")?.settings?.acm, true);
  assert.equal((await ask("GET", "/apps/shop")).body.acm, true);
  assert.equal((await ask("PATCH", "/apps/shop/acm", { body: { acm_refresh: true } })).status, 200);
  assert.deepEqual(world.refreshed, ["www.shop.test"]);
  assert.equal((await ask("DELETE", "/apps/shop/acm")).body.acm, false);
  assert.equal(world.apps.get("shop")?.settings?.acm, undefined);
  assert.deepEqual(
    world.changes.map(({ act }) => act.description),
    ["Add www.shop.test domain", "Enable automatic certificates", "Disable automatic certificates"],
  );
});

test("a platform that has none says what it needs", async () => {
  await using served = await serve();
  served.world.noAutomatic = "This platform has none.";
  const { status, body } = await served.ask("POST", "/apps/shop/acm", { body: {} });
  assert.deepEqual([status, body.message], [422, "This platform has none."]);
  assert.deepEqual(served.world.changes, []);
});

test("each domain says how it stands with it, in Heroku's words", async () => {
  let now = STATE.since + 60_000;
  await using served = await serve(() => now);
  const { automatic } = served.world;
  await shop(served, "a.shop.test", "b.shop.test", "c.shop.test", "d.shop.test", "e.shop.test", "*.shop.test");
  automatic.set("a.shop.test", { ...STATE, state: "issued" });
  automatic.set("b.shop.test", { ...STATE, state: "failing", reason: "b.shop.test has no A record" });
  automatic.set("c.shop.test", { ...STATE, state: "failing", reason: "refused", failed: [1, 2, 3] });
  automatic.set("d.shop.test", { ...STATE, state: "ordering" });
  automatic.set("e.shop.test", { ...STATE, state: "waiting" });
  assert.deepEqual(await shown(served), {
    "shop.localhost": [null, null],
    "a.shop.test": ["cert issued", null],
    "b.shop.test": ["failing", "b.shop.test has no A record"],
    "c.shop.test": ["failed", "refused"],
    "d.shop.test": ["dns-verified", null],
    "e.shop.test": ["in-progress", null],
    "*.shop.test": [null, null],
  });
  now += 3_600_000;
  assert.equal((await shown(served))["b.shop.test"]?.[0], "failed");
});

test("they are one endpoint, which nobody can change or choose", async () => {
  await using served = await serve();
  const { ask, world } = served;
  await shop(served, "a.shop.test", "b.shop.test");
  for (const host of ["a.shop.test", "b.shop.test"]) {
    const { chain } = await certificateFor([host]);
    const until = readChain(chain)?.[0]?.validToDate.getTime() ?? 0;
    world.automatic.set(host, { ...STATE, state: "issued", chain, until });
  }
  const { body: endpoints } = await ask("GET", "/apps/shop/sni-endpoints");
  assert.equal(endpoints.length, 1);
  assert.deepEqual([endpoints[0].name, endpoints[0].ssl_cert.acm], ["automatic", true]);
  assert.deepEqual(endpoints[0].ssl_cert.cert_domains.toSorted(), ["a.shop.test", "b.shop.test"]);
  const { body: domain } = await ask("GET", "/apps/shop/domains/a.shop.test");
  assert.deepEqual(domain.sni_endpoint, { id: endpoints[0].id, name: "automatic" });
  assert.equal((await ask("GET", `/apps/shop/sni-endpoints/${endpoints[0].id}`)).body.name, "automatic");
  const removed = await ask("DELETE", "/apps/shop/sni-endpoints/automatic");
  assert.equal(removed.status, 422);
  assert.match(removed.body.message, /certs:auto:disable/);
  // What the command line offers to choose is none of an app's own.
  const added = await ask("POST", "/apps/shop/domains", {
    body: { hostname: "c.shop.test", sni_endpoint: "automatic" },
  });
  assert.deepEqual([added.status, added.body.sni_endpoint], [201, null]);
});

test("nobody takes names away from a wildcard of somebody else's, and no wildcard names of others", async () => {
  const others = new Set(["blog-id"]);
  await using served = await serve(undefined, undefined, { may: (_caller, app) => !others.has(app) });
  const { ask, world } = served;
  const add = (hostname: string) => ask("POST", "/apps/shop/domains", { body: { hostname } });
  const blog = world.apps.get("blog");
  world.apps.set("blog", {
    formation: {},
    config: {},
    addons: {},
    ...blog,
    settings: { hosts: ["*.a.test", "www.b.test"] },
  });
  for (const hostname of ["www.a.test", "*.b.test"]) {
    const { status, body } = await add(hostname);
    assert.deepEqual([status, body.message], [422, `${hostname} is currently in use by another app.`]);
  }
  others.clear();
  assert.equal((await add("www.a.test")).status, 201);
  assert.equal((await add("*.b.test")).status, 201);
});
