import assert from "node:assert/strict";
import { test } from "node:test";
import { connectDatabases } from "../../../infra/app/addons.ts";
import { App, type AppArgs } from "../../../infra/app/app.ts";
import { PostgresAttachment } from "../../../infra/app/postgres-attachment.ts";
import { UserError } from "../../../lib/errors.ts";
import program from "../../../program.ts";
import { KEY, platform } from "./fixtures.ts";
import { record } from "./recording.ts";

const shop = { database: "d0123456789", server: platform.postgresName };
const ORDERS = { attach: { stack: "shop", addon: "DATABASE" } };

function make(changes: Partial<AppArgs>) {
  return record(() => new App("blog", { platform, key: KEY, ...changes }));
}

test("another app's database: a login role of one's own under its owner, and nothing else", async () => {
  const { resources, get } = await make({ addons: { ORDERS }, databases: { ORDERS: shop } });
  const children = resources.filter(({ parent }) => parent === "blog.ORDERS");
  assert.deepEqual(
    children.map(({ name }) => name),
    ["blog.ORDERS-login-1", "blog.ORDERS-password-1", "blog.ORDERS-server"],
  );
  const { name, roles, assumeRole } = get("blog.ORDERS-login-1").inputs;
  assert.match(String(name), /^d0123456789_[0-9a-f]{10}_1$/);
  assert.deepEqual([roles, assumeRole], [[shop.database], shop.database]);
  assert.deepEqual(get("blog-release").inputs.addons, { ORDERS: `postgresql ${name}` });
});

test("a rotation of the attaching app makes a role beside the old one", async () => {
  const rotated = await make({ addons: { ORDERS: { ...ORDERS, generation: 2 } }, databases: { ORDERS: shop } });
  assert.match(String(rotated.get("blog.ORDERS-login-2").inputs.name), /_2$/);
});

test("a database keeps its name when another is promoted in its place", async () => {
  const before = await make({ addons: { DATABASE: { service: "postgresql" }, BLUE: { service: "postgresql" } } });
  const after = await make({
    addons: {
      DATABASE: { attach: { addon: "BLUE" } },
      AMBER: { service: "postgresql", id: "DATABASE" },
      BLUE: { service: "postgresql" },
    },
  });
  const databases = (of: typeof before) =>
    of.resources
      .filter(({ type }) => type.startsWith("postgresql:"))
      .map(({ name, inputs }) => `${name} ${inputs.name ?? inputs.database}`);
  assert.deepEqual(databases(after), databases(before));
  const released = after.get("blog-release").inputs.addons as Record<string, unknown>;
  assert.deepEqual(Object.keys(released).sort(), ["AMBER", "BLUE", "DATABASE"]);
  assert.notEqual(released.DATABASE, 1);
});

test("a program finds another stack's database in that stack's outputs", async () => {
  const { get } = await record(program, {
    stack: "blog",
    config: { "dynoform:app": JSON.stringify({ addons: { ORDERS } }), "dynoform:key": KEY },
    stacks: {
      "organization/dynoform/platform": { ...platform },
      "organization/dynoform/shop": { databases: { DATABASE: shop } },
    },
  });
  assert.equal(get("blog.ORDERS-login-1").inputs.assumeRole, shop.database);
});

test("a stack that is not up, or another platform's, is one clear line", async () => {
  await record(
    async () => {
      for (const stack of ["shop", "nobody"]) {
        const addons = { ORDERS: { attach: { stack, addon: "DATABASE" } } };
        const told = new RegExp(
          `^dynoform:app.addons.ORDERS: the stack "${stack}" has no add-on DATABASE that is up; `,
        );
        await assert.rejects(connectDatabases(addons), { message: told });
      }
      const database = { ...shop, server: "other" };
      assert.throws(
        () =>
          new PostgresAttachment("blog.ORDERS", { platform, app: "blog", attachment: "ORDERS", database, key: KEY }),
        /is on other, another platform's; attach one of test/,
      );
    },
    { stacks: { "organization/dynoform/shop": {} } },
  );
});

test("an app puts out its own databases, for others", async () => {
  const { result } = await make({
    addons: { DATABASE: { service: "postgresql" }, ORDERS },
    databases: { ORDERS: shop },
  });
  assert.deepEqual(Object.keys(result.databases), ["DATABASE"]);
  assert.equal(result.databases.DATABASE?.server, platform.postgresName);
});

test("what does not fit together is said at once", async () => {
  const wrong: [AppArgs["addons"], string][] = [
    [{ BLUE: { attach: { addon: "DATABASE" } } }, "DATABASE is no add-on of this app; it has none"],
    [
      { DATABASE: { service: "postgresql" }, BLUE: { service: "postgresql", id: "DATABASE" } },
      "addons.BLUE: has the id DATABASE of another add-on; use another id",
    ],
    [{ ORDERS }, "is another stack's; give its database in `databases`"],
  ];
  await record(() => {
    for (const [addons, told] of wrong) {
      assert.throws(
        () => new App("blog", { platform, key: KEY, addons }),
        (error) => error instanceof UserError && error.message.includes(told),
      );
    }
  });
});
