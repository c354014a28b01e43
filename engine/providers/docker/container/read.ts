import type Docker from "dockerode";
import type { PropertyMap } from "../../../src/values/values.ts";
import { isEmpty } from "../../bridge/index.ts";
import { fromHealthcheck } from "../healthcheck.ts";
import { fromMounts } from "../mounts.ts";
import { objects, strings, text } from "../values.ts";

const MEGABYTE = 1024 * 1024;

/** Fields that the typings do not have. */
type Inspected = Docker.ContainerInspectInfo & {
  readonly Config: { readonly StopSignal?: string; readonly StopTimeout?: number };
  readonly NetworkSettings: { readonly Bridge?: string };
};

/**
 * A container as the real provider's read has it. Like there, networks, volumes, environment and labels are taken
 * from what is known: they cannot change, or come partly from the image.
 */
export function readContainer(container: Inspected, known: PropertyMap): PropertyMap {
  const { Config: config, HostConfig: host, NetworkSettings: networks, State: state } = container;
  const configured = (key: string) => !isEmpty(known[key]);
  return {
    name: container.Name.replace(/^\//, ""),
    image: text(known.image).startsWith("sha256:") ? container.Image : config.Image,
    command: config.Cmd ?? [],
    entrypoints: [config.Entrypoint ?? []].flat(),
    user: config.User ?? "",
    workingDir: config.WorkingDir,
    hostname: config.Hostname,
    domainname: config.Domainname,
    tty: config.Tty,
    stdinOpen: config.OpenStdin,
    stopSignal: config.StopSignal ?? "",
    stopTimeout: config.StopTimeout ?? 0,
    healthcheck: config.Healthcheck ? fromHealthcheck(config.Healthcheck) : null,
    platform: container.Platform ?? "",
    // A stopped container is the state's `mustRun: false`, which an `up` then mends by starting it.
    exitCode: state.Running ? null : state.ExitCode,
    ...(!state.Running && known.mustRun === true && known.start === true && { mustRun: false }),

    init: host.Init ?? false,
    rm: host.AutoRemove ?? false,
    restart: host.RestartPolicy?.Name || "no",
    maxRetryCount: host.RestartPolicy?.MaximumRetryCount ?? 0,
    memory: (host.Memory ?? 0) / MEGABYTE,
    memoryReservation: (host.MemoryReservation ?? 0) / MEGABYTE,
    memorySwap: (host.MemorySwap ?? 0) > 0 ? (host.MemorySwap ?? 0) / MEGABYTE : (host.MemorySwap ?? 0),
    shmSize: Math.floor((host.ShmSize ?? 0) / MEGABYTE),
    cpuShares: host.CpuShares ?? 0,
    cpuSet: host.CpusetCpus ?? "",
    ...(configured("cpuPeriod") && { cpuPeriod: host.CpuPeriod ?? 0 }),
    ...(configured("cpuQuota") && { cpuQuota: host.CpuQuota ?? 0 }),
    ...((host.NanoCpus ?? 0) > 0 && { cpus: String((host.NanoCpus ?? 0) / 1e9) }),
    ...(configured("ulimits") && {
      ulimits: (host.Ulimits ?? []).map(({ Name, Soft, Hard }) => ({ name: Name, soft: Soft, hard: Hard })),
    }),
    deviceReadBps: readThrottles(host.BlkioDeviceReadBps),
    deviceReadIops: readThrottles(host.BlkioDeviceReadIOps),
    deviceWriteBps: readThrottles(host.BlkioDeviceWriteBps),
    deviceWriteIops: readThrottles(host.BlkioDeviceWriteIOps),

    bridge: networks.Bridge ?? "",
    networkMode: host.NetworkMode ?? "",
    networkDatas: Object.entries(networks.Networks ?? {}).map(([networkName, endpoint]) => ({
      networkName,
      ipAddress: endpoint.IPAddress ?? "",
      ipPrefixLength: endpoint.IPPrefixLen ?? 0,
      gateway: endpoint.Gateway ?? "",
      globalIpv6Address: endpoint.GlobalIPv6Address ?? "",
      globalIpv6PrefixLength: endpoint.GlobalIPv6PrefixLen ?? 0,
      ipv6Gateway: endpoint.IPv6Gateway ?? "",
      macAddress: endpoint.MacAddress ?? "",
    })),
    ...(configured("ports") && { ports: readPorts(state.Running ? networks.Ports : host.PortBindings, known) }),
    publishAllPorts: host.PublishAllPorts ?? false,
    dns: host.Dns ?? [],
    dnsOpts: host.DnsOptions ?? [],
    dnsSearches: host.DnsSearch ?? [],
    hosts: (host.ExtraHosts ?? []).map((entry: string) => {
      const [name = "", ...address] = entry.split(":");
      return { host: name, ip: address.join(":") };
    }),

    mounts: fromMounts(host.Mounts),
    tmpfs: host.Tmpfs ?? {},
    readOnly: host.ReadonlyRootfs ?? false,
    storageOpts: host.StorageOpt ?? {},
    ...(configured("devices") && { devices: readDevices(host, known) }),

    privileged: host.Privileged ?? false,
    capabilities:
      (host.CapAdd ?? []).length + (host.CapDrop ?? []).length > 0
        ? { adds: host.CapAdd ?? [], drops: host.CapDrop ?? [] }
        : null,
    securityOpts: readSecurity(host, known),
    sysctls: host.Sysctls ?? {},
    groupAdds: host.GroupAdd ?? [],
    runtime: host.Runtime ?? "",
    ipcMode: host.IpcMode ?? "",
    ...(configured("pidMode") && { pidMode: host.PidMode ?? "" }),
    usernsMode: host.UsernsMode ?? "",
    logDriver: host.LogConfig?.Type ?? "",
    logOpts: configured("logOpts") ? (host.LogConfig?.Config ?? {}) : null,
    attach: false,
    logs: false,
  };
}

/** Published ports, in the order in which they were given: their order means nothing to Docker. */
function readPorts(bindings: Docker.PortMap | null | undefined, known: PropertyMap): PropertyMap[] {
  const ports = Object.entries(bindings ?? {}).flatMap(([key, published]) => {
    const [internal = "", protocol = "tcp"] = key.split("/");
    return (published ?? []).map(({ HostIp, HostPort }) => ({
      internal: Number(internal),
      external: Number(HostPort),
      ip: HostIp ?? "",
      protocol,
    }));
  });
  const order = objects(known.ports);
  const rank = (port: (typeof ports)[number]) => {
    const index = order.findIndex(
      (other) => other.internal === port.internal && other.protocol === port.protocol && other.ip === port.ip,
    );
    return index < 0 ? order.length : index;
  };
  return ports.sort((a, b) => rank(a) - rank(b) || a.internal - b.internal);
}

/**
 * Docker adds `label=disable` by itself to a container in the host's namespaces. Where the program gives options
 * without it, the real provider wants to replace the container for ever.
 */
function readSecurity({ SecurityOpt: options }: Docker.HostConfig, known: PropertyMap): string[] {
  const given = strings(known.securityOpts);
  const own = given.length > 0 && !given.some((option) => /^label[=:]/.test(option));
  return ((options ?? []) as string[]).filter((option) => !own || option !== "label=disable");
}

function readThrottles(devices: readonly { Path: string; Rate: number }[] | null | undefined): PropertyMap[] {
  return (devices ?? []).map(({ Path, Rate }) => ({ path: Path, rate: Rate }));
}

function readDevices(host: Docker.HostConfig, known: PropertyMap): PropertyMap[] {
  const explicit = new Set(
    objects(known.devices)
      .filter(({ containerPath }) => containerPath)
      .map(({ hostPath }) => hostPath),
  );
  return ((host.Devices ?? []) as Docker.DeviceMapping[]).map(({ PathOnHost, PathInContainer, CgroupPermissions }) => ({
    hostPath: PathOnHost,
    containerPath: explicit.has(PathOnHost) ? PathInContainer : "",
    permissions: CgroupPermissions,
  }));
}
