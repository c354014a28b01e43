import assert from "node:assert/strict";
import { test } from "node:test";
import { Bodies } from "../../../../services/control-plane/api/limits/body.ts";
import { csrfToken } from "../../../../services/control-plane/web/csrf.ts";
import { html } from "../../../../services/control-plane/web/html.ts";
import { form, page } from "../../../../services/control-plane/web/layout.ts";
import type { MemberRoute, PublicRoute } from "../../../../services/control-plane/web/visit.ts";
import { cookieOf, HOST, serveTestSite } from "./ground.ts";

const FORM = "application/x-www-form-urlencoded";

const members: MemberRoute[] = [
  [
    "GET",
    "/things/:thing",
    (visit) => ({
      document: page(visit, {
        title: visit.params.thing ?? "",
        main: html`<h1 title="${visit.params.thing}">${visit.params.thing}</h1>${form(visit, { action: "/things" }, html``)}`,
      }),
    }),
  ],
  ["POST", "/things", ({ form, from }) => ({ redirect: `/things/${form.get("name")}?from=${from}` })],
  [
    "GET",
    "/broken",
    () => {
      throw new Error("the password is hunter2");
    },
  ],
];
const everybody: PublicRoute[] = [
  ["GET", "/login", (visit) => ({ document: html`${form(visit, { action: "/login" }, html``)}` })],
  ["POST", "/login", ({ form }) => ({ redirect: `/?name=${form.get("name")}`, cookies: [{ name: "a", value: "b" }] })],
];

test("pages are for those who are logged in", async (t) => {
  await using site = await serveTestSite({ members, everybody });
  await t.test("others are sent to log in, and back afterwards", async () => {
    const { status, headers } = await site.get("/things/a%20b?x=1");
    assert.equal(status, 303);
    assert.equal(headers.location, `/login?${new URLSearchParams({ next: "/things/a%20b?x=1" })}`);
    assert.equal((await site.get("/nowhere")).status, 303, "nobody learns which pages there are");
    assert.equal(
      (await site.get("/things/a", undefined, { cookie: "dynoform_session=made-up-by-somebody" })).status,
      303,
    );
  });
  await t.test("what is theirs is shown, escaped, and kept by nobody", async () => {
    const hostile = `"><script>alert('x')</script>&amp;`;
    const { status, headers, body } = await site.get(`/things/${encodeURIComponent(hostile)}`, "ann");
    assert.equal(status, 200);
    assert.ok(!body.includes("<script>alert"));
    assert.ok(body.includes("&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;"));
    assert.equal(headers["cache-control"], "no-store");
  });
  await t.test("there are no inline scripts or styles, and the policy allows none", async () => {
    const { headers, body } = await site.get("/things/a", "ann");
    const policy = String(headers["content-security-policy"]);
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ]) {
      assert.ok(policy.split("; ").includes(rule), rule);
    }
    assert.ok(!/unsafe|https?:|\*/.test(policy), policy);
    assert.ok(!/ style=|<style|\son\w+="|javascript:/.test(body));
    assert.ok(!/<script(?![^>]* src="\/assets\/)/.test(body));
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["x-frame-options"], "DENY");
    assert.equal(headers["referrer-policy"], "same-origin");
  });
  await t.test("what is not there, or breaks, is said without details", async () => {
    assert.equal((await site.get("/nowhere", "ann")).status, 404);
    assert.equal((await site.get("/things", "ann")).status, 405);
    assert.equal((await site.get("/things/%", "ann")).status, 400);
    const { status, body } = await site.get("/broken?secret=1", "ann");
    assert.equal(status, 500);
    assert.ok(!body.includes("hunter2"));
    assert.equal(site.problems.length, 1);
    assert.ok(site.problems[0]?.startsWith("GET page: Error: the password"));
  });
  await t.test("files are served for good, by their version", async () => {
    const { body } = await site.get("/things/a", "ann");
    const [, style = ""] = /href="(\/assets\/[0-9a-f]{12}\/style\.css)"/.exec(body) ?? [];
    const { status, headers } = await site.get(style);
    assert.equal(status, 200);
    assert.match(String(headers["cache-control"]), /immutable/);
    assert.equal(headers["content-type"], "text/css; charset=utf-8");
    assert.equal((await site.get("/assets/000000000000/style.css")).headers["cache-control"], "no-store");
    assert.equal((await site.get("/assets/../../package.json")).status, 303);
  });
});

