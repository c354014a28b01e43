import assert from "node:assert/strict";
import { test } from "node:test";
import type { AddonSettings } from "../../../../model/app/settings.ts";
import { detachOrphans } from "../../../../services/control-plane/postgres/orphans.ts";
import { type Served, serve } from "./served.ts";

const mini: AddonSettings = { service: "postgresql", plan: "mini" };

/** A server before an app whose file declares these. */
async function withAddons(addons: Record<string, AddonSettings>, hidden: string[] = []): Promise<Served> {
  const served = await serve(undefined, undefined, { may: (_caller, app) => !hidden.includes(app) });
  Object.assign(served.world.apps.get("shop")?.addons ?? {}, addons);
  return served;
}

const declared = (served: Served, app = "shop") => served.world.apps.get(app)?.addons;

test("an add-on is created by a line of the app's file, as DATABASE and then by a colour", async () => {
  await using served = await withAddons({});
  const body = { plan: { name: "heroku-postgresql" }, attachment: {}, config: {} };
  const first = await served.ask("POST", "/apps/shop/addons", { body });
  assert.equal(first.status, 201);
  assert.match(first.body.name, /^postgresql-[a-z]+-\d{5}$/);
  assert.deepEqual(first.body.config_vars, ["DATABASE_URL"]);
  assert.deepEqual([first.body.state, first.body.plan.name], ["provisioned", "heroku-postgresql:mini"]);
  assert.match(first.body.provision_message, /Database has been created/);
  const hobby = { plan: "heroku-postgresql:hobby-basic", attachment: { name: "ORDERS" }, name: "orders-of-the-shop" };
  assert.equal((await served.ask("POST", "/apps/shop/addons", { body: hobby })).body.name, "orders-of-the-shop");
  const third = await served.ask("POST", "/apps/shop/addons", { body });
  assert.deepEqual(third.body.config_vars, ["HEROKU_POSTGRESQL_AMBER_URL"]);
  assert.deepEqual(declared(served), {
    DATABASE: mini,
    ORDERS: { service: "postgresql", plan: "basic", name: "orders-of-the-shop" },
    HEROKU_POSTGRESQL_AMBER: mini,
  });
  assert.equal(served.world.changes[0]?.act.description, `Attach DATABASE (@ref:${first.body.name})`);
  const listed = await served.ask("GET", "/apps/shop/addons");
  assert.equal(listed.body.length, 3);
  assert.deepEqual(listed.body[0].billed_price.cents, 0);
});

