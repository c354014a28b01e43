import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../../lib/errors.ts";
import type { PythonSource } from "../../model/platform/settings.ts";

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
  /**
   * How many releases of each app are kept, with their images and commits.
   * @default 20
   */
  readonly keep?: number;
  /**
   * Where apps' Pythons come from.
   * @default "debian"
   */
  readonly pythons?: PythonSource;
  /** Where forges deliver webhooks, if not to the dashboard's own address. */
  readonly webhooks?: string | undefined;
  /**
   * Whether apps' requests over HTTP are sent to HTTPS.
   * @default false
   */
  readonly redirect?: boolean;
  /**
   * Seconds for which browsers are to come to apps by HTTPS alone.
   * @default 0
   */
  readonly hsts?: number;
  /** What must be up before an app is routed or gets a database, when it stands in the same program. */
  readonly ready?: readonly pulumi.Resource[];
}

/** What a platform's stack puts out, and another stack reads. */
export type PlatformOutputs = Omit<PlatformConnection, "ready">;

/**
 * The platform that another stack of this project brought up. Its outputs are read by the call that a `StackReference`
 * stands for, since its values are wanted before anything is registered and a failed reference cannot be caught.
 *
 * @param stack its name, e.g. `platform`; or in full, `organization/project/stack`
 * @throws UserError when there is no such stack or it is not up
 */
export async function connectPlatform(stack: string): Promise<PlatformConnection> {
  const outputs = await readStackOutputs(stack).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
    if (/unknown stack|no stack named|not found|does not exist/.test(reason ?? "")) return {};
    throw new UserError([`the platform's stack "${stack}" cannot be read: ${reason}`]);
  });
  if (!isPlatform(outputs)) {
    throw new UserError([
      `the platform's stack "${stack}" is not up; bring it up first: npm run up (or pulumi up -s ${stack})`,
    ]);
  }
  return { ...outputs, provisionerPassword: pulumi.secret(outputs.provisionerPassword) };
}

/** @param stack its name; or in full, `organization/project/stack` */
export async function readStackOutputs(stack: string): Promise<Record<string, unknown>> {
  const name = stack.includes("/") ? stack : `${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`;
  const answer: { outputs?: Record<string, unknown> } = await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {
    name,
  });
  return answer.outputs ?? {};
}

/** Whether a stack is a platform's, and up: the first and the last of its outputs are there. */
function isPlatform(outputs: Record<string, unknown>): outputs is Record<string, unknown> & PlatformOutputs {
  return typeof outputs.socket === "string" && typeof outputs.networkId === "string";
}
