import type { Provider } from "../../src/plugin/contract.ts";
import { defineBridgedProvider } from "../bridge/index.ts";
import { configuration, connect } from "./client.ts";
import { database } from "./database.ts";
import { grant } from "./grant.ts";
import { role } from "./role.ts";

/**
 * The npm package @pulumi/postgresql without its plugin: roles, databases and grants on databases through `pg`, with
 * the real plugin's inputs, defaults and states.
 */
export function createProvider(): Provider {
  return defineBridgedProvider({
    name: "postgresql",
    version: "3.18.1",
    config: configuration,
    resources: {
      "postgresql:index/role:Role": role,
      "postgresql:index/database:Database": database,
      "postgresql:index/grant:Grant": grant,
    },
    functions: {},
    connect,
  });
}
