import type Docker from "dockerode";

// Docker's API as far as the service resource speaks it; dockerode's typings differ from it in places.

export interface ServiceSpec {
  readonly Name: string;
  readonly Labels?: Record<string, string> | null;
  readonly TaskTemplate: TaskTemplate;
  readonly Mode?: ServiceMode;
  readonly UpdateConfig?: Rollout | null;
  readonly RollbackConfig?: Rollout | null;
  readonly EndpointSpec?: EndpointSpec | null;
}

export interface TaskTemplate {
  readonly ContainerSpec: ContainerSpec;
  readonly Resources?: { readonly Limits?: Resources | null; readonly Reservations?: Resources | null } | null;
  readonly RestartPolicy?: {
    readonly Condition?: string;
    readonly Delay?: number;
    readonly MaxAttempts?: number;
    readonly Window?: number;
  } | null;
  readonly Placement?: {
    readonly Constraints?: readonly string[] | null;
    readonly Preferences?: readonly { readonly Spread?: { readonly SpreadDescriptor: string } }[] | null;
    readonly MaxReplicas?: number;
    readonly Platforms?: readonly { readonly Architecture?: string; readonly OS?: string }[] | null;
  } | null;
  readonly ForceUpdate?: number;
  readonly Runtime?: string;
  readonly Networks?: readonly NetworkAttachment[] | null;
  readonly LogDriver?: { readonly Name: string; readonly Options?: Record<string, string> | null } | null;
}

export interface ContainerSpec {
  readonly Image: string;
  readonly Labels?: Record<string, string> | null;
  readonly Command?: readonly string[] | null;
  readonly Args?: readonly string[] | null;
  readonly Hostname?: string;
  readonly Env?: readonly string[] | null;
  readonly Dir?: string;
  readonly User?: string;
  readonly Groups?: readonly string[] | null;
  readonly ReadOnly?: boolean;
  readonly Mounts?: readonly Docker.MountSettings[] | null;
  readonly StopSignal?: string;
  readonly StopGracePeriod?: number;
  readonly Healthcheck?: Docker.HealthConfig | null;
  readonly Hosts?: readonly string[] | null;
  readonly DNSConfig?: {
    readonly Nameservers?: readonly string[] | null;
    readonly Search?: readonly string[] | null;
    readonly Options?: readonly string[] | null;
  } | null;
  readonly Isolation?: string;
  readonly Sysctls?: Record<string, string> | null;
  readonly CapabilityAdd?: readonly string[] | null;
  readonly CapabilityDrop?: readonly string[] | null;
  readonly Init?: boolean | null;
}

export interface Resources {
  readonly NanoCPUs?: number;
  readonly MemoryBytes?: number;
}

export interface NetworkAttachment {
  readonly Target: string;
  readonly Aliases?: readonly string[] | null;
  readonly DriverOpts?: Record<string, string> | null;
}

export interface ServiceMode {
  readonly Replicated?: { readonly Replicas?: number } | null;
  readonly Global?: object | null;
}

export interface Rollout {
  readonly Parallelism?: number;
  readonly Delay?: number;
  readonly FailureAction?: string;
  readonly Monitor?: number;
  readonly MaxFailureRatio?: number;
  readonly Order?: string;
}

export interface EndpointSpec {
  readonly Mode?: string;
  readonly Ports?: readonly Docker.PortConfig[] | null;
}

export interface Service {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: ServiceSpec;
  readonly Endpoint?: { readonly Spec?: EndpointSpec; readonly Ports?: readonly Docker.PortConfig[] | null };
}

export interface Task {
  readonly DesiredState?: string;
  readonly Spec?: { readonly ForceUpdate?: number };
  readonly Status?: { readonly State?: string; readonly Err?: string };
}
