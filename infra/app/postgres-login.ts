import * as postgresql from "@pulumi/postgresql";
import * as pulumi from "@pulumi/pulumi";
import { Password, type PasswordArgs } from "../../provider/sdk/index.ts";
import type { PlatformConnection } from "../platform/connection.ts";
import { type Transform, transformed } from "../transform.ts";

/**
 * Changes the resources of each database and of each attachment. They are updated in place, or replaced, as Pulumi's
 * provider for PostgreSQL has it.
 */
export interface PostgresTransform {
  /** How the server is reached. */
  readonly server?: Transform<postgresql.ProviderArgs>;
  /** The owner, `shop.DATABASE-owner`, and the logins, `shop.DATABASE-login-1`. */
  readonly role?: Transform<postgresql.RoleArgs>;
  /** Of a login. */
  readonly password?: Transform<PasswordArgs>;
  readonly database?: Transform<postgresql.DatabaseArgs>;
  /** What closes the database to others. */
  readonly grant?: Transform<postgresql.GrantArgs>;
}

/** The platform's Postgres, as whoever makes databases and roles in it reaches it. */
export function postgresServer(
  name: string,
  platform: PlatformConnection,
  opts: pulumi.CustomResourceOptions,
  transform: PostgresTransform = {},
): postgresql.Provider {
  const args: postgresql.ProviderArgs = {
    host: platform.postgresHost,
    port: platform.postgresPort,
    username: "provisioner",
    password: platform.provisionerPassword,
    // Over loopback, where nobody listens in.
    sslmode: "disable",
    superuser: false,
  };
  return new postgresql.Provider(`${name}-server`, ...transformed(transform.server, `${name}-server`, args, opts));
}

interface LoginArgs {
  readonly user: string;
  /** The role that it becomes. */
  readonly owner: pulumi.Input<string>;
  /** Of the credentials; a new one is a new role beside the old. */
  readonly generation: number;
  /** How many it may open. */
  readonly connections: number;
  readonly transform?: PostgresTransform | undefined;
}

/** A role that logs in and at once becomes the owner, so that whatever it makes belongs to that one. */
export function createLogin(
  name: string,
  { user, owner, generation, connections, transform = {} }: LoginArgs,
  opts: pulumi.CustomResourceOptions,
): { readonly role: postgresql.Role; readonly password: pulumi.Output<string> } {
  const { parent } = opts;
  const secret = `${name}-password-${generation}`;
  const password = new Password(secret, ...transformed<PasswordArgs>(transform.password, secret, {}, { parent }));
  const login = `${name}-login-${generation}`;
  const args: postgresql.RoleArgs = {
    name: user,
    login: true,
    password: password.result,
    roles: [owner],
    assumeRole: owner,
    connectionLimit: connections,
  };
  const role = new postgresql.Role(login, ...transformed(transform.role, login, args, opts));
  return { role, password: password.result };
}

/** `postgres://…`, as dynos reach it. */
export function databaseUrl(user: string, password: string, database: string, platform: PlatformConnection): string {
  return `postgres://${user}:${encodeURIComponent(password)}@${platform.postgresName}:5432/${database}`;
}

/** What the caller waits for, and what we wait for. */
export function waitFor(
  callers: pulumi.ResourceOptions["dependsOn"],
  ours: readonly pulumi.Resource[] = [],
): pulumi.ResourceOptions["dependsOn"] {
  if (callers === undefined) return [...ours];
  return pulumi.output(callers).apply((resources) => [resources].flat().concat(ours));
}

/** A database that an app made: what its stack puts out, and another app attaches. */
export interface DatabaseOutput {
  readonly database: string;
  /** The name that dynos reach its server by. */
  readonly server: string;
}
