import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import type { DockerEvent } from "./docker-dynos.ts";

/** Docker's events, as they come. Disposing it ends it. */
interface EventStream extends Disposable {
  /** Resolves when there will be no more: Docker was stopped, say. */
  readonly ended: Promise<void>;
}

/** From its promise's resolution on, no event of the platform's containers is missed until the stream ends. */
export async function openEvents(
  docker: Docker,
  platform: string,
  seen: (event: DockerEvent) => void,
): Promise<EventStream> {
  const filters = JSON.stringify({
    type: ["container"],
    event: ["start", "kill", "oom", "die", "destroy", "pause", "unpause"],
    label: [`dynoform.platform=${platform}`],
  });
  const stream = (await docker.getEvents({ filters })) as NodeJS.ReadableStream & { destroy(): void };
  const { promise, resolve } = Promise.withResolvers<void>();
  let rest = "";
  // A character may be cut in two by chunks.
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") seen(JSON.parse(line));
  });
  for (const end of ["error", "end", "close"]) stream.on(end, () => resolve());
  return { ended: promise, [Symbol.dispose]: () => stream.destroy() };
}

/**
 * Starts, ends and pauses of dynos that have been, oldest first. Docker keeps the last few hundred of its events, until it is
 * itself started again.
 *
 * @param from milliseconds since 1970
 * @param to milliseconds since 1970
 */
export async function pastEvents(docker: Docker, platform: string, from: number, to: number): Promise<DockerEvent[]> {
  const filters = JSON.stringify({
    type: ["container"],
    event: ["start", "die", "pause", "unpause"],
    label: [`dynoform.platform=${platform}`, "dynoform.dyno"],
  });
  const told = await text(await docker.getEvents({ filters, since: from / 1000, until: to / 1000 }));
  return told
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line));
}
