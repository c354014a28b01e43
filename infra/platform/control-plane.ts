import { join } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { canonical, type Plain } from "../../model/content.ts";
import { codeVersion, controlPlaneModule, nodePath } from "../../model/platform/code.ts";
import { pulumiHome } from "../../model/platform/directories.ts";
import { transformed } from "../transform.ts";
import type { DnsCredentials } from "./credentials.ts";
import {
  backendEnvironment,
  backendFolders,
  dockerGroup,
  dockerSocket,
  dynoformHome,
  hostEnvironment,
  mounts,
  ownerOf,
  packageFolders,
  projectDirectory,
  realPulumi,
  repositoryFolders,
  type Shared,
} from "./host.ts";
import { platformImage } from "./image.ts";
import { dockerLabels, LOG_DRIVER, LOG_OPTIONS, platformLabels } from "./labels.ts";
import { BACKUPS } from "./postgres.ts";
import type { PlatformTransform } from "./transform.ts";

interface ToolsArgs {
  /** The platform's name. */
  readonly platform: string;
  readonly network: docker.Network;
  readonly address: string;
  /** The platform's folder on the host. */
  readonly directory: string;
  /** Of the API, in the control plane's container and on the host's 127.0.0.1. */
  readonly port: number;
  /** The volume of Postgres' backups. */
  readonly backups: docker.Volume;
  /** What the DNS provider is told. */
  readonly credentials: DnsCredentials;
  /** MiB. */
  readonly memory: { readonly controlPlane: number; readonly runner: number };
  /** What the control plane is told besides its places. */
  readonly settings: Readonly<Record<string, Plain>>;
  readonly transform: PlatformTransform;
}

/**
 * The control plane, one Node process that watches over the apps, and the runner, in which it starts every run of
 * Pulumi: such a run goes on when the control plane is replaced or killed. Both have our code, the project and the
 * platform's folder at the host's paths.
 */
export function createTools(name: string, args: ToolsArgs, parent: pulumi.Resource): void {
  const { platform, directory, transform } = args;
  const image = platformImage(`${name}-runner-image`, { platform, what: "runner" }, parent, args.transform.image);
  const project = projectDirectory();
  const backend = backendEnvironment(project);
  const writable = (path: string): Shared => ({ path, readOnly: false });
  const own = { image, project, platform, directory };
  const runner: docker.ContainerArgs = {
    ...common(own, args.memory.runner),
    // Who asks an app comes before who changes one: half of what a dyno gets when the processor is wanted by both.
    cpuShares: 512,
    name: `${platform}-runner`,
    command: ["tini", "-s", "--", "/usr/lib/dynoform/runner", dockerSocket(), `${platform}-control-plane`],
    // Its runs reach Postgres and the API as the host does.
    networkMode: "host",
    // The pid in a lock means the same to the host and to the runner.
    pidMode: "host",
    // Docker adds the first by itself to a container of that kind.
    securityOpts: ["label=disable", "no-new-privileges:true"],
    volumes: mounts([
      ...packageFolders(),
      ...realPulumi(),
      ...backendFolders(),
      ...[project, directory, dynoformHome(), pulumiHome(), dockerSocket()].map(writable),
    ]),
    envs: environment({
      ...hostEnvironment(),
      ...backend,
      // Each run is processes of a few seconds, which are to find their code compiled and the keys of stacks derived,
      // these in memory.
      NODE_COMPILE_CACHE: join(pulumiHome(), "cache", "node"),
      PULUMI_KEY_CACHE: "/tmp/keys",
    }),
    labels: dockerLabels(platformLabels(platform)),
  };
  // Two containers cannot have one name, port and address.
  const opts = { parent, deleteBeforeReplace: true };
  new docker.Container(`${name}-runner`, ...transformed(transform.container, `${name}-runner`, runner, opts));
  const settings = { ...args.settings, platform, directory, project, apiPort: args.port };
  const controlPlane: docker.ContainerArgs = {
    ...common(own, args.memory.controlPlane),
    name: `${platform}-control-plane`,
    command: ["tini", "--", nodePath(), controlPlaneModule()],
    networksAdvanced: [{ name: args.network.name, aliases: ["control-plane"], ipv4Address: args.address }],
    ports: [{ internal: args.port, external: args.port, ip: "127.0.0.1" }],
    volumes: [
      { volumeName: args.backups.name, containerPath: BACKUPS, readOnly: true },
      ...mounts([
        ...packageFolders(),
        ...(args.settings.commitChanges === true ? repositoryFolders(project) : []).map(writable),
        ...[project, dockerSocket(), ...["router", "control", "git"].map((part) => `${directory}/${part}`)].map(
          writable,
        ),
        // What builds and release commands write is shown to whoever pushes.
        ...["builds", "release-tasks"].map((part) => ({ path: `${directory}/${part}`, readOnly: true })),
      ]),
    ],
    envs: withCredentials(args.credentials, {
      ...hostEnvironment(),
      DYNOFORM_SETTINGS: canonical(settings),
      // It looks when state was written, and cannot read the secrets in it.
      ...(backend.PULUMI_BACKEND_URL !== undefined && { PULUMI_BACKEND_URL: backend.PULUMI_BACKEND_URL }),
      // What a password's hash takes, 19 MiB, goes back to the machine; the C library would keep it for each thread.
      GLIBC_TUNABLES: "glibc.malloc.mmap_threshold=1048576",
      NODE_COMPILE_CACHE: `${directory}/control/cache`,
    }),
    // It runs what it has loaded: another version of our code is another container.
    labels: dockerLabels({ ...platformLabels(platform), "dynoform.code": codeVersion() }),
  };
  const called = `${name}-control-plane`;
  new docker.Container(called, ...transformed(transform.container, called, controlPlane, opts));
}

interface Own {
  readonly image: docker.Image;
  readonly project: string;
  readonly platform: string;
  readonly directory: string;
}

/** What both have: no rights but their owner's and Docker's. */
function common({ image, project, directory }: Own, memory: number) {
  return {
    image: image.repoDigest,
    user: ownerOf(directory),
    groupAdds: [dockerGroup()],
    workingDir: project,
    readOnly: true,
    tmpfs: { "/tmp": "" },
    restart: "always",
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    memory,
    memorySwap: 2 * memory,
    logDriver: LOG_DRIVER,
    logOpts: LOG_OPTIONS,
  };
}

/** The same with what the DNS provider is told, which makes all of it a secret. */
function withCredentials(
  credentials: DnsCredentials,
  variables: Readonly<Record<string, string>>,
): pulumi.Input<string[]> {
  if (Object.keys(credentials).length === 0) return environment(variables);
  const secret = pulumi.secret(pulumi.all(credentials));
  return secret.apply((all) => environment({ ...variables, DYNOFORM_DNS: canonical(all) }));
}

function environment(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}`)
    .sort();
}
