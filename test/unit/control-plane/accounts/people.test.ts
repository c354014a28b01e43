import assert from "node:assert/strict";
import { test } from "node:test";
import { ground, PASSWORD } from "./ground.ts";

const DAY = 24 * 3_600_000;

test("the first admin's password is told once, to whoever holds the host", async () => {
  await using it = await ground();
  const claim = (who: "operator" | "ada") => it.ask(who, "POST", "/actions/claim-first-admin");
  assert.equal((await claim("ada")).status, 403);
  const { access_token: made } = (await it.ask("operator", "POST", "/oauth/authorizations")).body;
  const authorization = `Bearer ${made.token}`;
  const byToken = await it.ask("nobody", "POST", "/actions/claim-first-admin", undefined, { authorization });
  assert.equal(byToken.status, 403, "an admin's token is not the host");
  const [first, second] = await Promise.all([claim("operator"), claim("operator")]);
  const passwords = [first.body.password, second.body.password].filter((password) => password !== null);
  assert.equal(passwords.length, 1);
  assert.match(passwords[0], /^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
  assert.deepEqual((await claim("operator")).body, { email: "me@example.com", password: null });
  assert.equal((await it.login("me@example.com", passwords[0])).status, 201);
});

test("an invitation works once, for three days, and looking at it uses nothing up", async () => {
  await using it = await ground();
  const { accounts } = it.served;
  const invite = async (body: object) => (await it.ask("operator", "POST", "/invitations", body)).body;
  assert.equal((await it.ask("ada", "POST", "/invitations", { email: "eve@example.com" })).status, 403);
  const invited = await invite({ email: "Eve@example.com", role: "admin" });
  assert.match(invited.url, /^http:\/\/127\.0\.0\.1:\d+\/invitation\/[\w-]{43}$/);
  const secret = invited.url.split("/").at(-1);
  assert.equal(accounts.invitations.of(secret)?.email, "eve@example.com");
  await assert.rejects(accounts.logins.accept(secret, "short", ""), /at least 10 characters/);
  const login = await accounts.logins.accept(secret, "eve's own password", "192.0.2.1");
  assert.deepEqual([login?.caller.email, login?.caller.role], ["eve@example.com", "admin"]);
  assert.equal(await accounts.logins.accept(secret, "eve's own password", ""), undefined, "used up");
  assert.equal((await it.login("eve@example.com", "eve's own password")).status, 201);

  const late = (await invite({ email: "carl@example.com" })).url.split("/").at(-1);
  const newest = (await invite({ email: "carl@example.com" })).url.split("/").at(-1);
  assert.equal(await accounts.logins.accept(late, "carl's own password", ""), undefined, "only the newest holds");
  it.pass(3 * DAY);
  assert.equal(await accounts.logins.accept(newest, "carl's own password", ""), undefined, "expired");
  assert.equal(await accounts.logins.accept("x".repeat(43), "carl's own password", ""), undefined);
});

test("two at once with one link: one gets the account", async () => {
  await using it = await ground();
  const { body } = await it.ask("operator", "POST", "/invitations", { email: "eve@example.com" });
  const secret = body.url.split("/").at(-1);
  const both = await Promise.all(
    ["first password", "second password"].map((each) => it.served.accounts.logins.accept(secret, each, "")),
  );
  assert.equal(both.filter((login) => login !== undefined).length, 1);
});

test("an invitation of somebody who is there sets a new password, and makes nobody less", async () => {
  await using it = await ground();
  const { accounts } = it.served;
  const old = await accounts.logins.login("ada@example.com", PASSWORD, "");
  await it.ask("operator", "PATCH", "/users/ada@example.com", { role: "admin" });
  const { body } = await it.ask("operator", "POST", "/invitations", { email: "ada@example.com" });
  const login = await accounts.logins.accept(body.url.split("/").at(-1), "a new password", "");
  assert.equal(login?.caller.role, "admin");
  assert.equal(accounts.session(old.cookie), undefined);
  assert.equal((await it.login("ada@example.com", PASSWORD)).status, 401);
  assert.equal((await it.ask("ada", "GET", "/apps/shop")).status, 200, "it is the same account");
});

test("invitations are listed without their secrets, and revoked", async () => {
  await using it = await ground();
  const { body: made } = await it.ask("operator", "POST", "/invitations", { email: "eve@example.com" });
  const { body: list } = await it.ask("operator", "GET", "/invitations");
  assert.deepEqual([list.length, list[0].url, list[0].invited_by], [1, undefined, "me@example.com"]);
  assert.equal((await it.ask("ada", "GET", "/invitations")).status, 403);
  assert.equal((await it.ask("ada", "DELETE", `/invitations/${made.id}`)).status, 403);
  assert.equal((await it.ask("operator", "DELETE", `/invitations/${made.id}`)).status, 200);
  assert.equal(it.served.accounts.invitations.of(made.url.split("/").at(-1)), undefined);
  for (const email of ["", "eve", "e\nve@example.com", "-x@example.com", "$(id)@example.com", `${"x".repeat(65)}@a`]) {
    assert.equal((await it.ask("operator", "POST", "/invitations", { email })).status, 422, email);
  }
  assert.equal((await it.ask("operator", "POST", "/invitations", { email: "a@b.c", role: "root" })).body.field, "role");
});

test("people sign up only where the settings say so", async () => {
  await using closed = await ground();
  await assert.rejects(
    closed.served.accounts.logins.register("eve@example.com", "eve's own password", ""),
    /by invitation/,
  );
  await using open = await ground({ signUp: true });
  const { caller } = await open.served.accounts.logins.register("Eve@example.com", "eve's own password", "192.0.2.1");
  assert.deepEqual([caller.email, caller.role], ["eve@example.com", "member"]);
  await assert.rejects(open.served.accounts.logins.register("eve@example.com", "eve's own password", ""), /already/);
  assert.equal((await open.login("eve@example.com", "eve's own password")).status, 201);
});

test("admins see everybody and change roles; members only themselves; an admin always stays", async () => {
  await using it = await ground();
  const emails = (await it.ask("operator", "GET", "/users")).body.map(({ email }: { email: string }) => email);
  assert.deepEqual(emails, ["ada@example.com", "bob@example.com", "me@example.com"]);
  assert.equal((await it.ask("ada", "GET", "/users")).status, 403);
  assert.equal((await it.ask("ada", "PATCH", "/users/bob@example.com", {})).status, 404);
  // To give something to somebody whose address one knows.
  const { body: bob } = await it.ask("ada", "GET", "/users/bob@example.com");
  assert.deepEqual([bob.email, bob.name, bob.last_login], ["bob@example.com", null, null]);
  assert.equal((await it.ask("ada", "GET", `/users/${bob.id}`)).status, 404, "who it is, one has to know");
  assert.equal((await it.ask("ada", "GET", "/users/nobody@example.com")).status, 404);
  assert.equal((await it.ask("ada", "DELETE", "/users/bob@example.com")).status, 403);
  assert.equal((await it.ask("ada", "PATCH", "/account", { role: "admin" })).status, 403);
  assert.equal((await it.ask("ada", "GET", "/users/~")).body.role, "member");
  const last = await it.ask("operator", "PATCH", "/users/~", { role: "member" });
  assert.match(last.body.message, /only admin/);
  assert.equal((await it.ask("operator", "PATCH", "/users/ada@example.com", { role: "admin" })).body.role, "admin");
  assert.equal((await it.ask("ada", "GET", "/apps/blog")).status, 200);
});

test("an account has the fields that the official command line asks for, and a name that can be changed", async () => {
  await using it = await ground();
  const { body } = await it.ask("ada", "PATCH", "/account", { name: "  Ada L. " });
  assert.deepEqual([body.name, body.email, body.verified], ["Ada L.", "ada@example.com", true]);
  assert.equal((await it.ask("ada", "PATCH", "/account", { name: "a\nb" })).status, 422);
  assert.equal((await it.ask("ada", "PATCH", "/account", { email: "x@example.com" })).body.field, "email");
  assert.deepEqual((await it.ask("ada", "GET", "/account/features")).body, []);
  assert.equal((await it.ask("ada", "GET", "/account/features/x")).status, 404);
  assert.deepEqual((await it.ask("ada", "GET", "/account/keys")).body, []);
  assert.match((await it.ask("ada", "POST", "/account/keys", { public_key: "ssh-rsa" })).body.message, /HTTPS/);
});

test("a store that is lost means a new first admin, and the platform goes on", async () => {
  await using before = await ground();
  await before.ask("operator", "POST", "/actions/claim-first-admin");
  await using after = await ground();
  assert.equal((await after.ask("operator", "GET", "/apps")).status, 200);
  assert.notEqual((await after.ask("operator", "POST", "/actions/claim-first-admin")).body.password, null);
});
