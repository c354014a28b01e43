import type { PropertyMap } from "../../../src/values/values.ts";
import { keysOf } from "../../bridge/schema.ts";
import { nanoseconds } from "../durations.ts";
import { toHealthcheck } from "../healthcheck.ts";
import { labelMap } from "../labels.ts";
import { toMounts } from "../mounts.ts";
import { number, objects, properties, stringMap, strings, text } from "../values.ts";
import type {
  ContainerSpec,
  EndpointSpec,
  NetworkAttachment,
  Resources,
  Rollout,
  ServiceMode,
  ServiceSpec,
  TaskTemplate,
} from "./api.ts";

/** A service in the words of Docker's API. What the program does not give is sent as the real provider sends it. */
export function serviceSpec(inputs: PropertyMap): ServiceSpec {
  return {
    Name: text(inputs.name),
    Labels: labelMap(inputs.labels),
    TaskTemplate: taskTemplate(properties(inputs.taskSpec)),
    Mode: serviceMode(properties(inputs.mode)),
    ...(inputs.updateConfig && { UpdateConfig: rollout(properties(inputs.updateConfig)) }),
    ...(inputs.rollbackConfig && { RollbackConfig: rollout(properties(inputs.rollbackConfig)) }),
    EndpointSpec: endpointSpec(properties(inputs.endpointSpec)),
  };
}

function taskTemplate(task: PropertyMap): TaskTemplate {
  const resources = properties(task.resources);
  const { placement, restartPolicy, logDriver } = task;
  return {
    ContainerSpec: containerSpec(properties(task.containerSpec)),
    Resources: {
      ...(resources.limits && { Limits: limits(properties(resources.limits)) }),
      ...(resources.reservation && { Reservations: limits(properties(resources.reservation)) }),
    },
    RestartPolicy: restartPolicy ? restart(properties(restartPolicy)) : {},
    Placement: placement ? placementSpec(properties(placement)) : {},
    ForceUpdate: number(task.forceUpdate),
    Runtime: text(task.runtime) || "container",
    Networks: objects(task.networksAdvanceds).map(attachment),
    ...(logDriver && {
      LogDriver: { Name: text(properties(logDriver).name), Options: stringMap(properties(logDriver).options) },
    }),
  };
}

function containerSpec(spec: PropertyMap): ContainerSpec {
  const dns = properties(spec.dnsConfig);
  const environment = properties(spec.env);
  return {
    Image: text(spec.image),
    Labels: labelMap(spec.labels),
    Command: strings(spec.commands),
    Args: strings(spec.args),
    Hostname: text(spec.hostname),
    // Sorted: another order would be another task to Swarm, and restart it.
    Env: keysOf(environment)
      .sort()
      .map((key) => `${key}=${text(environment[key])}`),
    Dir: text(spec.dir),
    User: text(spec.user),
    Groups: strings(spec.groups),
    ReadOnly: spec.readOnly === true,
    Mounts: toMounts(spec.mounts),
    StopSignal: text(spec.stopSignal),
    StopGracePeriod: nanoseconds(spec.stopGracePeriod),
    Healthcheck: toHealthcheck(properties(spec.healthcheck)),
    Hosts: objects(spec.hosts).map(({ ip, host }) => `${ip} ${host}`),
    DNSConfig: {
      Nameservers: strings(dns.nameservers),
      Search: strings(dns.searches),
      Options: strings(dns.options),
    },
    Isolation: text(spec.isolation),
    Sysctls: stringMap(spec.sysctl),
    CapabilityAdd: strings(spec.capAdds),
    CapabilityDrop: strings(spec.capDrops),
    Init: spec.init === true,
  };
}

function limits(resources: PropertyMap): Resources {
  return { NanoCPUs: number(resources.nanoCpus), MemoryBytes: number(resources.memoryBytes) };
}

function restart(policy: PropertyMap): NonNullable<TaskTemplate["RestartPolicy"]> {
  return {
    Condition: text(policy.condition),
    Delay: nanoseconds(policy.delay),
    MaxAttempts: number(policy.maxAttempts),
    Window: nanoseconds(policy.window),
  };
}

function placementSpec(placement: PropertyMap): NonNullable<TaskTemplate["Placement"]> {
  return {
    Constraints: strings(placement.constraints),
    Preferences: strings(placement.prefs).map((SpreadDescriptor) => ({ Spread: { SpreadDescriptor } })),
    MaxReplicas: number(placement.maxReplicas),
    Platforms: objects(placement.platforms).map(({ architecture, os }) => ({
      Architecture: text(architecture),
      OS: text(os),
    })),
  };
}

function attachment(network: PropertyMap): NetworkAttachment {
  const options = strings(network.driverOpts).map((option): [string, string] => {
    const [key = "", ...value] = option.split("=");
    return [key, value.join("=")];
  });
  return {
    Target: text(network.id) || text(network.name),
    Aliases: strings(network.aliases),
    DriverOpts: Object.fromEntries(options),
  };
}

function serviceMode(mode: PropertyMap): ServiceMode {
  if (mode.global === true) return { Global: {} };
  return mode.replicated ? { Replicated: { Replicas: number(properties(mode.replicated).replicas) } } : {};
}

function rollout(config: PropertyMap): Rollout {
  return {
    Parallelism: number(config.parallelism),
    Delay: nanoseconds(config.delay),
    FailureAction: text(config.failureAction),
    Monitor: nanoseconds(config.monitor),
    MaxFailureRatio: Number(config.maxFailureRatio),
    Order: text(config.order),
  };
}

function endpointSpec(endpoint: PropertyMap): EndpointSpec {
  return {
    ...(endpoint.mode && { Mode: text(endpoint.mode) }),
    Ports: objects(endpoint.ports).map((port) => ({
      Name: text(port.name),
      Protocol: text(port.protocol) as "tcp" | "udp" | "sctp",
      TargetPort: number(port.targetPort),
      PublishedPort: number(port.publishedPort),
      PublishMode: text(port.publishMode) as "ingress" | "host",
    })),
  };
}