test("what cannot be created is refused with a line, and nothing changes", async () => {
  await using served = await withAddons({ DATABASE: mini });
  const plan = "heroku-postgresql";
  const cases = [
    [{ plan: "heroku-redis" }, /Couldn't find either the add-on service or the add-on plan of "heroku-redis"/],
    [{ plan: "heroku-postgresql:huge" }, /Couldn't find either/],
    [{ plan: "heroku-postgresql:constructor" }, /Couldn't find either/],
    [{}, /plan is required/],
    [{ plan, attachment: { name: "DATABASE" } }, /shop has an add-on attached as DATABASE already/],
    [{ plan, attachment: { name: 'A"; DROP' } }, /use upper-case letters, digits and underscores/],
    [{ plan, name: "No Name" }, /use 3 to 60 lower-case letters/],
    [{ plan, config: { fork: "DATABASE" } }, /There is no option --fork/],
  ] as const;
  for (const [body, told] of cases) {
    const answer = await served.ask("POST", "/apps/shop/addons", { body });
    assert.equal(answer.status, 422);
    assert.match(answer.body.message, told);
  }
  assert.deepEqual(served.world.changes, []);
});

test("a config var that is in the way goes only when that was confirmed", async () => {
  await using served = await withAddons({});
  served.world.apps.get("shop")?.config &&
    Object.assign(served.world.apps.get("shop")?.config ?? {}, { DATABASE_URL: "x" });
  served.world.release("Set DATABASE_URL config vars");
  const body = { plan: "heroku-postgresql" };
  const refused = await served.ask("POST", "/apps/shop/addons", { body });
  assert.deepEqual([refused.status, refused.body.id], [423, "confirmation_required"]);
  const confirmed = await served.ask("POST", "/apps/shop/addons", { body: { ...body, confirm: "shop" } });
  assert.equal(confirmed.status, 201);
  assert.deepEqual(served.world.apps.get("shop")?.config, { GREETING: "hello" });
});

test("an add-on is found by name, id, attachment, variable and service", async () => {
  await using served = await withAddons({ DATABASE: mini, BLUE: mini });
  const [database, blue] = (await served.ask("GET", "/apps/shop/addons")).body;
  const resolve = (addon: string, app: string | null = "shop") =>
    served.ask("POST", "/actions/addons/resolve", { body: { addon, app } });
  for (const which of [blue.name, blue.id, "BLUE", "blue", "BLUE_URL", "shop::BLUE"]) {
    const { body } = await resolve(which);
    assert.deepEqual([body.length, body[0].id], [1, blue.id], which);
  }
  assert.equal((await resolve("heroku-postgresql")).body.length, 2);
  assert.equal((await resolve(database.name, null)).body[0].id, database.id);
  const missing = await resolve("ORANGE");
  assert.deepEqual([missing.status, missing.body.resource], [404, "add_on"]);
  assert.equal((await served.ask("GET", `/addons/${blue.name}`)).body.id, blue.id);
  assert.equal((await served.ask("GET", `/apps/shop/addons/${blue.name}`)).body.id, blue.id);

  const attachment = (addon_attachment: string) =>
    served.ask("POST", "/actions/addon-attachments/resolve", { body: { addon_attachment, app: "shop" } });
  for (const which of ["DATABASE_URL", "DATABASE", database.name, database.id]) {
    const { body } = await attachment(which);
    assert.deepEqual([body.length, body[0].name, body[0].namespace], [1, "DATABASE", null], which);
    assert.deepEqual(body[0].config_vars, ["DATABASE_URL"]);
    assert.equal(body[0].addon.plan.name, "heroku-postgresql:mini");
  }
  assert.equal((await attachment("ORANGE_URL")).status, 404);
});

test("plan and name are changed in the file", async () => {
  await using served = await withAddons({ DATABASE: mini });
  const [{ name }] = (await served.ask("GET", "/apps/shop/addons")).body;
  const patch = (body: unknown) => served.ask("PATCH", `/apps/shop/addons/${name}`, { body });
  assert.equal((await patch({ plan: { name: "heroku-postgresql:basic" } })).body.plan.name, "heroku-postgresql:basic");
  assert.equal((await patch({})).body.name, name);
  assert.equal(served.world.changes.length, 1, "nothing is no change");
  assert.equal((await patch({ name: "the-database" })).body.name, "the-database");
  assert.deepEqual(declared(served), { DATABASE: { ...mini, plan: "basic", name: "the-database" } });
});

test("another app's add-on is attached, shown on both sides and detached", async () => {
  await using served = await withAddons({ DATABASE: mini });
  const [{ name }] = (await served.ask("GET", "/apps/shop/addons")).body;
  const made = await served.ask("POST", "/addon-attachments", {
    body: { addon: { name }, app: { name: "blog" }, name: "ORDERS" },
  });
  assert.deepEqual([made.status, made.body.name, made.body.app.name], [201, "ORDERS", "blog"]);
  assert.deepEqual(declared(served, "blog"), { ORDERS: { attach: { stack: "shop", addon: "DATABASE" } } });
  const all = (await served.ask("GET", `/addons/${name}/addon-attachments`)).body;
  assert.deepEqual(
    all.map((each: { app: { name: string }; name: string }) => `${each.app.name}::${each.name}`),
    ["shop::DATABASE", "blog::ORDERS"],
  );

  const refused = await served.ask("DELETE", `/apps/shop/addons/${name}`, { body: { force: false } });
  assert.equal(refused.status, 422);
  assert.match(refused.body.message, /is attached to blog as ORDERS; detach it there first, or use --force/);

  const found = (await served.ask("GET", "/apps/blog/addon-attachments/ORDERS")).body;
  assert.equal((await served.ask("DELETE", `/addon-attachments/${found.id}`)).status, 200);
  assert.deepEqual(declared(served, "blog"), {});
  const destroyed = await served.ask("DELETE", `/apps/shop/addons/${name}`, { body: { force: false } });
  assert.equal(destroyed.body.state, "deprovisioned");
  assert.deepEqual(declared(served), {});
});

test("--force detaches it everywhere and destroys it", async () => {
  await using served = await withAddons({ DATABASE: mini, BLUE: { attach: { addon: "DATABASE" } } });
  Object.assign(declared(served, "blog") ?? {}, { ORDERS: { attach: { stack: "shop", addon: "DATABASE" } } });
  const answer = await served.ask("DELETE", "/apps/shop/addons/DATABASE", { body: { force: true } });
  assert.equal(answer.body.state, "deprovisioned");
  assert.deepEqual([declared(served), declared(served, "blog")], [{}, {}]);
});

test("a database is promoted as the official command does it", async () => {
  await using served = await withAddons({ DATABASE: { ...mini, generation: 3 }, BLUE: mini });
  const [database, blue] = (await served.ask("GET", "/apps/shop/addons")).body;
  const attach = (addon: string, more = {}) =>
    served.ask("POST", "/addon-attachments", { body: { addon: { name: addon }, app: { name: "shop" }, ...more } });
  const unconfirmed = await attach(blue.name, { name: "DATABASE" });
  assert.deepEqual([unconfirmed.status, unconfirmed.body.id], [423, "confirmation_required"]);
  const alone = await attach(blue.name, { name: "DATABASE", confirm: "shop" });
  assert.match(alone.body.message, /DATABASE is the only name its add-on has/);

  const alias = await attach(database.name, { confirm: "shop" });
  assert.equal(alias.body.name, "HEROKU_POSTGRESQL_AMBER");
  assert.equal((await attach(blue.name, { name: "DATABASE", confirm: "shop" })).status, 201);
  assert.deepEqual(declared(served), {
    DATABASE: { attach: { addon: "BLUE" } },
    BLUE: mini,
    HEROKU_POSTGRESQL_AMBER: { ...mini, generation: 3, id: "DATABASE" },
  });
  const after = (await served.ask("GET", "/apps/shop/addons")).body;
  assert.deepEqual(after.map((each: { name: string }) => each.name).sort(), [database.name, blue.name].sort());
});

test("an add-on of an app that is not the caller's is not there, wherever it is asked for", async () => {
  await using served = await withAddons({ DATABASE: mini }, ["shop-id"]);
  await using open = await withAddons({ DATABASE: mini });
  const [{ name, id }] = (await open.ask("GET", "/apps/shop/addons")).body;
  for (const [method, path, body] of [
    ["GET", `/addons/${name}`, undefined],
    ["GET", `/addons/${id}`, undefined],
    ["GET", `/addons/${id}/addon-attachments`, undefined],
    ["GET", `/addons/${id}/config`, undefined],
    ["GET", "/apps/shop/addons", undefined],
    ["GET", "/apps/shop/addon-attachments/DATABASE", undefined],
    ["DELETE", `/apps/shop/addons/${id}`, undefined],
    ["POST", "/actions/addons/resolve", { addon: name }],
    ["POST", "/actions/addons/resolve", { addon: name, app: "blog" }],
    ["POST", "/actions/addon-attachments/resolve", { addon_attachment: name }],
    ["POST", "/addon-attachments", { addon: name, app: "blog" }],
  ] as const) {
    assert.equal((await served.ask(method, path, { body })).status, 404, `${method} ${path}`);
  }
  assert.deepEqual((await served.ask("GET", "/addons")).body, []);
  assert.deepEqual((await served.ask("GET", "/addon-attachments")).body, []);
  assert.deepEqual(served.world.changes, []);
});

test("an add-on that is attached to the caller's app is seen, but not given on", async () => {
  await using served = await withAddons({ DATABASE: mini }, ["shop-id"]);
  Object.assign(declared(served, "blog") ?? {}, { ORDERS: { attach: { stack: "shop", addon: "DATABASE" } } });
  const [{ addon }] = (await served.ask("GET", "/apps/blog/addon-attachments")).body;
  assert.equal((await served.ask("GET", `/addons/${addon.name}`)).status, 200);
  const again = await served.ask("POST", "/addon-attachments", {
    body: { addon: addon.name, app: "blog", name: "MORE" },
  });
  assert.equal(again.status, 403);
  assert.equal((await served.ask("GET", `/addons/${addon.id}/config`)).status, 404);
});

test("services and plans, which cost nothing", async () => {
  await using served = await serve();
  assert.equal((await served.ask("GET", "/addon-services")).body[0].name, "heroku-postgresql");
  const plans = (await served.ask("GET", "/addon-services/heroku-postgresql/plans")).body;
  assert.deepEqual(
    plans.filter((plan: { default: boolean }) => plan.default).map((plan: { name: string }) => plan.name),
    ["heroku-postgresql:mini"],
  );
  assert.equal(
    (await served.ask("GET", "/addon-services/heroku-postgresql/plans/essential-0")).body.human_name,
    "Essential 0",
  );
  assert.equal((await served.ask("GET", "/addon-services/heroku-redis/plans")).status, 404);
});

test("what an app attached of one that is gone is taken from it", async () => {
  await using served = await withAddons({ DATABASE: mini });
  const attached = { ORDERS: { attach: { stack: "shop", addon: "DATABASE" } }, OWN: mini };
  Object.assign(declared(served, "blog") ?? {}, attached);
  const { apps } = served.world.ports();
  await detachOrphans(apps, "admin@localhost");
  assert.deepEqual(declared(served, "blog"), attached, "it is there yet");
  served.world.apps.delete("shop");
  await detachOrphans(apps, "admin@localhost");
  assert.deepEqual(declared(served, "blog"), { OWN: mini });
});
