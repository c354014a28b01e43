import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { Problems } from "../../lib/validation/problems.ts";
import { addresses, isLocalDomain, platformDirectory, publicUrl } from "../../model/platform/addresses.ts";
import { checkDns } from "../../model/platform/https.ts";
import type { PythonSource } from "../../model/platform/settings.ts";
import {
  DEFAULT_API_PORT,
  DEFAULT_BACKUPS,
  DEFAULT_BIND,
  DEFAULT_DOMAIN,
  DEFAULT_KEEP,
  DEFAULT_PLATFORM_NAME,
  DEFAULT_WEB_PORT,
  httpsPort,
  type NapSettings,
  type PlatformSettings,
  platformSettings,
} from "../../model/platform/settings.ts";
import { transformed } from "../transform.ts";
import type { PlatformConnection, PlatformOutputs } from "./connection.ts";
import { createTools } from "./control-plane.ts";
import type { DnsCredentials } from "./credentials.ts";
import { dockerLabels, platformLabels } from "./labels.ts";
import { createPostgres, postgresName } from "./postgres.ts";
import { createRouter } from "./router.ts";
import type { PlatformTransform } from "./transform.ts";

export interface PlatformArgs extends PlatformSettings {
  /**
   * What the DNS provider of `https.dns` is told; all become secrets.
   * @default nothing
   */
  readonly dnsCredentials?: DnsCredentials;
  /**
   * Changes resources before they are registered: what has no setting of its own needs no fork.
   * @default nothing is changed
   */
  readonly transform?: PlatformTransform;
}

/** MiB of memory for each container but the runner. */
const DEFAULT_MEMORY = 512;
const RUNNER_MEMORY = 1024;

/** Seconds for which browsers are to come by HTTPS alone to a platform that is reached from anywhere. */
const HSTS_SECONDS = 31_536_000;

/**
 * What apps run on: an overlay network, the router in front of them, a Postgres server, and the control plane with its
 * runner. `npx dynoform setup` must
 * have prepared the machine (a swarm, the platform's folder, the base image).
 *
 * @example
 * const platform = new Platform("platform");
 * const shop = new App("shop", { platform, source: { path: "." } });
 * export const url = shop.url;
 */
export class Platform extends pulumi.ComponentResource implements PlatformConnection {
  readonly name: string;
  readonly domain: string;
  readonly directory: string;
  readonly subnet: string;
  readonly routerAddress: string;
  readonly postgresAddress: string;
  readonly socket: string;
  readonly webPort: number;
  readonly postgresHost: string;
  readonly postgresPort: number;
  readonly postgresName: string;
  readonly egress: readonly string[];
  readonly networkId: pulumi.Output<string>;
  readonly provisionerPassword: pulumi.Output<string>;
  readonly keep: number;
  readonly pythons: PythonSource;
  readonly webhooks: string | undefined;
  readonly redirect: boolean;
  readonly hsts: number;
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: PlatformArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    const problems = new Problems();
    const { transform = {}, dnsCredentials: credentials = {}, ...settings } = args;
    platformSettings(settings, `Platform ${name}:`, problems);
    checkDns(args.https, credentials, `Platform ${name}: dnsCredentials`, problems);
    problems.check();
    super("dynoform:index:Platform", name, {}, opts);

    this.name = args.name ?? DEFAULT_PLATFORM_NAME;
    this.domain = args.domain ?? DEFAULT_DOMAIN;
    this.directory = args.directory ?? platformDirectory(this.name);
    this.socket = `${this.directory}/router/admin.sock`;
    this.webPort = args.ports?.web ?? DEFAULT_WEB_PORT;
    const tls = httpsPort(args.ports);
    this.postgresHost = "127.0.0.1";
    this.postgresPort = args.ports?.postgres ?? 15_432;
    this.postgresName = postgresName(this.name);
    this.egress = args.egress?.allow ?? [];
    this.keep = args.releases?.keep ?? DEFAULT_KEEP;
    this.pythons = args.pythons ?? "debian";
    const isPublic = args.access === "public";
    const dashboard = publicUrl("dashboard", { domain: this.domain, httpsPort: tls ?? null });
    this.webhooks = args.webhooks ?? (isPublic ? dashboard : undefined);
    const { redirect = false, hsts = 0, ...acme } = args.https ?? {};
    this.redirect = redirect;
    this.hsts = hsts;
    const { subnet, gateway, range, router, postgres, controlPlane } = addresses(this.name, args.subnet);
    this.subnet = subnet;
    this.routerAddress = router;
    this.postgresAddress = postgres;

