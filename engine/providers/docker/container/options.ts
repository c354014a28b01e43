import type Docker from "dockerode";
import type { PropertyMap, PropertyValue } from "../../../src/values/values.ts";
import { toHealthcheck } from "../healthcheck.ts";
import { labelMap } from "../labels.ts";
import { toMounts } from "../mounts.ts";
import { number, objects, properties, stringMap, strings, text } from "../values.ts";

const MEGABYTE = 1024 * 1024;

/** What to create, in the words of Docker's API. */
export function createOptions(inputs: PropertyMap): Docker.ContainerCreateOptions {
  const ports = objects(inputs.ports).map((port) => ({ ...port, key: `${port.internal}/${text(port.protocol)}` }));
  const { volumes, binds, from } = volumeOptions(inputs.volumes);
  return {
    name: text(inputs.name),
    Image: text(inputs.image),
    Hostname: text(inputs.hostname),
    Domainname: text(inputs.domainname),
    Tty: inputs.tty === true,
    OpenStdin: inputs.stdinOpen === true,
    Env: strings(inputs.envs),
    Labels: labelMap(inputs.labels),
    ExposedPorts: Object.fromEntries(ports.map(({ key }) => [key, {}])),
    Volumes: Object.fromEntries(volumes.map((path) => [path, {}])),
    ...given(inputs.command, { Cmd: strings(inputs.command) }),
    ...given(inputs.entrypoints, { Entrypoint: strings(inputs.entrypoints) }),
    ...given(inputs.user, { User: text(inputs.user) }),
    ...given(inputs.workingDir, { WorkingDir: text(inputs.workingDir) }),
    ...given(inputs.stopSignal, { StopSignal: text(inputs.stopSignal) }),
    ...given(inputs.stopTimeout, { StopTimeout: number(inputs.stopTimeout) }),
    ...given(inputs.healthcheck, { Healthcheck: toHealthcheck(properties(inputs.healthcheck)) }),
    ...given(inputs.platform, { platform: text(inputs.platform) }),
    HostConfig: {
      ...resourceOptions(inputs),
      ...kernelOptions(inputs),
      Binds: binds,
      VolumesFrom: from,
      Mounts: toMounts(inputs.mounts),
      Tmpfs: stringMap(inputs.tmpfs),
      StorageOpt: stringMap(inputs.storageOpts),
      ReadonlyRootfs: inputs.readOnly === true,
      AutoRemove: inputs.rm === true,
      NetworkMode: text(inputs.networkMode),
      PublishAllPorts: inputs.publishAllPorts === true,
      PortBindings: portBindings(ports),
      Dns: strings(inputs.dns),
      DnsOptions: strings(inputs.dnsOpts),
      DnsSearch: strings(inputs.dnsSearches),
      ExtraHosts: objects(inputs.hosts).map(({ host, ip }) => `${host}:${ip}`),
      LogConfig: { Type: text(inputs.logDriver), Config: stringMap(inputs.logOpts) },
    },
  };
}

/** What can be changed on a container that is there. */
export function resourceOptions(inputs: PropertyMap): Docker.HostConfig {
  const swap = number(inputs.memorySwap);
  return {
    RestartPolicy: { Name: text(inputs.restart), MaximumRetryCount: number(inputs.maxRetryCount) },
    Memory: number(inputs.memory) * MEGABYTE,
    MemoryReservation: number(inputs.memoryReservation) * MEGABYTE,
    ...given(inputs.memorySwap, { MemorySwap: swap > 0 ? swap * MEGABYTE : swap }),
    CpuShares: number(inputs.cpuShares),
    CpusetCpus: text(inputs.cpuSet),
    ...given(inputs.cpuPeriod, { CpuPeriod: number(inputs.cpuPeriod) }),
    ...given(inputs.cpuQuota, { CpuQuota: number(inputs.cpuQuota) }),
  };
}

