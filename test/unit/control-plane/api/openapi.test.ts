import assert from "node:assert/strict";
import { test } from "node:test";
import { createApi } from "../../../../services/control-plane/api/index.ts";
import { openOperations, operations } from "../../../../services/control-plane/api/openapi/operations/index.ts";
import { memoryAccounts } from "./accounts.ts";
import { World } from "./fakes.ts";

test("everything that is served is described, and nothing else", () => {
  const ports = { ...new World().ports(), accounts: memoryAccounts("/nowhere") };
  const { dispatcher, server } = createApi({
    ports,
    platform: "test",
    tokenFile: "/nowhere",
    hours: { free: 750, per: "app" },
    health: async () => ({ apps: true, data: true, tools: true }),
    report() {},
  });
  assert.deepEqual(Object.keys(operations).sort(), [...dispatcher.routes.names].sort());
  assert.deepEqual(Object.keys(openOperations).sort(), [...server.open.names].sort());
});
