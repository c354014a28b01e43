import type { Provider } from "../../src/plugin/contract.ts";
import { defineBridgedProvider } from "../bridge/index.ts";
import { configuration, connect } from "./client.ts";
import { database } from "./database.ts";
import { defaultPrivileges } from "./default-privileges.ts";
import { extension } from "./extension.ts";
import { grant } from "./grant.ts";
import { grantRole } from "./grant-role.ts";
import { role } from "./role.ts";
import { schema } from "./schema.ts";

/**
 * The npm package @pulumi/postgresql without its plugin, through `pg`: roles, databases, schemas, extensions and
 * privileges with the real plugin's inputs, defaults and states (recorded ones are in test/fixtures).
 */
export function createProvider(): Provider {
  return defineBridgedProvider({
    name: "postgresql",
    version: "3.18.1",
    config: configuration,
    resources: {
      "postgresql:index/role:Role": role,
      "postgresql:index/database:Database": database,
      "postgresql:index/schema:Schema": schema,
      "postgresql:index/extension:Extension": extension,
      "postgresql:index/grant:Grant": grant,
      "postgresql:index/grantRole:GrantRole": grantRole,
      "postgresql:index/defaultPrivileges:DefaultPrivileges": defaultPrivileges,
    },
    functions: {},
    connect,
  });
}
