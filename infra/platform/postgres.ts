import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { Password, type PasswordArgs } from "../../provider/sdk/index.ts";
import { transformed } from "../transform.ts";
import { platformImage } from "./image.ts";
import { dockerLabels, LOG_DRIVER, LOG_OPTIONS, platformLabels } from "./labels.ts";
import type { PlatformTransform } from "./transform.ts";

interface PostgresArgs {
  /** The platform's name. */
  readonly platform: string;
  readonly network: docker.Network;
  readonly address: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** MiB. */
  readonly memory: number;
  readonly transform: PlatformTransform;
}

interface Postgres {
  readonly container: docker.Container;
  /** Of the role `provisioner`. */
  readonly provisionerPassword: pulumi.Output<string>;
  readonly backups: docker.Volume;
}

/** The name dynos reach Postgres by. */
export function postgresName(platform: string): string {
  return `${platform}-postgres`;
}

/** Where Postgres writes backups and the control plane reads them, in their containers. */
export const BACKUPS = "/var/lib/backups";

/** With which its container closes its network and becomes an ordinary user; the server has none. As Docker shows them. */
export const POSTGRES_CAPABILITIES = ["CAP_NET_ADMIN", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID"] as const;

/** One Postgres server for all apps, its data in a named volume that outlives the stack. */
export function createPostgres(name: string, args: PostgresArgs, parent: pulumi.Resource): Postgres {
  const { transform } = args;
  const labels = dockerLabels(platformLabels(args.platform));
  const password = (of: string) =>
    new Password(of, ...transformed<PasswordArgs>(transform.password, of, {}, { parent }));
  const kept = (of: string, called: string) =>
    new docker.Volume(
      of,
      // What the apps stored is the user's: only an explicit purge removes it.
      ...transformed<docker.VolumeArgs>(
        transform.volume,
        of,
        { name: called, labels },
        { parent, retainOnDelete: true },
      ),
    );
  const image = platformImage(
    `${name}-postgres-image`,
    { platform: args.platform, what: "postgres" },
    parent,
    transform.image,
  );
  const superuser = password(`${name}-postgres-password`);
  const provisioner = password(`${name}-provisioner-password`);
  const volume = kept(`${name}-postgres-volume`, postgresName(args.platform));
  const backups = kept(`${name}-backups-volume`, `${args.platform}-backups`);
  const server: docker.ContainerArgs = {
    name: postgresName(args.platform),
    image: image.repoDigest,
    // The image gives these to its two roles at every start, so that a kept volume serves a new stack.
    envs: [
      pulumi.secret(pulumi.interpolate`POSTGRES_PASSWORD=${superuser.result}`),
      pulumi.secret(pulumi.interpolate`PROVISIONER_PASSWORD=${provisioner.result}`),
    ],
    restart: "always",
    networksAdvanced: [
      { name: args.network.name, aliases: ["postgres", postgresName(args.platform)], ipv4Address: args.address },
    ],
    ports: [{ internal: 5432, external: args.port, ip: "127.0.0.1" }],
    volumes: [
      { volumeName: volume.name, containerPath: "/var/lib/postgresql" },
      { volumeName: backups.name, containerPath: BACKUPS },
    ],
    capabilities: { adds: [...POSTGRES_CAPABILITIES], drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    memory: args.memory,
    memorySwap: 2 * args.memory,
    labels,
    logDriver: LOG_DRIVER,
    logOpts: LOG_OPTIONS,
  };
  const container = new docker.Container(
    `${name}-postgres`,
    // Two containers cannot have one name, port and address.
    ...transformed(transform.container, `${name}-postgres`, server, { parent, deleteBeforeReplace: true }),
  );
  return { container, provisionerPassword: provisioner.result, backups };
}
