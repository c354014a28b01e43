import type Docker from "dockerode";
import { isNotFound, isOutdated } from "../errors.ts";

/** What of a Swarm service concerns us. */
interface Service {
  readonly id: string;
  readonly name: string;
  readonly replicas: number;
  /** Seconds between SIGTERM and SIGKILL. */
  readonly grace: number;
  readonly labels: Readonly<Record<string, string>>;
  /** When anybody last changed it, the number of replicas included; milliseconds since 1970. */
  readonly updatedAt: number;
}

/** Nanoseconds: Docker's own, for a service that says nothing. */
const DEFAULT_GRACE_NS = 10e9;

/** How often an update that lost a race with another writer is tried again. */
const UPDATE_ATTEMPTS = 20;

/** The service with this name; undefined when there is none. */
export async function findService(docker: Docker, name: string): Promise<Service | undefined> {
  const found = await inspect(docker, name);
  return found && toService(found);
}

/**
 * Sets a service's number of replicas to what `wanted` makes of the present one.
 *
 * @returns the service as it was before; undefined when there is none.
 */
export async function scaleService(
  docker: Docker,
  name: string,
  wanted: (replicas: number) => number,
): Promise<Service | undefined> {
  for (let attempt = 1; ; attempt++) {
    const found = await inspect(docker, name);
    if (found === undefined) return undefined;
    const before = toService(found);
    const replicas = wanted(before.replicas);
    if (replicas === before.replicas) return before;
    const spec = { ...found.Spec, Mode: { Replicated: { Replicas: replicas } } };
    try {
      // Apart, because the client would otherwise put the whole spec, config vars included, into the URL.
      await docker.getService(found.ID).update({ _query: { version: found.Version.Index }, _body: spec });
      return before;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (attempt === UPDATE_ATTEMPTS || !isOutdated(error)) throw error;
    }
  }
}

const ENDED = new Set(["complete", "shutdown", "failed", "rejected", "remove", "orphaned"]);

/** The ids of a service's tasks that have not ended; those of a service that is gone have. */
export async function activeTasks(docker: Docker, service: string): Promise<Set<string>> {
  try {
    const tasks: Task[] = await docker.listTasks({ filters: JSON.stringify({ service: [service] }) });
    return new Set(tasks.filter(({ Status }) => !ENDED.has(Status.State)).map(({ ID }) => ID));
  } catch (error) {
    if (isNotFound(error)) return new Set();
    throw error;
  }
}

/** Why Swarm could not start the service's newest task, as "No such image: …"; undefined when it could. */
export async function startProblem(docker: Docker, service: string): Promise<string | undefined> {
  const tasks: Task[] = await docker.listTasks({ filters: JSON.stringify({ service: [service] }) }).catch(() => []);
  tasks.sort((a, b) => b.CreatedAt.localeCompare(a.CreatedAt));
  for (const { Status } of tasks) {
    if (Status.State === "running") return undefined;
    // A container that ran and ended also leaves an error, about its exit status.
    if (Status.Err && !/^task: non-zero exit/.test(Status.Err)) return Status.Err;
  }
  return undefined;
}

interface Task {
  readonly ID: string;
  readonly CreatedAt: string;
  readonly Status: { readonly State: string; readonly Err?: string };
}

interface Inspected {
  readonly ID: string;
  readonly UpdatedAt: string;
  readonly Version: { readonly Index: number };
  readonly Spec: {
    readonly Name: string;
    readonly Labels?: Record<string, string>;
    readonly Mode: { readonly Replicated?: { readonly Replicas?: number } };
    /** Nanoseconds. */
    readonly TaskTemplate: { readonly ContainerSpec?: { readonly StopGracePeriod?: number } };
  };
}

function toService({ ID, UpdatedAt, Spec }: Inspected): Service {
  return {
    id: ID,
    name: Spec.Name,
    replicas: Spec.Mode.Replicated?.Replicas ?? 0,
    grace: (Spec.TaskTemplate.ContainerSpec?.StopGracePeriod ?? DEFAULT_GRACE_NS) / 1e9,
    labels: Spec.Labels ?? {},
    updatedAt: Date.parse(UpdatedAt),
  };
}

async function inspect(docker: Docker, name: string): Promise<Inspected | undefined> {
  try {
    return await docker.getService(name).inspect();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
