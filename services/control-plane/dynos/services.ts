import type Docker from "dockerode";
import { scaleService } from "../../../lib/docker/service.ts";
import { isNotFound, isOutdated } from "../../../lib/errors.ts";

/** A dyno as Swarm has it: a service of one replica, or of none; of two while it is restarted. */
export interface DynoService {
  readonly id: string;
  readonly name: string;
  readonly app: string;
  readonly dyno: string;
  readonly type: string;
  readonly size: string;
  readonly command: string | undefined;
  /** Docker's id of it. */
  readonly image: string | undefined;
  /** Bytes that it may have; undefined: as many as there are. */
  readonly memory: number | undefined;
  /** Processes and threads that it may have; undefined: nobody says. */
  readonly processes: number | undefined;
  readonly replicas: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** When anybody last changed it, the number of replicas included; milliseconds since 1970. */
  readonly updatedAt: number;
  /** Which of its forms this is, and all of it: what an update has to bring. Holds config vars: never shown. */
  readonly form: { readonly version: number; readonly spec: Docker.ServiceSpec };
}

/** The services of the platform's dynos, as Docker has them. */
export class DynoServices {
  readonly #docker: Docker;
  readonly #platform: string;
  constructor(docker: Docker, platform: string) {
    this.#docker = docker;
    this.#platform = platform;
  }

  /** Those of one app, or of all; by dyno, of one dyno the oldest first. */
  async all(app?: string): Promise<DynoService[]> {
    const label = [`dynoform.platform=${this.#platform}`];
    if (app !== undefined) label.push(`dynoform.app=${app}`);
    const found = await this.#docker.listServices({ filters: JSON.stringify({ label }) });
    const services = found.map(toDynoService).filter((service) => service !== undefined);
    return services.sort((a, b) => compareDynos(a.dyno, b.dyno) || a.createdAt - b.createdAt);
  }

  /** False: there is no such service. */
  async scale(service: string, replicas: number): Promise<boolean> {
    return (await scaleService(this.#docker, service, () => replicas)) !== undefined;
  }

  /**
   * Lets a service have two containers; `alone` ends that.
   *
   * @param held Swarm starts none in the place of one that ends: one a machine, it says
   * @returns false: there is no such service any more
   */
  double(service: string, { held = false } = {}): Promise<boolean> {
    return this.#change(service, held ? 1 : 0, (replicas) => (replicas === 0 ? 0 : 2));
  }

  /** Brings a service back to one replica. Which of two that run Swarm then ends, it does not say. */
  alone(service: string): Promise<boolean> {
    return this.#change(service, 0, (replicas) => Math.min(replicas, 1));
  }

  /** The containers of a service's tasks that Swarm believes to run. */
  async tasks(service: string): Promise<ReadonlySet<string>> {
    const found: Task[] = await this.#docker.listTasks({ filters: JSON.stringify({ service: [service] }) });
    const running = found.filter(({ Status }) => Status.State === "running");
    return new Set(running.map(({ Status }) => Status.ContainerStatus?.ContainerID ?? ""));
  }

  async #change(service: string, perNode: number, replicas: (now: number) => number): Promise<boolean> {
    for (;;) {
      try {
        const { ID, Version, Spec } = await this.#docker.getService(service).inspect();
        // A change of placement alone leaves the containers that run as they are.
        const { MaxReplicas: before = 0, ...others } = Spec.TaskTemplate?.Placement ?? {};
        const Placement = perNode > 0 ? { ...others, MaxReplicas: perNode } : others;
        const now = Spec.Mode?.Replicated?.Replicas ?? 0;
        const Replicas = replicas(now);
        if (Replicas === now && perNode === before) return true;
        const TaskTemplate = { ...Spec.TaskTemplate, Placement };
        const _body = { ...Spec, TaskTemplate, Mode: { Replicated: { Replicas } } };
        await this.#docker.getService(ID).update({ _query: { version: Version.Index }, _body });
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        if (!isOutdated(error)) throw error;
      }
    }
  }

  /**
   * Brings a service that was read before to one replica: with one call if nobody has changed it since.
   *
   * @returns false: there is no such service any more
   */
  async startKnown({ id, name, form }: DynoService): Promise<boolean> {
    const _body = { ...form.spec, Mode: { Replicated: { Replicas: 1 } } };
    try {
      await this.#docker.getService(id).update({ _query: { version: form.version }, _body });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      if (!isOutdated(error)) throw error;
      return this.scale(name, 1);
    }
  }
}

/** What the dyno's init reads its limit from. */
const PROCESSES = "DYNOFORM_PROCESSES=";

interface Task {
  readonly Status: { readonly State: string; readonly ContainerStatus?: { readonly ContainerID?: string } };
}

/** `web.2` before `web.10`, `web` before the others. */
export function compareDynos(a: string, b: string): number {
  const [typeA = "", indexA] = a.split(".");
  const [typeB = "", indexB] = b.split(".");
  if (typeA === typeB) return Number(indexA) - Number(indexB);
  if (typeA === "web" || typeB === "web") return typeA === "web" ? -1 : 1;
  return typeA < typeB ? -1 : 1;
}

function toDynoService(found: Docker.Service): DynoService | undefined {
  const spec = found.Spec as Docker.ServiceSpec & {
    readonly Labels?: Record<string, string>;
    readonly TaskTemplate?: {
      readonly ContainerSpec?: { readonly Args?: string[]; readonly Image?: string; readonly Env?: string[] };
      readonly Resources?: { readonly Limits?: { readonly MemoryBytes?: number } };
    };
  };
  const container = spec?.TaskTemplate?.ContainerSpec;
  const labels = spec?.Labels ?? {};
  const app = labels["dynoform.app"];
  const dyno = labels["dynoform.dyno"];
  if (spec === undefined || app === undefined || dyno === undefined) return undefined;
  return {
    id: found.ID,
    name: spec.Name ?? "",
    app,
    dyno,
    type: labels["dynoform.type"] ?? dyno.replace(/\..*$/, ""),
    size: labels["dynoform.size"] ?? "free",
    command: container?.Args?.join(" "),
    image: container?.Image,
    memory: spec.TaskTemplate?.Resources?.Limits?.MemoryBytes || undefined,
    processes:
      Number(container?.Env?.find((entry) => entry.startsWith(PROCESSES))?.slice(PROCESSES.length)) || undefined,
    replicas: spec.Mode?.Replicated?.Replicas ?? 0,
    createdAt: Date.parse(found.CreatedAt ?? ""),
    updatedAt: Date.parse(found.UpdatedAt ?? ""),
    form: { version: Number(found.Version?.Index), spec },
  };
}
