import assert from "node:assert/strict";
import { test } from "node:test";
import { Passwords } from "../../../../services/control-plane/accounts/passwords.ts";
import { ground, PASSWORD } from "./ground.ts";

const MINUTE = 60_000;

test("e-mail address and password give a token that is shown once, and kept as a hash", async () => {
  await using it = await ground({ passwords: new Passwords() });
  const { status, body } = await it.login(" Ada@Example.com", PASSWORD, { description: "laptop", expires_in: 3600 });
  assert.equal(status, 201);
  assert.equal(body.user.email, "ada@example.com");
  assert.equal(body.access_token.expires_in, 3600);
  const { token } = body.access_token;
  assert.match(token, /^dynoform_[\w-]{43}$/);
  const headers = { authorization: `Bearer ${token}` };
  assert.equal((await it.ask("nobody", "GET", "/account", undefined, headers)).body.email, "ada@example.com");
  const { body: list } = await it.ask("ada", "GET", "/oauth/authorizations");
  const shown = list.find(({ id }: { id: string }) => id === body.id).access_token.token;
  assert.equal(shown, `${token.slice(0, 13)}**********${token.slice(-4)}`);
});

test("wrong passwords and unknown addresses are refused alike, and cost as much", async () => {
  await using it = await ground();
  const wrong = await it.login("ada@example.com", "wrong");
  const unknown = await it.login("eve@example.com", "wrong");
  assert.equal(wrong.status, 401);
  assert.deepEqual(wrong.body, { id: "unauthorized", message: "Invalid credentials provided." });
  assert.deepEqual([unknown.status, unknown.body], [wrong.status, wrong.body]);
  assert.deepEqual(it.checks, [true, false], "one look at a password each");
});

test("an admin without a password cannot log in with any", async () => {
  await using it = await ground();
  for (const password of ["", "null", "undefined"]) {
    assert.equal((await it.login("me@example.com", password)).status, 401);
  }
});

test("an account takes 10 failed logins in 15 minutes, whether it is there or not", async () => {
  for (const email of ["ada@example.com", "eve@example.com"]) {
    await using it = await ground();
    for (let count = 0; count < 10; count++) assert.equal((await it.login(email, "wrong")).status, 401);
    const locked = await it.login(email, PASSWORD);
    assert.deepEqual([locked.status, locked.headers["retry-after"]], [429, "900"]);
    assert.deepEqual(locked.body, {
      id: "rate_limit",
      message: "Too many failed logins. Try again in 15 minutes.",
    });
    assert.equal(it.checks.length, 10, "nothing is looked at any more");
    assert.equal((await it.login("bob@example.com", PASSWORD)).status, 201, "others go on");
    assert.equal((await it.ask("ada", "GET", "/account")).status, 200, "so do tokens");
    it.pass(15 * MINUTE);
    assert.equal((await it.login(email, PASSWORD)).status, email === "ada@example.com" ? 201 : 401);
  }
});

test("many logins at once are no way around the limit, and those that work count for nothing", async () => {
  await using it = await ground();
  for (let count = 0; count < 15; count++) assert.equal((await it.login("bob@example.com", PASSWORD)).status, 201);
  const all = await Promise.all(Array.from({ length: 30 }, () => it.login("ada@example.com", "wrong")));
  assert.equal(all.filter(({ status }) => status === 401).length, 10);
  assert.equal(all.filter(({ status }) => status === 429).length, 20);
});

test("one place takes 50 failed logins, whatever the addresses", async () => {
  await using it = await ground();
  const { accounts } = it.served;
  const passed = async (from: string, email: string) =>
    accounts.logins.authenticate(email, "wrong", from, "/login").then(
      () => "in",
      (error: Error) => error.name,
    );
  for (let count = 0; count < 50; count++) {
    assert.equal(await passed("192.0.2.1", `${count}@example.com`), "WrongCredentials");
  }
  assert.equal(await passed("192.0.2.1", "ada@example.com"), "TooManyAttempts");
  assert.equal(await passed("192.0.2.2", "ada@example.com"), "WrongCredentials");
});

test("a password is changed with the present one; every browser is logged out, tokens stay", async () => {
  await using it = await ground();
  const { accounts } = it.served;
  const { cookie } = await accounts.logins.login("ada@example.com", PASSWORD, "192.0.2.1");
  assert.equal(accounts.session(cookie)?.email, "ada@example.com");
  const change = (body: object) => it.ask("ada", "PATCH", "/account", body);
  assert.equal((await change({ new_password: "another password" })).body.field, "password");
  assert.equal((await change({ password: "wrong", new_password: "another password" })).status, 401);
  assert.match((await change({ password: PASSWORD, new_password: "short" })).body.message, /at least 10 characters/);
  const planned = await it.ask("ada", "PATCH", "/account?dry_run=1", {
    password: PASSWORD,
    new_password: "planned pass",
  });
  assert.equal(planned.body.dry_run, true);
  assert.equal(accounts.session(cookie)?.email, "ada@example.com");
  assert.equal((await change({ password: PASSWORD, new_password: "another password" })).status, 200);
  assert.equal(accounts.session(cookie), undefined);
  assert.equal((await it.login("ada@example.com", PASSWORD)).status, 401);
  assert.equal((await it.login("ada@example.com", "another password")).status, 201);
});

test("a browser's session ends when it logs out, after two weeks, and by the list of sessions", async () => {
  await using it = await ground();
  const { accounts } = it.served;
  const login = async () => (await accounts.logins.login("ada@example.com", PASSWORD, "192.0.2.1")).cookie;
  const [first, second, third] = [await login(), await login(), await login()];
  accounts.logout(first);
  assert.equal(accounts.session(first), undefined);
  const { body } = await it.ask("ada", "GET", "/oauth/sessions");
  assert.deepEqual(
    body.map(({ description }: { description: string }) => description),
    ["Browser at 192.0.2.1", "Browser at 192.0.2.1"],
  );
  assert.equal((await it.ask("bob", "DELETE", `/oauth/sessions/${body[0].id}`)).status, 404);
  assert.equal((await it.ask("ada", "DELETE", "/oauth/sessions/~")).body.resource, "session");
  assert.equal((await it.ask("ada", "DELETE", `/oauth/sessions/${body[0].id}`)).status, 200);
  assert.deepEqual([second, third].map((cookie) => accounts.session(cookie) === undefined).sort(), [false, true]);
  it.pass(14 * 24 * 60 * MINUTE);
  assert.equal(accounts.session(third), undefined);
});
