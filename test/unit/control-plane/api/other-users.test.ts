import assert from "node:assert/strict";
import { test } from "node:test";
import type { Caller } from "../../../../services/control-plane/accounts/caller.ts";
import { createApi } from "../../../../services/control-plane/api/index.ts";
import { operations } from "../../../../services/control-plane/api/openapi/operations/index.ts";
import { memoryAccounts } from "./accounts.ts";
import { World } from "./fakes.ts";

function api() {
  const world = new World();
  const accounts = memoryAccounts("/nowhere");
  const options = { platform: "test", tokenFile: "/nowhere", hours: { free: 750, per: "app" }, report() {} } as const;
  const health = async () => ({ apps: true, data: true, tools: true });
  const { dispatcher } = createApi({ ...options, health, ports: { ...world.ports(), accounts } });
  return { world, accounts, dispatcher };
}

/** What stands in paths besides the app: names of what `shop` has. */
const NAMES: Readonly<Record<string, string>> = {
  addon: "DATABASE",
  attachment: "DATABASE",
  collaborator: "me@example.com",
  domain: "www.example.com",
  drain: "0",
  dyno: "web.1",
  release: "v1",
  type: "web",
};

function pathOf(template: string, app: string): string {
  return template.replace(/:(\w+)/g, (_, name) => encodeURIComponent(name === "app" ? app : (NAMES[name] ?? "x")));
}

test("another user's app is not there, whatever is asked of it: no word tells it from one that is not", async () => {
  const { world, accounts, dispatcher } = api();
  const me = accounts.users.first();
  const eve = accounts.users.create({ email: "eve@example.com", role: "member", password: undefined });
  accounts.access.give("shop-id", me.id);
  const stranger: Caller = { id: eve.id, email: eve.email, role: "member", via: "token" };
  const routes = dispatcher.routes.names.filter((name) => name.includes("/:app"));
  assert.ok(routes.length > 20, "all routes of apps");
  const before = JSON.stringify([...world.apps]);
  for (const route of routes) {
    const [method = "", template = ""] = route.split(" ");
    const ask = async (app: string, dryRun: boolean) => {
      const call = {
        method,
        path: pathOf(template, app),
        body: operations[route]?.example ?? {},
        origin: "",
        from: "",
      };
      const query = new URLSearchParams(dryRun ? { dry_run: "1" } : {});
      return dispatcher.dispatch(stranger, { ...call, query }).then(
        () => "it was done",
        ({ status, id, message, extra }) => ({ status, id, message, extra }),
      );
    };
    for (const dryRun of [false, true]) {
      const answer = await ask("shop", dryRun);
      assert.deepEqual(answer, await ask("none", dryRun), route);
      const wanted = { status: 404, id: "not_found", message: "Couldn't find that app.", extra: { resource: "app" } };
      assert.deepEqual(answer, wanted, route);
    }
  }
  assert.equal(JSON.stringify([...world.apps]), before);
  assert.deepEqual([world.changes, world.plans, world.acts, world.restarts, world.oneOffs], [[], [], [], [], []]);
});
