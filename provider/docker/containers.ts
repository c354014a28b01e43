import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { activeTasks, scaleService } from "../../lib/docker/service.ts";
import { dockerStatus, isNotFound } from "../../lib/errors.ts";

/** Set by Swarm on every container it makes. */
const SERVICE_LABEL = "com.docker.swarm.service.name";
const TASK_LABEL = "com.docker.swarm.task.id";

/** Milliseconds between two looks whether a container has ended. */
const LOOK_EVERY_MS = 100;

/** The containers of a service, newest first; those that have ended too while Swarm keeps them. */
export async function containersOf(docker: Docker, service: string): Promise<Docker.ContainerInfo[]> {
  const filters = JSON.stringify({ label: [`${SERVICE_LABEL}=${service}`] });
  const containers = await docker.listContainers({ all: true, filters });
  return containers.sort((a, b) => b.Created - a.Created);
}

/**
 * The last lines that a service's newest container wrote, both streams in their order.
 * A container that was only just made has none yet, and then the one before it is read.
 *
 * @param until leaves out what was written later, in seconds since 1970
 */
export async function lastLines(
  docker: Docker,
  service: string,
  { lines = 20, until }: { readonly lines?: number; readonly until?: number } = {},
): Promise<string[]> {
  for (const { Id } of await containersOf(docker, service)) {
    try {
      // With both, Docker takes the tail first and may have nothing left of before.
      const part = until === undefined ? { tail: lines } : { until };
      const log = await docker.getContainer(Id).logs({ stdout: true, stderr: true, follow: false, ...part });
      const text = unframe(log as unknown as Buffer);
      if (text.length > 0) return text.slice(-lines);
    } catch (error) {
      // Swarm removes ended containers beyond its history while we look.
      if (!isNotFound(error) && dockerStatus(error) !== 409) throw error;
    }
  }
  return [];
}

/** Docker's log stream without a terminal: frames of 8 bytes (stream, 0, 0, 0, length big-endian) and data. */
function unframe(log: Buffer): string[] {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= log.length; ) {
    const length = log.readUInt32BE(at + 4);
    parts.push(log.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  const lines = Buffer.concat(parts).toString("utf8").split("\n");
  return lines.map((line) => line.trimEnd()).filter((line) => line !== "");
}

/**
 * Takes a service to no replica and waits until none of its containers runs. A service that is gone is stopped.
 * Each container is asked to end at once: Swarm itself would let three seconds go by before, for other nodes to hear
 * of it, and nothing is sent to a dyno any more by then. Swarm asks a second time, if that takes longer.
 *
 * @param timeout seconds.
 */
export async function stopService(
  docker: Docker,
  service: string,
  timeout: number,
  signal: AbortSignal,
): Promise<void> {
  const found = await scaleService(docker, service, () => 0);
  const grace = found?.grace ?? 0;
  const asked = new Set<string>();
  const end = performance.now() + timeout * 1000;
  for (;;) {
    const left = await running(docker, service);
    if (left.length === 0) return;
    for (const { Id, State } of left) {
      if (asked.has(Id) || (State !== "running" && State !== "paused")) continue;
      asked.add(Id);
      const container = docker.getContainer(Id);
      // What is frozen hears no SIGTERM. Should it fail, Swarm does the same a little later.
      const thawed = State === "paused" ? container.unpause() : Promise.resolve();
      thawed.then(() => container.stop({ t: grace, abortSignal: signal })).catch(() => {});
    }
    if (performance.now() > end)
      throw new Error(`the container of ${service} still runs after ${timeout} seconds; see docker ps`);
    // Docker lists a container as running for some time after its event of having died, so events do not help.
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** Thaws the dynos of an app that naps. One that is gone, or was thawed meanwhile, is none. */
export async function thawApp(docker: Docker, platform: string, app: string): Promise<void> {
  const label = [`dynoform.platform=${platform}`, `dynoform.app=${app}`];
  const paused = await docker.listContainers({ filters: JSON.stringify({ label, status: ["paused"] }) });
  await Promise.all(
    paused.map(async ({ Id }) => {
      try {
        await docker.getContainer(Id).unpause();
      } catch (error) {
        if (!isNotFound(error) && (await isPaused(docker, Id))) throw error;
      }
    }),
  );
}

async function isPaused(docker: Docker, container: string): Promise<boolean> {
  try {
    return (await docker.getContainer(container).inspect()).State.Paused;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** The containers of a service that run or are about to. */
async function running(docker: Docker, service: string): Promise<Docker.ContainerInfo[]> {
  const containers = await containersOf(docker, service);
  const left = containers.filter(({ State }) => State !== "exited" && State !== "dead");
  if (!left.some(({ State }) => State === "created")) return left;
  // One that could not be started stays as "created"; so is one that Swarm is about to start.
  const active = await activeTasks(docker, service);
  return left.filter(({ State, Labels }) => State !== "created" || active.has(Labels[TASK_LABEL] ?? ""));
}

/** Something that happened to a container of a watched service. */
export interface ContainerEvent {
  readonly action: "start" | "die" | "destroy";
  readonly service: string;
  readonly container: string;
  /** The exit status, for `die`. */
  readonly status: number | undefined;
}

/**
 * Calls `seen` for every start and end of a container of these services, until disposed. From its promise's
 * resolution on nothing is missed. `lost` is called when Docker ends the stream.
 */
export async function watchContainers(
  docker: Docker,
  services: readonly string[],
  seen: (event: ContainerEvent) => void,
  lost: (error: Error) => void,
): Promise<Disposable> {
  const filters = JSON.stringify({ type: ["container"], event: ["start", "die", "destroy"] });
  const stream = await docker.getEvents({ filters });
  let ended = false;
  let rest = "";
  // A character may lie across two chunks.
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = parseEvent(line);
      if (event && !ended && services.includes(event.service)) seen(event);
    }
  });
  const end = () => {
    if (!ended) lost(new Error("Docker ended its stream of events; is it being stopped?"));
  };
  stream.on("error", end);
  stream.on("end", end);
  stream.on("close", end);
  return {
    [Symbol.dispose]() {
      ended = true;
      (stream as NodeJS.ReadableStream & { destroy(): void }).destroy();
    },
  };
}

function parseEvent(line: string): ContainerEvent | undefined {
  if (line.trim() === "") return undefined;
  const { Action, Actor } = JSON.parse(line);
  const service = Actor?.Attributes?.[SERVICE_LABEL];
  if (service === undefined) return undefined;
  const status = Actor.Attributes.exitCode === undefined ? undefined : Number(Actor.Attributes.exitCode);
  return { action: Action, service, container: Actor.ID, status };
}
