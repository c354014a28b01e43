import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, serve } from "./served.ts";

test("domains are listed, added and removed, and no two apps have one", async () => {
  await using served = await serve();
  const domains = async (app: string) =>
    (await served.ask("GET", `/apps/${app}/domains`)).body.map(({ hostname }: { hostname: string }) => hostname).sort();
  assert.deepEqual(await domains("shop"), ["shop.localhost"]);
  const added = await served.ask("POST", "/apps/shop/domains", {
    body: { hostname: "WWW.example.com", sni_endpoint: null },
  });
  assert.equal(added.status, 201);
  const { hostname, kind, cname, status, sni_endpoint } = added.body;
  assert.deepEqual(
    [hostname, kind, cname, status, sni_endpoint],
    ["www.example.com", "custom", "shop.localhost", "succeeded", null],
  );
  assert.deepEqual(await domains("shop"), ["shop.localhost", "www.example.com"]);
  for (const app of ["shop", "blog"]) {
    const again = await served.ask("POST", `/apps/${app}/domains`, { body: { hostname: "www.example.com" } });
    assert.deepEqual([again.status, again.body.message], [422, "www.example.com is currently in use by another app."]);
  }
  assert.equal((await served.ask("GET", `/apps/shop/domains/${added.body.id}`)).body.hostname, "www.example.com");
  assert.equal((await served.ask("DELETE", "/apps/blog/domains/www.example.com")).status, 404);
  assert.equal((await served.ask("DELETE", "/apps/shop/domains/shop.localhost")).status, 422);
  assert.equal((await served.ask("DELETE", "/apps/shop/domains/www.example.com")).body.hostname, "www.example.com");
  assert.deepEqual(await domains("shop"), ["shop.localhost"]);
  assert.deepEqual(
    served.world.changes.map(({ act }) => act.description),
    ["Add www.example.com domain", "Remove www.example.com domain"],
  );
});

test("what can be no domain says why", async () => {
  await using served = await serve();
  const cases: [body: unknown, message: RegExp][] = [
    [{}, /hostname is required/],
    [{ hostname: 7 }, /hostname must be a text/],
    [{ hostname: "*.example" }, /is no host name/],
    [{ hostname: "www.*.example.com" }, /is no host name/],
    [{ hostname: "*.localhost" }, /is no host name/],
    [{ hostname: "localhost" }, /is no host name/],
    [{ hostname: "a b.example.com" }, /is no host name/],
    [{ hostname: "x.example.com/../y" }, /is no host name/],
    [{ hostname: "blog.localhost" }, /Names below localhost are the platform's/],
  ];
  for (const [body, message] of cases) {
    const answer = await served.ask("POST", "/apps/shop/domains", { body });
    assert.equal(answer.status, 422, JSON.stringify(body));
    assert.match(answer.body.message, message);
  }
  const unknown = { hostname: "www.example.com", sni_endpoint: "tokyo-1050" };
  assert.equal((await served.ask("POST", "/apps/shop/domains", { body: unknown })).status, 404);
  assert.deepEqual(served.world.changes, []);
});

test("what the platform has one of, or none, is told", async () => {
  await using served = await serve();
  const get = async (path: string) => served.ask("GET", path);
  assert.deepEqual(
    (await get("/regions")).body.map(({ name }: { name: string }) => name),
    ["local"],
  );
  assert.equal((await get("/regions/local")).body.country, "Here");
  assert.equal((await get("/stacks/dynoform")).body.default, true);
  assert.equal((await get("/stacks/heroku-24")).status, 404);
  for (const path of ["/pipelines", "/teams", "/spaces", "/apps/shop/sni-endpoints", "/apps/shop/webhooks"]) {
    assert.deepEqual((await get(path)).body, [], path);
  }
  assert.equal((await get("/apps/nobody/features")).status, 404);
  const coupling = await get("/apps/shop/pipeline-couplings");
  assert.deepEqual([coupling.status, coupling.body.id], [404, "not_found"]);
  const run = await served.ask("POST", "/test-runs", { body: {} });
  assert.deepEqual([run.status, run.body.message], [404, "Test runs are not part of this platform."]);
  // Whoever asks how it is need not be known.
  const { body } = await ask(served.port, "GET", "/api/v4/current-status", undefined, {});
  assert.deepEqual(body.status, [
    { system: "Apps", status: "green" },
    { system: "Data", status: "green" },
    { system: "Tools", status: "red" },
  ]);
});

test("apps are built with one buildpack, whatever it is called", async () => {
  await using served = await serve();
  const path = "/apps/shop/buildpack-installations";
  const { body } = await served.ask("GET", path);
  assert.deepEqual(
    body.map(({ buildpack }: { buildpack: { name: string } }) => buildpack.name),
    ["heroku/python"],
  );
  const put = (...names: unknown[]) =>
    served.ask("PUT", path, { body: { updates: names.map((buildpack) => ({ buildpack })) } });
  for (const same of [[], ["heroku/python"], [body[0].buildpack.url]]) {
    assert.deepEqual((await put(...same)).body, body);
  }
  const other = await put("https://github.com/heroku/heroku-buildpack-nodejs");
  assert.equal(other.status, 422);
  assert.match(other.body.message, /is not here: apps are built with heroku\/python/);
  assert.equal((await put(7)).status, 422);
  assert.match((await ask(served.port, "GET", "/buildpacks/heroku%2Fpython", undefined, {})).body.blob_url, /python/);
  assert.equal((await ask(served.port, "GET", "/buildpacks/heroku%2Fnodejs", undefined, {})).status, 404);
});
