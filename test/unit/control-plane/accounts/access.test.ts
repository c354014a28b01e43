import assert from "node:assert/strict";
import { test } from "node:test";
import { ground } from "./ground.ts";

const PATH = "/apps/shop/collaborators";

test("another user's app is not there, whatever is asked of it", async () => {
  await using it = await ground();
  const asked = [
    ["GET", "/apps/shop"],
    ["GET", "/apps/shop/config-vars"],
    ["PATCH", "/apps/shop/config-vars"],
    ["GET", PATH],
    ["POST", PATH],
    ["DELETE", `${PATH}/ada@example.com`],
    ["GET", "/apps/shop/audit"],
    ["DELETE", "/apps/shop/dynos"],
  ] as const;
  for (const [method, path] of asked) {
    const there = await it.ask("bob", method, path, { user: "bob@example.com" });
    const none = await it.ask("bob", method, path.replace("shop", "none"), { user: "bob@example.com" });
    assert.equal(there.status, 404, path);
    assert.deepEqual(there.body, none.body, path);
  }
  const transfer = { app: "shop", recipient: "bob@example.com" };
  assert.equal((await it.ask("bob", "POST", "/account/app-transfers", transfer)).status, 404);
  assert.deepEqual((await it.ask("bob", "GET", "/apps")).body, []);
  const apps = async (who: "ada" | "operator") =>
    (await it.ask(who, "GET", "/apps")).body.map(({ name }: { name: string }) => name);
  assert.deepEqual(await apps("ada"), ["shop"]);
  assert.deepEqual(await apps("operator"), ["shop", "blog"]);
});

test("a collaborator uses the app, and neither shares nor gives it away", async () => {
  await using it = await ground();
  const added = await it.ask("ada", "POST", PATH, { user: "Bob@example.com" });
  assert.equal(added.status, 201);
  assert.equal(added.body.user.email, "bob@example.com");
  assert.deepEqual(
    (await it.ask("bob", "GET", PATH)).body.map((each: { role: string; user: { email: string } }) => [
      each.user.email,
      each.role,
    ]),
    [
      ["ada@example.com", "owner"],
      ["bob@example.com", "collaborator"],
    ],
  );
  const vars = await it.ask("bob", "PATCH", "/apps/shop/config-vars", { A: "1" });
  assert.equal(vars.status, 200);
  assert.ok(it.served.world.said("shop").includes("app[api]: Set A config vars by user bob@example.com"));
  assert.equal(it.served.world.changes.at(-1)?.act.user, "bob@example.com");
  for (const [method, path] of [
    ["POST", PATH],
    ["DELETE", `${PATH}/ada@example.com`],
    ["GET", "/apps/shop/audit"],
  ] as const) {
    assert.equal((await it.ask("bob", method, path, { user: "me@example.com" })).status, 403, path);
  }
  assert.equal((await it.ask("bob", "DELETE", `${PATH}/bob@example.com`)).status, 200, "everybody may leave");
  assert.equal((await it.ask("bob", "GET", "/apps/shop")).status, 404);
});

test("who is added and removed must be there, once", async () => {
  await using it = await ground();
  const add = (user: string, query = "") => it.ask("ada", "POST", `${PATH}${query}`, { user });
  const unknown = await add("eve@example.com");
  assert.equal(unknown.status, 404);
  assert.match(unknown.body.message, /no user eve@example.com here.*npx dynoform invite/);
  assert.equal((await add("ada@example.com")).body.message, "ada@example.com owns shop.");
  assert.equal((await add("bob@example.com", "?dry_run=1")).body.description, "Add collaborator bob@example.com");
  assert.equal((await it.ask("bob", "GET", "/apps/shop")).status, 404, "only planned");
  const { body } = await add("bob@example.com");
  assert.equal((await add("bob@example.com")).status, 422);
  assert.equal((await it.ask("ada", "GET", `${PATH}/${body.id}`)).body.user.email, "bob@example.com");
  assert.equal((await it.ask("operator", "DELETE", `${PATH}/bob%40example.com`)).status, 200);
  assert.equal((await it.ask("ada", "DELETE", `${PATH}/bob@example.com`)).body.resource, "collaborator");
  assert.equal((await it.ask("ada", "DELETE", `${PATH}/ada@example.com`)).status, 422);
});

test("an app is given to another user, and is the first admin's when nobody made it here", async () => {
  await using it = await ground();
  assert.equal((await it.ask("operator", "GET", "/apps/blog")).body.owner.email, "me@example.com");
  await it.ask("ada", "POST", PATH, { user: "bob@example.com" });
  const { status, body } = await it.ask("ada", "POST", "/account/app-transfers", {
    app: "shop",
    recipient: "bob@example.com",
  });
  assert.deepEqual([status, body.state, body.owner.email], [201, "accepted", "ada@example.com"]);
  assert.equal((await it.ask("bob", "GET", "/apps/shop")).body.owner.email, "bob@example.com");
  assert.equal((await it.ask("bob", "GET", PATH)).body.length, 1, "the new owner is no collaborator");
  assert.equal((await it.ask("ada", "GET", "/apps/shop")).status, 404);
});

test("an app that is gone is forgotten: the next one of its name is nobody else's", async () => {
  await using it = await ground();
  await it.ask("ada", "POST", PATH, { user: "bob@example.com" });
  it.served.accounts.access.forget("shop-id");
  assert.equal((await it.ask("bob", "GET", "/apps/shop")).status, 404);
  assert.equal((await it.ask("ada", "GET", "/apps/shop")).status, 404);
});

test("the address of a log is good for as long as its maker may use the app", async () => {
  await using it = await ground();
  await it.ask("ada", "POST", PATH, { user: "bob@example.com" });
  const { logplex_url: url } = (await it.ask("bob", "POST", "/apps/shop/log-sessions", {})).body;
  const open = () => it.ask("nobody", "GET", new URL(url).pathname);
  assert.equal((await open()).status, 200);
  await it.ask("ada", "DELETE", `${PATH}/bob@example.com`);
  assert.equal((await open()).status, 404);
});
