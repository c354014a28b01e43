import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders, request } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { AccountsOptions } from "../../../../services/control-plane/accounts/accounts.ts";
import { accountPages } from "../../../../services/control-plane/web/accounts/pages.ts";
import { besideApi } from "../../../../services/control-plane/web/server.ts";
import { Site } from "../../../../services/control-plane/web/site.ts";
import { type Ground, ground, PASSWORD } from "./ground.ts";

interface Seen {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A browser with its cookies, before the pages as they stand beside the API. */
interface Browser extends AsyncDisposable {
  readonly it: Ground;
  readonly cookies: Map<string, string>;
  get(path: string): Promise<Seen>;
  /** Fills in the form of the page seen last. */
  post(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Seen>;
}

async function browser(wishes: Partial<AccountsOptions> = {}): Promise<Browser> {
  const it = await ground(wishes);
  const { accounts } = it.served;
  const site = new Site({
    members: [["GET", "/", ({ session }) => ({ redirect: `/home/${session.caller.email}` })]],
    everybody: accountPages(accounts),
    sessions: { find: (cookie) => accounts.session(cookie) },
    login: "/login",
    report: (problem) => it.served.problems.push(problem),
  });
  const aside = besideApi("localhost", () => site);
  const server = createServer((asked, response) => void (aside(asked, response) || response.writeHead(404).end()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const host = `dashboard.localhost:${port}`;
  const cookies = new Map<string, string>();
  let csrf = "";
  const send = (method: string, path: string, headers: Record<string, string>, body = "") =>
    new Promise<Seen>((resolve, reject) => {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const all = { host, ...(cookie !== "" && { cookie }), ...headers };
      request({ host: "127.0.0.1", port, method, path, headers: all, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => {
          for (const set of response.headers["set-cookie"] ?? []) {
            const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
            if (value === "") cookies.delete(name);
            else cookies.set(name, value);
          }
          csrf = /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? csrf;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
        });
      })
        .on("error", reject)
        .end(body);
    });
  return {
    it,
    cookies,
    get: (path) => send("GET", path, {}),
    post: (path, fields, headers = {}) =>
      send(
        "POST",
        path,
        { origin: `http://${host}`, "content-type": "application/x-www-form-urlencoded", ...headers },
        String(new URLSearchParams({ _csrf: csrf, ...fields })),
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await it[Symbol.asyncDispose]();
    },
  };
}

test("who logs in comes to where they wanted to go, and out again", async () => {
  await using at = await browser();
  const asked = await at.get("/login?next=/apps/shop");
  assert.equal(asked.status, 200);
  const wrong = await at.post("/login", { email: "ada@example.com", password: "wrong", next: "/apps/shop" });
  assert.equal(wrong.status, 401);
  assert.match(wrong.body, /role="alert".*problem with your login/s);
  assert.match(wrong.body, /value="ada@example.com"/);
  assert.ok(!wrong.body.includes('value="wrong"'));
  const right = await at.post("/login", { email: "ada@example.com", password: PASSWORD, next: "/apps/shop" });
  assert.deepEqual([right.status, right.headers.location], [303, "/apps/shop"]);
  assert.match(
    String(right.headers["set-cookie"]),
    /dynoform_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+/,
  );
  assert.equal((await at.get("/login")).status, 303, "there already");
  assert.equal((await at.get("/")).headers.location, "/home/ada@example.com");
  const session = at.cookies.get("dynoform_session") ?? "";
  await at.get(`/auth/browser/${at.it.served.accounts.browserLogins.open("x", { address: "", remote: false }).id}`);
  assert.equal((await at.post("/logout", {})).headers.location, "/login");
  assert.equal(at.cookies.has("dynoform_session"), false);
  assert.equal(at.it.served.accounts.session(session), undefined, "the cookie is worth nothing any more");
});

test("a form of another site logs nobody in, and none leads elsewhere", async () => {
  await using at = await browser();
  await at.get("/login");
  const fields = { email: "ada@example.com", password: PASSWORD };
  const elsewhere: Record<string, string>[] = [
    { origin: "http://evil.localhost:8080" },
    { "sec-fetch-site": "same-site" },
  ];
  for (const headers of elsewhere) {
    assert.equal((await at.post("/login", fields, headers)).status, 403);
  }
  assert.equal((await at.post("/login", { ...fields, _csrf: "x" })).status, 403);
  for (const next of ["//evil.example", "/\\evil.example", "http://evil.example", "/a\r\nSet-Cookie: a=b", ""]) {
    const { headers } = await at.post("/login", { ...fields, next });
    assert.equal(headers.location, "/", next);
    at.cookies.delete("dynoform_session");
    await at.get("/login");
  }
});

test("after too many failed logins the page says how long to wait", async () => {
  await using at = await browser();
  await at.get("/login");
  for (let count = 0; count < 10; count++) await at.post("/login", { email: "ada@example.com", password: "wrong" });
  const { status, body } = await at.post("/login", { email: "ada@example.com", password: PASSWORD });
  assert.equal(status, 429);
  assert.match(body, /Try again in 15 minutes/);
});

test("an invitation is accepted with a password, once", async () => {
  await using at = await browser();
  const { invitations } = at.it.served.accounts;
  const path = `/invitation/${invitations.create("eve@example.com", "member", "<me>@example.com").secret}`;
  const page = await at.get(path);
  assert.match(page.body, /&lt;me&gt;@example.com<\/strong> invites you as <strong>eve@example.com/);
  assert.equal((await at.get(path)).status, 200, "to look uses nothing up");
  const short = await at.post(path, { password: "short" });
  assert.deepEqual([short.status, /at least 10 characters/.test(short.body)], [422, true]);
  assert.equal((await at.post(path, { password: "eve's own password" })).status, 303);
  assert.equal((await at.get("/")).headers.location, "/home/eve@example.com");
  assert.equal((await at.get(path)).status, 404);
  const again = `/invitation/${invitations.create("eve@example.com", "member", "me@example.com").secret}`;
  assert.match((await at.get(again)).body, /Choose a new password/);
});

test("people sign up where that is allowed; elsewhere there is no such page", async () => {
  await using closed = await browser();
  assert.equal((await closed.get("/signup")).status, 404);
  await closed.get("/login");
  const refused = await closed.post("/signup", { email: "eve@example.com", password: "eve's own password" });
  assert.equal(refused.status, 404);
  assert.equal(closed.it.served.accounts.users.byEmail("eve@example.com"), undefined);

  await using open = await browser({ signUp: true });
  assert.match((await open.get("/login")).body, /href="\/signup"/);
  await open.get("/signup");
  const taken = await open.post("/signup", { email: "ada@example.com", password: "eve's own password" });
  assert.deepEqual([taken.status, /an account ada@example.com already/.test(taken.body)], [422, true]);
  assert.equal((await open.post("/signup", { email: "eve@example.com", password: "eve's own password" })).status, 303);
  assert.equal((await open.get("/")).headers.location, "/home/eve@example.com");
});

test("a command line is let in by who is logged in, at the API's own address too", async () => {
  await using at = await browser();
  const { accounts } = at.it.served;
  const { body } = await at.it.ask("nobody", "POST", "/auth", { description: "<b>laptop</b>" });
  const first = await at.get(body.browser_url);
  assert.equal(first.headers.location, `/login?next=${encodeURIComponent(body.browser_url)}`);
  await at.get(first.headers.location ?? "");
  await at.post("/login", { email: "ada@example.com", password: PASSWORD, next: body.browser_url });
  const page = await at.get(body.browser_url);
  const code = body.browser_url.slice("/auth/browser/".length).split("-")[0];
  assert.match(page.body, new RegExp(`&lt;b&gt;laptop&lt;/b&gt;.*ada@example.com.*${code}`, "s"));
  assert.equal((await at.post(body.browser_url, { decision: "approve", _csrf: "x" })).status, 403);
  const done = await at.post(body.browser_url, { decision: "approve" });
  assert.match(done.body, /return to your terminal/);
  const decided = await accounts.browserLogins.decision(body.cli_url.replace("/auth/cli/", ""));
  assert.equal(decided, accounts.users.byEmail("ada@example.com")?.id);
  assert.equal((await at.get("/auth/browser/none")).status, 404);
});

test("pages frame nothing, run nothing from elsewhere and are not kept", async () => {
  await using at = await browser({ signUp: true });
  for (const path of ["/login", "/signup", "/invitation/none", "/auth/browser/none"]) {
    const { headers } = await at.get(path);
    assert.match(String(headers["content-security-policy"]), /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(headers["cache-control"], "no-store");
  }
});
