import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore } from "../../../../services/control-plane/store.ts";
import { basic, ground } from "./ground.ts";

const PATH = "/oauth/authorizations";

test("tokens that are expired, revoked, rotated or malformed let nobody in", async () => {
  await using it = await ground();
  const made = (await it.ask("ada", "POST", PATH, { description: "ci", expires_in: "60" })).body;
  const { token } = made.access_token;
  const status = async (authorization: string) =>
    (await it.ask("nobody", "GET", "/account", undefined, { authorization })).status;
  assert.equal(await status(`Bearer ${token}`), 200);
  assert.equal(await status(basic("", token)), 200, "as `heroku pg:credentials` sends it");
  assert.equal(await status(basic("any", token)), 200);
  const malformed = [
    "",
    "Bearer",
    `Bearer ${token}x`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token} ${token}`,
    `Basic ${token}`,
    basic(token, ""),
    `Token ${token}`,
    "Bearer \u00ff",
    `Bearer ${"x".repeat(10_000)}`,
    `Bearer ${made.access_token.id}`,
    "Bearer ' OR 1=1 --",
  ];
  for (const authorization of malformed) assert.equal(await status(authorization), 401, authorization.slice(0, 40));

  const rotated = (await it.ask("ada", "POST", `${PATH}/${made.id}/actions/regenerate-tokens`)).body;
  assert.notEqual(rotated.access_token.token, token);
  assert.equal(await status(`Bearer ${token}`), 401, "the one before");
  assert.equal(await status(`Bearer ${rotated.access_token.token}`), 200);
  it.pass(60_000);
  assert.equal(await status(`Bearer ${rotated.access_token.token}`), 401, "expired");

  const other = (await it.ask("ada", "POST", PATH, {})).body;
  assert.equal(other.access_token.expires_in, null);
  assert.equal(
    (await it.ask("ada", "DELETE", `${PATH}/${other.id}`)).body.description,
    "Long-lived user authorization",
  );
  assert.equal(await status(`Bearer ${other.access_token.token}`), 401, "revoked");
});

test("each sees and changes only their own tokens", async () => {
  await using it = await ground();
  const { id } = (await it.ask("ada", "POST", PATH, { description: "ci" })).body;
  for (const [method, path] of [
    ["GET", `${PATH}/${id}`],
    ["PATCH", `${PATH}/${id}`],
    ["DELETE", `${PATH}/${id}`],
    ["POST", `${PATH}/${id}/actions/regenerate-tokens`],
  ] as const) {
    for (const who of ["bob", "operator"] as const) assert.equal((await it.ask(who, method, path)).status, 404, method);
  }
  const { body } = await it.ask("bob", "GET", PATH);
  assert.deepEqual(
    body.map(({ description }: { description: string }) => description),
    ["bob"],
  );
  assert.equal((await it.ask("ada", "PATCH", `${PATH}/${id}`, { description: "other" })).body.description, "other");
  assert.equal((await it.ask("ada", "GET", `${PATH}/~`)).body.resource, "authorization");
});

test("strange wishes for tokens are refused with the field", async () => {
  await using it = await ground();
  const refused = async (body: object) => (await it.ask("ada", "POST", PATH, body)).body.field;
  for (const expires_in of [0, -1, 1.5, "soon", {}]) assert.equal(await refused({ expires_in }), "expires_in");
  for (const scope of ["global", ["read"], ["global", "identity"]]) assert.equal(await refused({ scope }), "scope");
  assert.equal((await it.ask("ada", "POST", PATH, { description: "a\nb" })).status, 422);
  const planned = await it.ask("ada", "POST", `${PATH}?dry_run=1`, {});
  assert.equal(planned.body.dry_run, true);
  assert.equal((await it.ask("ada", "GET", PATH)).body.length, 1);
});

test("the operator's key makes tokens of the first admin, and the store has none of them in plain", async () => {
  const db = openStore(":memory:");
  await using it = await ground({ db });
  const { status, body } = await it.ask("operator", "POST", PATH, { description: "script" });
  assert.equal(status, 201);
  const { token } = body.access_token;
  const headers = { authorization: `Bearer ${token}` };
  assert.equal((await it.ask("nobody", "GET", "/account", undefined, headers)).body.email, "me@example.com");
  const { cookie } = await it.served.accounts.logins.login("ada@example.com", "correct horse battery", "");
  const { body: invited } = await it.ask("operator", "POST", "/invitations", { email: "eve@example.com" });
  const secrets = [token, it.tokens.ada, cookie, invited.url.split("/").at(-1), "correct horse battery"];
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const dump = JSON.stringify(tables.map(({ name }) => db.prepare(`SELECT * FROM ${String(name)}`).all()));
  assert.ok(dump.includes("ada@example.com"));
  for (const secret of secrets) assert.ok(!dump.includes(secret), secret);
});

test("a removed user's tokens hold no longer, and the user's apps are the first admin's", async () => {
  await using it = await ground();
  assert.equal((await it.ask("bob", "GET", "/apps/shop")).status, 404);
  assert.equal((await it.ask("operator", "DELETE", "/users/ada@example.com")).status, 200);
  assert.equal((await it.ask("ada", "GET", "/account")).status, 401);
  assert.equal((await it.ask("operator", "GET", "/apps/shop")).body.owner.email, "me@example.com");
});
