import assert from "node:assert/strict";
import { test } from "node:test";
import { BrowserLogins } from "../../../../services/control-plane/accounts/browser-logins.ts";
import { ask } from "../api/served.ts";
import { ground } from "./ground.ts";

test("a command line waits until somebody lets it in, and gets a token of theirs once", async () => {
  await using it = await ground();
  const { accounts, port } = it.served;
  const { status, body } = await it.ask("nobody", "POST", "/auth", { description: "Heroku CLI login from laptop" });
  assert.equal(status, 201);
  const id = body.cli_url.replace("/auth/cli/", "");
  assert.equal(body.browser_url, `/auth/browser/${id}`);
  const asked = accounts.browserLogins.look(id);
  assert.equal(asked?.description, "Heroku CLI login from laptop");
  assert.ok(asked !== undefined && id.startsWith(`${asked.code}-`));

  const wait = (token: string) => ask(port, "GET", body.cli_url, undefined, { authorization: `Bearer ${token}` });
  assert.equal((await wait("wrong")).status, 404);
  assert.equal((await ask(port, "GET", body.cli_url, undefined, {})).status, 401);
  const both = Promise.all([wait(body.token), wait(body.token)]);
  assert.equal(accounts.browserLogins.decide(id, accounts.users.byEmail("ada@example.com")?.id), true);
  const answers = (await both).map((answer) => answer.body);
  const [{ access_token: token }] = answers.filter(({ access_token }) => access_token !== undefined);
  assert.equal(answers.filter(({ access_token }) => access_token === undefined).length, 1, "once");
  const account = await it.ask("nobody", "GET", "/account", undefined, { authorization: `Bearer ${token}` });
  assert.equal(account.body.email, "ada@example.com");
  assert.equal((await wait(body.token)).status, 404, "over");
  const { body: log } = await it.ask("operator", "GET", "/audit");
  assert.deepEqual([log[0].path, log[0].user.email], ["/auth/cli/:login", "ada@example.com"]);
});

test("who is refused hears it, and what a command line says of itself is shown in one line", async () => {
  await using it = await ground();
  const { accounts, port } = it.served;
  const { body } = await it.ask("nobody", "POST", "/auth", { description: `a\n\u001b[31m${"x".repeat(300)}` });
  const id = body.cli_url.replace("/auth/cli/", "");
  assert.match(accounts.browserLogins.look(id)?.description ?? "", /^a {2}\[31mx{193}$/);
  accounts.browserLogins.decide(id, undefined);
  const answer = await ask(port, "GET", body.cli_url, undefined, { authorization: `Bearer ${body.token}` });
  assert.match(answer.body.error, /refused/);
});

test("only so many command lines wait at a time", async () => {
  await using it = await ground();
  for (let count = 0; count < 100; count++) assert.equal((await it.ask("nobody", "POST", "/auth", {})).status, 201);
  assert.match((await it.ask("nobody", "POST", "/auth", {})).body.message, /Too many logins/);
});

test("who comes from anywhere can take the places neither of others there nor of this machine", () => {
  const logins = new BrowserLogins();
  const from = (address: string) => () => logins.open("x", { address, remote: true });
  for (let count = 0; count < 10; count++) from("203.0.113.9")();
  assert.throws(from("203.0.113.9"), /Too many logins/);
  for (let host = 1; host <= 90; host++) from(`198.51.100.${host}`)();
  assert.throws(from("192.0.2.1"), /Too many logins/);
  assert.notEqual(logins.open("x", { address: "203.0.113.9", remote: false }).id, "");
});
