import type Docker from "dockerode";
import { isNotFound } from "./service.ts";

/** Set by Swarm on every container it makes. */
const SERVICE_LABEL = "com.docker.swarm.service.name";

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
      if (!isNotFound(error) && (error as { statusCode?: number }).statusCode !== 409) throw error;
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
  stream.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString("utf8")).split("\n");
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
