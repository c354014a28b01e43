import assert from "node:assert/strict";
import { test } from "node:test";
import { certificateFor, type Pair } from "../../../support/certificate.ts";
import { serve } from "./served.ts";

const body = ({ chain, key }: Pair) => ({ certificate_chain: chain, private_key: key });

test("certificates are added, chosen for domains, updated and removed", async () => {
  await using served = await serve();
  const { ask, world } = served;
  for (const hostname of ["www.shop.test", "a.shop.test"]) {
    await ask("POST", "/apps/shop/domains", { body: { hostname, sni_endpoint: null } });
  }
  const first = await certificateFor(["www.shop.test", "*.shop.test"]);
  const added = await ask("POST", "/apps/shop/sni-endpoints", { body: body(first) });
  assert.equal(added.status, 201, JSON.stringify(added.body));
  const { name, ssl_cert: facts, domains } = added.body;
  assert.deepEqual(domains, []);
  assert.deepEqual(facts.cert_domains, ["www.shop.test", "*.shop.test"]);
  assert.deepEqual([facts["ca_signed?"], facts["self_signed?"], facts.acm], [false, true, false]);
  assert.equal(facts.subject, "/CN=dynoform test www.shop.test");
  assert.equal(world.certificateKeys.get(name), first.key);
  assert.ok(!JSON.stringify([added.body, [...world.apps.values()]]).includes("PRIVATE KEY"));

  const chosen = await ask("PATCH", "/apps/shop/domains/a.shop.test", { body: { sni_endpoint: name } });
  assert.equal(chosen.body.sni_endpoint.name, name);
  const { body: endpoint } = await ask("GET", `/apps/shop/sni-endpoints/${chosen.body.sni_endpoint.id}`);
  assert.deepEqual(endpoint.domains, [chosen.body.id]);
  const more = await ask("POST", "/apps/shop/domains", { body: { hostname: "b.shop.test", sni_endpoint: name } });
  assert.deepEqual([more.status, more.body.sni_endpoint.name], [201, name]);

  const another = await certificateFor(["a.shop.test", "b.shop.test"]);
  const updated = await ask("PATCH", `/apps/shop/sni-endpoints/${name}`, { body: body(another) });
  assert.deepEqual(updated.body.ssl_cert.cert_domains, ["a.shop.test", "b.shop.test"]);
  assert.equal(world.certificateKeys.get(name), another.key);
  const narrow = await certificateFor(["a.shop.test"]);
  const refused = await ask("PATCH", `/apps/shop/sni-endpoints/${name}`, { body: body(narrow) });
  assert.equal(refused.status, 422);
  assert.match(refused.body.message, /^b\.shop\.test is served with .*, and the certificate is for a\.shop\.test only/);

  await ask("DELETE", "/apps/shop/domains/b.shop.test");
  assert.equal((await ask("PATCH", `/apps/shop/sni-endpoints/${name}`, { body: body(narrow) })).status, 200);
  const none = await ask("PATCH", "/apps/shop/domains/a.shop.test", { body: { sni_endpoint: null } });
  assert.equal(none.body.sni_endpoint, null);
  assert.equal((await ask("DELETE", `/apps/shop/sni-endpoints/${name}`)).status, 200);
  assert.deepEqual((await ask("GET", "/apps/shop/sni-endpoints")).body, []);
  assert.equal(world.certificateKeys.size, 0);
  assert.ok(!JSON.stringify(world.changes).includes("PRIVATE KEY"));
});

test("what cannot serve says why, and changes nothing", async () => {
  // Certificates of this test are made a moment later.
  const start = Date.now() + 60_000;
  let now = start;
  await using served = await serve(() => now);
  const { ask, world } = served;
  const good = await certificateFor(["www.shop.test"]);
  const other = await certificateFor(["other.test"]);
  const add = (pair: unknown) => ask("POST", "/apps/shop/sni-endpoints", { body: pair });
  const cases: [sent: unknown, message: RegExp][] = [
    [{}, /certificate_chain is required/],
    [{ certificate_chain: good.chain }, /private_key is required/],
    [{ ...body(good), private_key: other.key }, /^The certificate does not belong to its key/],
    [{ ...body(good), certificate_chain: "x" }, /^The certificate holds no certificate/],
  ];
  for (const [sent, message] of cases) {
    const { status, body: answer } = await add(sent);
    assert.equal(status, 422);
    assert.match(answer.message, message);
  }
  now = start + 40 * 86_400_000;
  assert.match((await add(body(good))).body.message, /^The certificate ended on /);
  now = start;
  assert.deepEqual(world.changes, []);

  const added = await add(body(good));
  assert.match(String(added.headers["warning-message"]), /none of the domains of shop is one of www\.shop\.test/);
  const domain = { hostname: "shop.other.test", sni_endpoint: added.body.name };
  const wrong = await ask("POST", "/apps/shop/domains", { body: domain });
  assert.deepEqual([wrong.status, wrong.body.id], [422, "invalid_params"]);
  assert.match(wrong.body.message, /is for www\.shop\.test, and so cannot serve shop\.other\.test/);
  assert.equal(
    (await ask("PATCH", "/apps/shop/domains/shop.localhost", { body: { sni_endpoint: added.body.name } })).status,
    422,
  );
  assert.equal((await ask("GET", "/apps/blog/sni-endpoints/none")).status, 404);
});
