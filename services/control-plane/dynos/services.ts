import type Docker from "dockerode";
import { scaleService } from "../../../provider/docker/service.ts";
import { isNotFound } from "../../errors.ts";

/** A dyno as Swarm has it: a service of one replica, or of none. */
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
      if (!/out of sequence/.test(String(error))) throw error;
      return this.scale(name, 1);
    }
  }
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
    readonly TaskTemplate?: { readonly ContainerSpec?: { readonly Args?: string[]; readonly Image?: string } };
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
    replicas: spec.Mode?.Replicated?.Replicas ?? 0,
    createdAt: Date.parse(found.CreatedAt ?? ""),
    updatedAt: Date.parse(found.UpdatedAt ?? ""),
    form: { version: Number(found.Version?.Index), spec },
  };
}
