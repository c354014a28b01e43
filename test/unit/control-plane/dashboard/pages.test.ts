import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { UserError } from "../../../../lib/errors.ts";
import { certificateFor } from "../../../support/certificate.ts";
import { NOW, serveDashboard } from "./ground.ts";

/** What could run, or break out of an attribute. */
const HOSTILE = `"><img src=x onerror=alert(1)>'</textarea><script>alert(2)</script>`;

const PAGES = ["", "/resources", "/deploy", "/metrics", "/activity", "/logs", "/settings", "/releases/1"];

test("apps are listed with their states, each to those who may use it", async () => {
  await using site = await serveDashboard();
  site.states.set("blog", { word: "sleeping", dynos: 1 });
  const { body: adas } = await site.get("/apps", "ada");
  assert.match(adas, /href="\/apps\/shop"/);
  assert.match(adas, /<span class="badge rest">sleeping<\/span>/);
  assert.match(adas, /http:\/\/shop\.localhost:8080\//);
  assert.match(adas, /Create New App/);
  const { body: anns } = await site.get("/apps", "ann");
  assert.ok(!anns.includes("blog"));
  for (const page of PAGES) assert.equal((await site.get(`/apps/blog${page}`, "ann")).status, 404, page);
  assert.equal((await site.post("/apps/blog/delete", { name: "blog", confirmed: "yes" })).status, 303);
  assert.ok(site.world.apps.has("blog"), "what is somebody else's stays");
  for (const page of ["/people", "/audit"]) assert.equal((await site.get(page, "ann")).status, 404);
});

test("the list shows the last release at once, whether or not an app's page was opened", async () => {
  await using site = await serveDashboard();
  assert.match((await site.get("/apps", "ada")).body, /v1 · Deploy 1111111/);
});

test("every page of an app shows whatever was said and set as text", async (t) => {
  await using site = await serveDashboard();
  const { world } = site;
  Object.assign(world.apps.get("shop") ?? {}, { config: { GREETING: HOSTILE } });
  world.release(`Set ${HOSTILE}`, HOSTILE);
  world.log("shop", "app", "web.1", HOSTILE);
  world.dynos = [{ dyno: "web.1", type: "web", size: "free", state: HOSTILE, since: NOW, command: HOSTILE }];
  const drift = { type: HOSTILE, name: HOSTILE, path: HOSTILE, declared: HOSTILE, there: HOSTILE };
  world.drift.set("shop", { at: NOW, drift: [drift] });
  assert.match((await site.get("/apps/shop", "ann")).body, /<h2>Changed by hand<\/h2>/);
  site.activities.push({
    id: 7,
    user: HOSTILE,
    description: HOSTILE,
    startedAt: NOW - 9000,
    endedAt: NOW,
    result: "failed",
    message: HOSTILE,
    log: HOSTILE,
  });
  for (const page of [...PAGES, "/activity/7", `/logs?dyno=${encodeURIComponent(HOSTILE)}`]) {
    await t.test(page, async () => {
      const { status, body } = await site.get(`/apps/shop${page}`, "ann");
      assert.equal(status, 200);
      assert.ok(!body.includes("<img"));
      assert.ok(!body.includes("<script>"));
      assert.ok(!/<textarea[^>]*>[^<]*<\/textarea><script/.test(body));
    });
  }
  assert.deepEqual(site.problems, []);
});

test("config vars are shown when a form asks for them, and only then", async () => {
  await using site = await serveDashboard();
  const { body: hidden } = await site.get("/apps/shop/settings", "ann");
  assert.ok(hidden.includes("GREETING"));
  assert.ok(!hidden.includes("hello"));
  assert.ok(!hidden.includes("postgres://"));
  const revealed = await site.post("/apps/shop/settings", {});
  assert.equal(revealed.status, 200);
  assert.ok(revealed.body.includes("hello"));
  assert.equal(revealed.headers["cache-control"], "no-store");
});

test("each domain shows what it is served with over HTTPS", async () => {
  await using site = await serveDashboard();
  const { chain } = await certificateFor(["www.shop.test"], { days: 3650 });
  const day = new X509Certificate(chain).validToDate.toISOString().slice(0, 10);
  const shop = site.world.apps.get("shop") ?? assert.fail();
  const settings = {
    hosts: ["www.shop.test", "a.shop.test"],
    certificates: { "quiet-bay-12345": { chain, hosts: ["www.shop.test"] } },
  };
  site.world.apps.set("shop", { ...shop, settings });
  const { body } = await site.get("/apps/shop/settings", "ann");
  const card = /<section class="card" id="domains">.*?<\/section>/s.exec(body)?.[0] ?? "";
  const rows = card.matchAll(/<span class="grow">([^<]*)<\/span><span class="soft small">([^<]*)<\/span>/g);
  assert.deepEqual([...rows].map(([, host, served]) => [host, served?.replaceAll("&#39;", "'")]).sort(), [
    ["a.shop.test", "no certificate"],
    ["shop.localhost", "the platform's own authority"],
    ["www.shop.test", `certificate quiet-bay-12345, until ${day}`],
  ]);
});

test("an act shows its preview first, and is done when that is confirmed", async () => {
  await using site = await serveDashboard();
  const fields = { name: "TOKEN", value: "a\r\nb" };
  const preview = await site.post("/apps/shop/config", fields);
  assert.equal(preview.status, 200);
  assert.match(preview.body, /What this will do/);
  assert.match(preview.body, /Set TOKEN config vars/);
  assert.match(preview.body, /name="confirmed" value="yes"/);
  assert.match(preview.body, /name="value" value="a\r?\nb"/);
  assert.equal(site.world.changes.length, 0);
  assert.equal(site.world.plans.length, 1);
  const { status, headers } = await site.post("/apps/shop/config", { ...fields, confirmed: "yes" });
  assert.equal(status, 303);
  assert.match(String(headers.location), /^\/apps\/shop\/settings\?done=[\w-]+#config$/);
  assert.equal(site.world.apps.get("shop")?.config.TOKEN, "a\nb", "as it was typed");
  assert.equal(site.world.changes[0]?.act.user, "ann@example.com");
  const { body } = await site.get(String(headers.location).split("#")[0] ?? "", "ann");
  assert.match(body, /TOKEN is set\./);
  assert.ok(!(await site.get(String(headers.location).split("#")[0] ?? "", "ada")).body.includes("TOKEN is set."));
  assert.deepEqual(
    site.audited.map(({ route, dryRun, caller }) => [route, dryRun, caller?.via]),
    [
      ["/apps/:app/config-vars", true, "session"],
      ["/apps/:app/config-vars", false, "session"],
    ],
  );
});

test("what the API refuses is said, and nothing is done", async () => {
  await using site = await serveDashboard();
  const { status, body } = await site.post("/apps/shop/config", { name: "PORT", value: "1" });
  assert.equal(status, 422);
  assert.match(body, /PORT is set by the platform/);
  assert.match(body, /href="\/apps\/shop\/settings#config"/);
  assert.equal((await site.post("/apps/shop/scale", { "quantity.web": "1", "size.web": "free" })).status, 422);
  assert.equal((await site.post("/apps/shop/scale", { "quantity.web": "many" })).status, 422);
  assert.equal(site.world.changes.length, 0);
});

test("scaling asks for what differs only", async () => {
  await using site = await serveDashboard();
  const fields = { "quantity.web": "2", "size.web": "free", "quantity.worker": "0", "size.worker": "free" };
  const { headers } = await site.post("/apps/shop/scale", { ...fields, confirmed: "yes" });
  assert.match(String(headers.location), /^\/apps\/shop\/resources\?done=/);
  assert.deepEqual(site.world.apps.get("shop")?.formation, { web: { quantity: 2, size: "free" } });
});

test("an act that takes its time is followed, without a script too", async () => {
  await using site = await serveDashboard();
  const { promise, resolve } = Promise.withResolvers<void>();
  site.world.gate = promise;
  const { headers } = await site.post("/apps/shop/scale", { "quantity.web": "3", confirmed: "yes" });
  const place = String(headers.location);
  assert.match(place, /^\/progress\/[\w-]+$/);
  site.printed = " +  Service shop.web.3 creating";
  const { body } = await site.get(place, "ann");
  assert.match(body, /<noscript><meta http-equiv="refresh" content="2"><\/noscript>/);
  assert.match(body, /Service shop\.web\.3 creating/);
  assert.equal((await site.get(place, "ada")).status, 404, "it is nobody else's");
  resolve();
  let answer = await site.get(place, "ann");
  while (answer.status === 200) answer = await site.get(place, "ann");
  assert.match(String(answer.headers.location), /^\/apps\/shop\/resources\?done=/);
});

test("one that fails says why, with its log", async () => {
  await using site = await serveDashboard();
  site.world.failure = new UserError("web.1 exited 3 times");
  site.activities.push({
    id: 1,
    user: "ann@example.com",
    description: "Set A config vars",
    startedAt: NOW,
    endedAt: NOW,
    result: "failed",
    message: "web.1 exited 3 times",
    log: "ImportError: no module named hello",
  });
  const { headers } = await site.post("/apps/shop/config", { name: "A", value: "1", confirmed: "yes" });
  const { body } = await site.get(String(headers.location), "ann");
  assert.match(body, /web\.1 exited 3 times/);
  assert.match(body, /ImportError: no module named hello/);
});

test("an app is deleted only under its own name", async () => {
  await using site = await serveDashboard();
  for (const name of ["", "Shop", "shop2", "blog"]) {
    const { status, body } = await site.post("/apps/shop/delete", { name, confirmed: "yes" });
    assert.equal(status, 422);
    assert.match(body, /That is not the app's name: it is called shop\. Nothing was deleted\./);
    assert.match(body, /aria-invalid="true" aria-describedby="confirm-wrong"/);
  }
  assert.ok(site.world.apps.has("shop"));
  assert.ok(!site.audited.some(({ method }) => method === "DELETE"));
});

test("releases show what changed by name, and the older ones a way back", async () => {
  await using site = await serveDashboard();
  Object.assign(site.world.apps.get("shop") ?? {}, { config: { GREETING: "good morning", TOKEN: "s3cret" } });
  site.world.release("Set GREETING, TOKEN config vars");
  const { body } = await site.get("/apps/shop/releases/2", "ann");
  assert.match(body, /<span class="added">Changed<\/span> <code>GREETING<\/code>/);
  assert.match(body, /<span class="added">Set<\/span> <code>TOKEN<\/code>/);
  assert.match(body, /<code class="removed">1111111<\/code> → <code class="added">2222222<\/code>/);
  assert.ok(!body.includes("s3cret"));
  assert.ok(!body.includes("rollback"), "one cannot go back to where one is");
  assert.match((await site.get("/apps/shop/releases/1", "ann")).body, /action="\/apps\/shop\/releases\/1\/rollback"/);
  const preview = await site.post("/apps/shop/releases/1/rollback", {});
  assert.match(preview.body, /Rollback to v1/);
  await site.post("/apps/shop/releases/1/rollback", { confirmed: "yes" });
  assert.equal(site.world.changes[0]?.act.description, "Rollback to v1");
});

test("a log is shown and goes on as it comes", async () => {
  await using site = await serveDashboard();
  site.world.log("shop", "app", "web.1", "one");
  site.world.log("shop", "heroku", "router", "at=info");
  const { body } = await site.get("/apps/shop/logs?source=app", "ann");
  assert.match(body, /<b>app\[web\.1\]: <\/b>one/);
  assert.ok(!body.includes("at=info"));
  const [, stream = ""] = /data-log="([^"]+)"/.exec(body) ?? [];
  assert.equal(stream, "/apps/shop/logs/stream?source=app&amp;after=1");
  assert.equal((await site.get("/apps/blog/logs/stream", "ann")).status, 404);
});