    const overlay: docker.NetworkArgs = {
      name: this.name,
      driver: "overlay",
      attachable: true,
      ipamConfigs: [{ subnet, gateway, ipRange: range }],
      labels: dockerLabels(platformLabels(this.name)),
    };
    // Two networks cannot have one name and one subnet.
    const alone = { parent: this, deleteBeforeReplace: true, dependsOn: opts?.dependsOn };
    const network = new docker.Network(
      `${name}-network`,
      ...transformed(transform.network, `${name}-network`, overlay, alone),
    );
    const routerContainer = createRouter(
      name,
      {
        platform: this.name,
        network,
        address: router,
        domain: this.domain,
        directory: `${this.directory}/router`,
        bind: args.ports?.bind ?? DEFAULT_BIND,
        port: this.webPort,
        httpsPort: tls,
        proxies: args.proxies ?? [],
        redirect: redirect || isPublic,
        // What a browser is told of a name holds for all of its ports, which on this machine are other people's too.
        hsts: isPublic && !isLocalDomain(this.domain) ? Math.max(hsts, HSTS_SECONDS) : hsts,
        isPublic,
        memory: args.limits?.router?.memory ?? DEFAULT_MEMORY,
        transform,
      },
      this,
    );
    const server = createPostgres(
      name,
      {
        platform: this.name,
        network,
        address: postgres,
        port: this.postgresPort,
        memory: args.limits?.postgres?.memory ?? DEFAULT_MEMORY,
        transform,
      },
      this,
    );
    createTools(
      name,
      {
        platform: this.name,
        network,
        address: controlPlane,
        directory: this.directory,
        port: args.ports?.api ?? DEFAULT_API_PORT,
        backups: server.backups,
        credentials,
        transform,
        memory: {
          controlPlane: args.limits?.controlPlane?.memory ?? DEFAULT_MEMORY,
          runner: args.limits?.runner?.memory ?? RUNNER_MEMORY,
        },
        settings: {
          domain: this.domain,
          socket: this.socket,
          webPort: this.webPort,
          httpsPort: tls ?? null,
          ...(isPublic && { access: "public" }),
          network: { networkName: this.name, routerAddress: router, postgresAddress: postgres, egress: this.egress },
          sleep: { after: args.sleep?.after ?? 1800 },
          cycle: { every: args.cycle?.every ?? 86_400, spread: args.cycle?.spread ?? 12_960 },
          hours: { free: args.hours?.free ?? 750, per: args.hours?.per ?? "app" },
          releases: { keep: this.keep },
          commitChanges: args.commitChanges ?? false,
          postgres: { port: this.postgresPort },
          backups: { keep: args.backups?.keep ?? DEFAULT_BACKUPS },
          accounts: { signUp: args.accounts?.signUp ?? false },
          ...(args.nap?.enabled === true && { nap: napOf(args.nap) }),
          // What is not said must not replace the control plane of those who never will.
          ...(args.github !== undefined && { github: { ...args.github } }),
          ...(args.drift !== undefined && { drift: { every: args.drift.every ?? 0 } }),
          ...(args.ci !== undefined && {
            ci: { ...args.ci, trust: (args.ci.trust ?? []).map((each) => ({ ...each })) },
          }),
          ...(acme.email !== undefined && { acme: JSON.parse(JSON.stringify(acme)) }),
        },
      },
      this,
    );
    this.networkId = network.id;
    this.provisionerPassword = pulumi.secret(server.provisionerPassword);
    this.ready = [routerContainer, server.container];
    this.registerOutputs(connectionOutputs(this));
  }
}

/** As the control plane reads it, in bytes. */
function napOf({ until = 21_600, reserve }: NapSettings) {
  return { until, ...(reserve !== undefined && { reserve: reserve * 2 ** 20 }) };
}

/** A platform's outputs, for `connectPlatform` in another stack. */
export function connectionOutputs(
  platform: Platform,
): Record<Exclude<keyof PlatformOutputs, "webhooks">, unknown> & { readonly webhooks?: string } {
  return {
    name: platform.name,
    domain: platform.domain,
    directory: platform.directory,
    subnet: platform.subnet,
    routerAddress: platform.routerAddress,
    postgresAddress: platform.postgresAddress,
    socket: platform.socket,
    webPort: platform.webPort,
    postgresHost: platform.postgresHost,
    postgresPort: platform.postgresPort,
    postgresName: platform.postgresName,
    egress: platform.egress,
    keep: platform.keep,
    pythons: platform.pythons,
    ...(platform.webhooks !== undefined && { webhooks: platform.webhooks }),
    redirect: platform.redirect,
    hsts: platform.hsts,
    networkId: platform.networkId,
    provisionerPassword: platform.provisionerPassword,
  };
}
