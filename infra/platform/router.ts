import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { transformed } from "../transform.ts";
import { ownerOf } from "./host.ts";
import { platformImage } from "./image.ts";
import { dockerLabels, LOG_DRIVER, LOG_OPTIONS, platformLabels } from "./labels.ts";
import { ROUTER_SYSCTLS } from "./router-sysctls.ts";
import type { PlatformTransform } from "./transform.ts";

interface RouterArgs {
  /** The platform's name. */
  readonly platform: string;
  readonly network: docker.Network;
  readonly address: string;
  /** Of the apps' host names. */
  readonly domain: string;
  /** The host's folder for the admin socket and the route table. */
  readonly directory: string;
  readonly bind: string;
  readonly port: number;
  /** Undefined: nothing is served over TLS. */
  readonly httpsPort: number | undefined;
  /** IPv4 networks of those who may say where a request came from. */
  readonly proxies: readonly string[];
  /** From HTTP to HTTPS, and seconds of HSTS: of the dashboard. */
  readonly redirect: boolean;
  readonly hsts: number;
  /** Whether API and Git are served too. */
  readonly isPublic: boolean;
  /** MiB. */
  readonly memory: number;
  readonly transform: PlatformTransform;
}

/** nginx, which serves every app: published on the host, and at a fixed address on the overlay. */
export function createRouter(name: string, args: RouterArgs, parent: pulumi.Resource): docker.Container {
  const labels = platformLabels(args.platform);
  const image = platformImage(
    `${name}-router-image`,
    { platform: args.platform, what: "router" },
    parent,
    args.transform.image,
  );
  const container: docker.ContainerArgs = {
    name: `${args.platform}-router`,
    image: image.repoDigest,
    // It has no capabilities, so the folder must be its own.
    user: ownerOf(args.directory),
    readOnly: true,
    restart: "always",
    networksAdvanced: [{ name: args.network.name, aliases: ["router"], ipv4Address: args.address }],
    ports: [
      { internal: 8080, external: args.port, ip: args.bind },
      ...(args.httpsPort === undefined ? [] : [{ internal: 8443, external: args.httpsPort, ip: args.bind }]),
    ],
    envs: [
      `DYNOFORM_DASHBOARD=dashboard.${args.domain}`,
      // What is not said must not replace the router of those who never will.
      ...(args.isPublic ? [`DYNOFORM_PUBLIC=${args.domain}`] : []),
      ...(args.redirect ? ["DYNOFORM_REDIRECT=true"] : []),
      ...(args.hsts === 0 ? [] : [`DYNOFORM_HSTS=${args.hsts}`]),
      ...(args.httpsPort === undefined ? [] : [`DYNOFORM_HTTPS_PORT=${args.httpsPort}`]),
      ...(args.proxies.length === 0 ? [] : [`DYNOFORM_PROXIES=${args.proxies.join(",")}`]),
    ],
    // Names without a dot that Docker does not know are answered at once and not asked outside.
    dnsOpts: ["ndots:1"],
    sysctls: ROUTER_SYSCTLS,
    volumes: [{ hostPath: args.directory, containerPath: "/run/router" }],
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    memory: args.memory,
    memorySwap: 2 * args.memory,
    labels: dockerLabels(labels),
    logDriver: LOG_DRIVER,
    logOpts: LOG_OPTIONS,
  };
  return new docker.Container(
    `${name}-router`,
    // Two containers cannot have one name, port and address.
    ...transformed(args.transform.container, `${name}-router`, container, { parent, deleteBeforeReplace: true }),
  );
}
