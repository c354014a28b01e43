import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../check/problems.ts";

/**
 * What an app needs to know of the platform that serves it. `Platform` is one; {@link connectPlatform} reads one from
 * the outputs of another stack. All but the two last are plain values, because dynos are named after them.
 */
export interface PlatformConnection {
  readonly name: string;
  readonly domain: string;
  /** The platform's folder on the host. */
  readonly directory: string;
  /** The overlay network, a /16. */
  readonly subnet: string;
  readonly routerAddress: string;
  readonly postgresAddress: string;
  /** The router's admin API, a Unix socket on the host. */
  readonly socket: string;
  /** Where the router is published. */
  readonly webPort: number;
  /** Where this machine reaches Postgres. */
  readonly postgresHost: string;
  readonly postgresPort: number;
  /** Where dynos reach Postgres, on port 5432. */
  readonly postgresName: string;
  /** IPv4 networks that dynos may connect to besides Postgres and the internet. */
  readonly egress: readonly string[];
  readonly networkId: pulumi.Input<string>;
  /** The password of Postgres' role `provisioner`, which may make databases and roles. */
  readonly provisionerPassword: pulumi.Input<string>;
  /** What must be up before an app is routed or gets a database, when it stands in the same program. */
  readonly ready?: readonly pulumi.Resource[];
}

type ConnectionKey = Exclude<keyof PlatformConnection, "ready">;

const PLAIN: readonly Exclude<ConnectionKey, "provisionerPassword">[] = [
  "name",
  "domain",
  "directory",
  "subnet",
  "routerAddress",
  "postgresAddress",
  "socket",
  "webPort",
  "postgresHost",
  "postgresPort",
  "postgresName",
  "egress",
  "networkId",
];

/**
 * The platform that another stack of this project brought up.
 *
 * @param stack its name, e.g. `platform`; or in full, `organization/project/stack`
 * @throws UserError when there is no such stack or it is not up
 */
export async function connectPlatform(stack: string): Promise<PlatformConnection> {
  const full = stack.includes("/") ? stack : `${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`;
  const reference = new pulumi.StackReference(full);
  const absent = new UserError([
    `the platform's stack "${stack}" is not up; bring it up first: npm run up (or pulumi up -s ${stack})`,
  ]);
  const outputs = await Promise.all(PLAIN.map((key) => plainOutput(reference, key))).catch((cause: unknown) => {
    if (isUnknownStack(cause)) throw absent;
    throw cause;
  });
  if (outputs.some((value) => value === undefined)) throw absent;
  return {
    ...(Object.fromEntries(PLAIN.map((key, index) => [key, outputs[index]])) as Pick<
      PlatformConnection,
      (typeof PLAIN)[number]
    >),
    provisionerPassword: pulumi.secret(reference.requireOutput("provisionerPassword") as pulumi.Output<string>),
  };
}

async function plainOutput(reference: pulumi.StackReference, key: string): Promise<unknown> {
  const { value } = await reference.getOutputDetails(key);
  return value ?? undefined;
}

/** As the engines say it: `unknown stack "…"` or `no stack named '…' found`. */
function isUnknownStack(cause: unknown): boolean {
  return cause instanceof Error && /unknown stack|no stack named/.test(cause.message);
}
