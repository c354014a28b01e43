import * as postgresql from "@pulumi/postgresql";
import * as pulumi from "@pulumi/pulumi";
import { Password } from "../../provider/sdk/index.ts";
import type { PlatformConnection } from "../platform/connection.ts";

/** The platform's Postgres, as whoever makes databases and roles in it reaches it. */
export function postgresServer(
  name: string,
  platform: PlatformConnection,
  opts: pulumi.ResourceOptions,
): postgresql.Provider {
  return new postgresql.Provider(
    `${name}-server`,
    {
      host: platform.postgresHost,
      port: platform.postgresPort,
      username: "provisioner",
      password: platform.provisionerPassword,
      // Over loopback, where nobody listens in.
      sslmode: "disable",
      superuser: false,
    },
    opts,
  );
}

export interface LoginArgs {
  readonly user: string;
  /** The role that it becomes. */
  readonly owner: pulumi.Input<string>;
  /** Of the credentials; a new one is a new role beside the old. */
  readonly generation: number;
  /** How many it may open. */
  readonly connections: number;
}

/** A role that logs in and at once becomes the owner, so that whatever it makes belongs to that one. */
export function createLogin(
  name: string,
  { user, owner, generation, connections }: LoginArgs,
  opts: pulumi.CustomResourceOptions,
): { readonly role: postgresql.Role; readonly password: pulumi.Output<string> } {
  const { parent } = opts;
  const password = new Password(`${name}-password-${generation}`, {}, { parent });
  const role = new postgresql.Role(
    `${name}-login-${generation}`,
    {
      name: user,
      login: true,
      password: password.result,
      roles: [owner],
      assumeRole: owner,
      connectionLimit: connections,
    },
    opts,
  );
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
