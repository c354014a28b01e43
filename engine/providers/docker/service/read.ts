import type { PropertyMap } from "../../../src/values/values.ts";
import { formatDuration } from "../durations.ts";
import { fromHealthcheck } from "../healthcheck.ts";
import { labelList } from "../labels.ts";
import { fromMounts } from "../mounts.ts";
import type { ContainerSpec, Resources, Rollout, Service, TaskTemplate } from "./api.ts";

/** A service as the real provider's read has it. `auth` and `convergeConfig` are not in Docker. */
export function readService({ Spec: spec, Endpoint: endpoint }: Service): PropertyMap {
  const mode = spec.Mode ?? {};
  // The endpoint appears when Swarm has allotted it; until then the specification says the same.
  const allotted = endpoint?.Spec?.Mode ? endpoint : undefined;
  return {
    name: spec.Name,
    labels: labelList(spec.Labels),
    taskSpec: readTask(spec.TaskTemplate),
    mode: {
      global: Boolean(mode.Global),
      replicated: mode.Replicated ? { replicas: mode.Replicated.Replicas ?? 1 } : null,
    },
    updateConfig: readRollout(spec.UpdateConfig),
    rollbackConfig: readRollout(spec.RollbackConfig),
    endpointSpec: {
      mode: allotted?.Spec?.Mode ?? spec.EndpointSpec?.Mode ?? "vip",
      ports: ((allotted ? allotted.Ports : spec.EndpointSpec?.Ports) ?? []).map((port) => ({
        name: port.Name ?? "",
        protocol: port.Protocol ?? "tcp",
        targetPort: port.TargetPort ?? 0,
        publishedPort: port.PublishedPort ?? 0,
        publishMode: port.PublishMode ?? "ingress",
      })),
    },
  };
}

function readTask(task: TaskTemplate): PropertyMap {
  return {
    containerSpec: readContainerSpec(task.ContainerSpec),
    resources: {
      limits: readResources(task.Resources?.Limits),
      reservation: readResources(task.Resources?.Reservations),
    },
    restartPolicy: task.RestartPolicy
      ? {
          condition: task.RestartPolicy.Condition ?? "",
          delay: formatDuration(task.RestartPolicy.Delay ?? 0),
          maxAttempts: task.RestartPolicy.MaxAttempts ?? 0,
          window: formatDuration(task.RestartPolicy.Window ?? 0),
        }
      : null,
    placement: {
      constraints: [...(task.Placement?.Constraints ?? [])],
      prefs: (task.Placement?.Preferences ?? []).map(({ Spread }) => Spread?.SpreadDescriptor ?? ""),
      maxReplicas: task.Placement?.MaxReplicas ?? 0,
      platforms: (task.Placement?.Platforms ?? []).map(({ Architecture = "", OS = "" }) => ({
        architecture: Architecture,
        os: OS,
      })),
    },
    forceUpdate: task.ForceUpdate ?? 0,
    runtime: task.Runtime ?? "container",
    networksAdvanceds: (task.Networks ?? []).map((network) => ({
      id: network.Target,
      name: "",
      aliases: [...(network.Aliases ?? [])],
      driverOpts: Object.entries(network.DriverOpts ?? {}).map(([key, value]) => `${key}=${value}`),
    })),
    logDriver: task.LogDriver ? { name: task.LogDriver.Name, options: task.LogDriver.Options ?? {} } : null,
  };
}

function readContainerSpec(spec: ContainerSpec): PropertyMap {
  return {
    image: spec.Image,
    labels: labelList(spec.Labels),
    commands: [...(spec.Command ?? [])],
    args: [...(spec.Args ?? [])],
    hostname: spec.Hostname ?? "",
    env: Object.fromEntries(
      (spec.Env ?? []).map((entry) => {
        const [key = "", ...value] = entry.split("=");
        return [key, value.join("=")];
      }),
    ),
    dir: spec.Dir ?? "",
    user: spec.User ?? "",
    groups: [...(spec.Groups ?? [])],
    privileges: null,
    readOnly: spec.ReadOnly ?? false,
    mounts: fromMounts(spec.Mounts),
    stopSignal: spec.StopSignal ?? "",
    stopGracePeriod: formatDuration(spec.StopGracePeriod ?? 0),
    healthcheck: fromHealthcheck(spec.Healthcheck),
    hosts: (spec.Hosts ?? []).map((entry) => {
      const [ip = "", host = ""] = entry.split(" ");
      return { ip, host };
    }),
    dnsConfig: readDns(spec.DNSConfig),
    secrets: [],
    configs: [],
    isolation: spec.Isolation ?? "default",
    sysctl: spec.Sysctls ?? {},
    capAdds: [...(spec.CapabilityAdd ?? [])],
    capDrops: [...(spec.CapabilityDrop ?? [])],
    init: spec.Init ?? false,
  };
}

/** With nothing set, the real provider's state has the object with nothing but nulls. */
function readDns(config: ContainerSpec["DNSConfig"]): PropertyMap {
  const { Nameservers, Search, Options } = config ?? {};
  const empty = [Nameservers, Search, Options].every((part) => (part ?? []).length === 0);
  const value = (part: readonly string[] | null | undefined) => (empty ? null : [...(part ?? [])]);
  return { nameservers: value(Nameservers), searches: value(Search), options: value(Options) };
}

function readResources(resources: Resources | null | undefined): PropertyMap | null {
  if (!resources) return null;
  return { nanoCpus: resources.NanoCPUs ?? 0, memoryBytes: resources.MemoryBytes ?? 0 };
}

function readRollout(config: Rollout | null | undefined): PropertyMap | null {
  if (!config) return null;
  const ratio = config.MaxFailureRatio ?? 0;
  return {
    parallelism: config.Parallelism ?? 0,
    delay: formatDuration(config.Delay ?? 0),
    failureAction: config.FailureAction ?? "",
    monitor: formatDuration(config.Monitor ?? 0),
    maxFailureRatio: ratio.toFixed(1),
    order: config.Order ?? "",
  };
}
