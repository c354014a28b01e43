import assert from "node:assert/strict";
import { test } from "node:test";
import { wantedNames } from "../../../../services/control-plane/certificates/names.ts";

const shop = {
  name: "shop",
  acm: true,
  hosts: ["www.shop.test", "own.shop.test", "*.shop.test"],
  certificates: [{ name: "own", chain: "", names: ["own.shop.test"], hosts: ["own.shop.test"] }],
};
const blog = { name: "blog", acm: false, hosts: ["blog.test"], certificates: [] };
const named = (options: { local: boolean; dns: boolean; parts?: readonly string[] }) =>
  wantedNames([shop, blog], { domain: "apps.test", parts: ["dashboard"], ...options }).map(
    ({ host, by }) => `${host} by ${by}`,
  );

test("an app's domains without a certificate of its own, and the platform's names as one wildcard", () => {
  assert.deepEqual(named({ local: false, dns: true }), [
    "*.apps.test by dns",
    "www.shop.test by http",
    "*.shop.test by dns",
  ]);
});

test("without a DNS provider the platform's names are one by one, those of apps that want it", () => {
  assert.deepEqual(named({ local: false, dns: false }).slice(0, 2), [
    "dashboard.apps.test by http",
    "shop.apps.test by http",
  ]);
});

test("names of this machine's own have the machine's own authority", () => {
  assert.deepEqual(named({ local: true, dns: false }), ["www.shop.test by http", "*.shop.test by dns"]);
});

test("a platform that is reached from anywhere has three names of its own", () => {
  const parts = ["api", "git", "dashboard"];
  assert.deepEqual(named({ local: false, dns: false, parts }).slice(0, 4), [
    "api.apps.test by http",
    "git.apps.test by http",
    "dashboard.apps.test by http",
    "shop.apps.test by http",
  ]);
  assert.equal(named({ local: false, dns: true, parts })[0], "*.apps.test by dns");
});
