/** The dashboard of a platform that is reached from anywhere: one name, HTTPS alone, cookies that no app can set. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { csrfToken } from "../../../../services/control-plane/web/csrf.ts";
import { html } from "../../../../services/control-plane/web/html.ts";
import { serveSite } from "../../../../services/control-plane/web/server.ts";
import { Site } from "../../../../services/control-plane/web/site.ts";
import { ANN } from "./ground.ts";

const HOST = "dashboard.apps.test";
const COOKIE = "cookie-of-ann-0123456789";

async function withSite(work: (send: Send) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "site-"));
  const site = new Site({
    members: [
      ["GET", "/mine", ({ from, origin }) => ({ document: html`${from} at ${origin}` })],
      ["POST", "/mine", () => ({ redirect: "/mine", cookies: [{ name: "dynoform_session", value: "x", maxAge: 9 }] })],
    ],
    everybody: [["GET", "/login", () => ({ document: html`log in` })]],
    sessions: { find: (cookie) => (cookie === COOKIE ? ANN : undefined) },
    login: "/login",
    report() {},
  });
  const socketPath = join(folder, "site.sock");
  await using _server = await serveSite(socketPath, site, [], HOST);
  await work((method, path, headers, body = "") => {
    const usual = { host: HOST, "x-forwarded-proto": "https", "x-forwarded-for": "198.51.100.7" };
    return new Promise((resolve, reject) => {
      const options = { socketPath, method, path, agent: false, headers: { ...usual, ...headers } };
      request(options, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      })
        .on("error", reject)
        .end(body);
    });
  }).finally(() => rm(folder, { recursive: true, force: true }));
}

type Send = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
) => Promise<{
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}>;

test("it is served at its own name and over HTTPS alone", () =>
  withSite(async (send) => {
    assert.equal((await send("GET", "/login", {})).status, 200);
    assert.equal((await send("GET", "/login", { host: `${HOST}:8443` })).status, 200);
    const others: readonly Readonly<Record<string, string>>[] = [
      { host: "api.apps.test" },
      { host: "shop.apps.test" },
      { host: "127.0.0.1:5000" },
      { host: `${HOST}.evil.test` },
      { "x-forwarded-proto": "http" },
      { "x-forwarded-proto": "" },
    ];
    for (const wrong of others) {
      assert.equal((await send("GET", "/login", wrong)).status, 421, JSON.stringify(wrong));
    }
  }));

test("only a cookie that no app can set opens it, and it is set so", () =>
  withSite(async (send) => {
    const mine = await send("GET", "/mine", { cookie: `__Host-dynoform_session=${COOKIE}` });
    assert.deepEqual([mine.status, mine.text], [200, `198.51.100.7 at https://${HOST}`]);
    // What an app at shop.apps.test sets for all names below apps.test.
    assert.equal((await send("GET", "/mine", { cookie: `dynoform_session=${COOKIE}` })).status, 303);
    const login = await send("GET", "/login", {});
    const cookies = ([] as string[]).concat(login.headers["set-cookie"] ?? []);
    assert.equal(cookies.length, 1);
    assert.match(cookies[0] ?? "", /^__Host-dynoform_visitor=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
  }));

test("a form is taken from its own page over HTTPS, and from no other", () =>
  withSite(async (send) => {
    const post = (headers: Readonly<Record<string, string>>) =>
      send(
        "POST",
        "/mine",
        {
          cookie: `__Host-dynoform_session=${COOKIE}`,
          "content-type": "application/x-www-form-urlencoded",
          ...headers,
        },
        String(new URLSearchParams({ _csrf: csrfToken(COOKIE) })),
      );
    const done = await post({ origin: `https://${HOST}` });
    assert.equal(done.status, 303);
    assert.match(String(done.headers["set-cookie"]), /^__Host-dynoform_session=x; .*; Secure; Max-Age=9$/);
    const others: readonly Readonly<Record<string, string>>[] = [
      { origin: `http://${HOST}` },
      { origin: "https://shop.apps.test" },
      { origin: "https://api.apps.test" },
      { origin: "null" },
      { origin: `https://${HOST}`, "sec-fetch-site": "same-site" },
    ];
    for (const headers of others) {
      assert.equal((await post(headers)).status, 403, JSON.stringify(headers));
    }
  }));

test("who asks is what the router says last, whatever a client says before", () =>
  withSite(async (send) => {
    const headers = { cookie: `__Host-dynoform_session=${COOKIE}`, "x-forwarded-for": "127.0.0.1, 203.0.113.9" };
    assert.match((await send("GET", "/mine", headers)).text, /^203\.0\.113\.9 /);
  }));