test("a form that does not come to its end is answered after a while", async () => {
  await using site = await serveTestSite({ members, everybody, bodies: new Bodies({ time: 50 }) });
  const own = { cookie: cookieOf("ann"), origin: `http://${HOST}`, "content-type": FORM, "content-length": "100" };
  const { status, headers, body } = await site.send("POST", "/things", own, "name=b");
  assert.deepEqual([status, headers.connection], [408, "close"]);
  assert.match(body, /A body may take 0.05 seconds at most/);
});

test("a form is taken from our own pages only", async (t) => {
  await using site = await serveTestSite({ members, everybody });
  const cookie = cookieOf("ann");
  const token = csrfToken(cookie.split("=")[1] ?? "");
  const own = { cookie, origin: `http://${HOST}`, "content-type": FORM };
  const body = `name=b&_csrf=${token}`;
  const post = (headers: Record<string, string>, text = body) => site.send("POST", "/things", headers, text);

  await t.test("with its token, from its origin", async () => {
    const { status, headers } = await post({ ...own, "x-forwarded-for": "6.6.6.6, 10.0.0.9" });
    assert.equal(status, 303);
    assert.equal(headers.location, "/things/b?from=10.0.0.9", "the router's word for the sender, not the browser's");
    assert.equal((await site.post("/things", { name: "c" })).status, 303);
  });
  for (const [what, headers, text] of [
    ["without a token", own, "name=b"],
    ["with somebody else's token", own, `name=b&_csrf=${csrfToken("another-cookie-of-theirs")}`],
    ["from an app of this platform", { ...own, origin: "http://shop.localhost:8080" }, body],
    ["from a page that hides where it is", { ...own, origin: "null" }, body],
    ["from another port", { ...own, origin: "http://dashboard.localhost:9090" }, body],
    ["without an origin", { cookie, "content-type": FORM }, body],
    ["from elsewhere, as the browser says", { ...own, "sec-fetch-site": "same-site" }, body],
  ] as const) {
    await t.test(`not ${what}`, async () => {
      const answer = await post(headers, text);
      assert.equal(answer.status, 403);
      assert.match(answer.body, /This form is out of date/);
    });
  }
  await t.test("and is nothing but a form", async () => {
    assert.equal((await post({ ...own, "content-type": "application/json" }, "{}")).status, 415);
    // Who sends more than fits in the connection comes to reading the answer.
    assert.equal((await post(own, `name=${"x".repeat(6_000_000)}`)).status, 413);
  });
  await t.test("a visitor's form is tied to a cookie too, which no script can read", async () => {
    const { headers, body: text } = await site.get("/login");
    const [set = ""] = headers["set-cookie"] ?? [];
    assert.match(set, /^dynoform_visitor=[\w-]{32}; Path=\/; HttpOnly; SameSite=Lax$/);
    const [, csrf = ""] = /name="_csrf" value="([^"]+)"/.exec(text) ?? [];
    const log = (from: Record<string, string>) =>
      site.send("POST", "/login", { origin: `http://${HOST}`, "content-type": FORM, ...from }, `name=a&_csrf=${csrf}`);
    const answer = await log({ cookie: set.split(";")[0] ?? "" });
    assert.equal(answer.status, 303);
    assert.deepEqual(answer.headers["set-cookie"], ["a=b; Path=/; HttpOnly; SameSite=Lax"]);
    assert.equal((await log({})).status, 403);
    assert.equal((await log({ cookie: "dynoform_visitor=somebody-elses-visit-1" })).status, 403);
  });
});