function kernelOptions(inputs: PropertyMap): Docker.HostConfig {
  const capabilities = properties(inputs.capabilities);
  return {
    Init: inputs.init === true,
    Privileged: inputs.privileged === true,
    CapAdd: strings(capabilities.adds),
    CapDrop: strings(capabilities.drops),
    SecurityOpt: strings(inputs.securityOpts),
    Sysctls: stringMap(inputs.sysctls),
    GroupAdd: strings(inputs.groupAdds),
    ...given(inputs.cpus, { NanoCpus: Math.round(Number(inputs.cpus) * 1e9) }),
    ...given(inputs.shmSize, { ShmSize: number(inputs.shmSize) * MEGABYTE }),
    ...given(inputs.runtime, { Runtime: text(inputs.runtime) }),
    ...given(inputs.ipcMode, { IpcMode: text(inputs.ipcMode) }),
    ...given(inputs.pidMode, { PidMode: text(inputs.pidMode) }),
    ...given(inputs.usernsMode, { UsernsMode: text(inputs.usernsMode) }),
    ...given(inputs.cgroupParent, { CgroupParent: text(inputs.cgroupParent) }),
    ...given(inputs.cgroupnsMode, { CgroupnsMode: text(inputs.cgroupnsMode) as "private" | "host" }),
    Ulimits: objects(inputs.ulimits).map(({ name, soft, hard }) => ({
      Name: text(name),
      Soft: number(soft),
      Hard: number(hard),
    })),
    Devices: objects(inputs.devices).map(({ hostPath, containerPath, permissions }) => ({
      PathOnHost: text(hostPath),
      PathInContainer: text(containerPath) || text(hostPath),
      CgroupPermissions: text(permissions),
    })),
    BlkioDeviceReadBps: throttles(inputs.deviceReadBps),
    BlkioDeviceReadIOps: throttles(inputs.deviceReadIops),
    BlkioDeviceWriteBps: throttles(inputs.deviceWriteBps),
    BlkioDeviceWriteIOps: throttles(inputs.deviceWriteIops),
  };
}

/** One of `networksAdvanced`, to connect to. */
export function endpointOptions(advanced: PropertyMap): Docker.EndpointSettings {
  const { ipv4Address, ipv6Address, linkLocalIps, macAddress, gwPriority } = advanced;
  return {
    Aliases: strings(advanced.aliases),
    IPAMConfig: {
      ...given(ipv4Address, { IPv4Address: text(ipv4Address) }),
      ...given(ipv6Address, { IPv6Address: text(ipv6Address) }),
      ...given(linkLocalIps, { LinkLocalIPs: strings(linkLocalIps) }),
    },
    ...given(macAddress, { MacAddress: text(macAddress) }),
    ...given(gwPriority, { GwPriority: number(gwPriority) }),
    DriverOpts: Object.fromEntries(
      strings(advanced.driverOpts).map((option) => {
        const [key = "", ...value] = option.split("=");
        return [key, value.join("=")];
      }),
    ),
  } as Docker.EndpointSettings;
}

function portBindings(ports: readonly (PropertyMap & { key: string })[]): Docker.PortMap {
  const bindings: Docker.PortMap = {};
  for (const { key, external, ip } of ports) {
    const binding = { HostIp: text(ip), HostPort: external === undefined ? "" : String(external) };
    bindings[key] = [...(bindings[key] ?? []), binding];
  }
  return bindings;
}

function volumeOptions(value: PropertyValue | undefined) {
  const options = { volumes: [] as string[], binds: [] as string[], from: [] as string[] };
  for (const volume of objects(value)) {
    const path = text(volume.containerPath);
    const source = text(volume.hostPath) || text(volume.volumeName);
    const fromContainer = text(volume.fromContainer);
    if (fromContainer) {
      options.from.push(fromContainer);
      continue;
    }
    options.volumes.push(path);
    if (!source) continue;
    const mode = [volume.readOnly === true ? "ro" : "rw", text(volume.selinuxRelabel)].filter(Boolean).join(",");
    options.binds.push(`${source}:${path}:${mode}`);
  }
  return options;
}

function throttles(value: PropertyValue | undefined): { Path: string; Rate: number }[] {
  return objects(value).map(({ path, rate }) => ({ Path: text(path), Rate: number(rate) }));
}

/** The options if the program gave the value; else the daemon's default stands. */
function given<T extends object>(value: PropertyValue | undefined, options: T): T | undefined {
  return value === undefined || value === null ? undefined : options;
}
