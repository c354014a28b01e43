import type Docker from "dockerode";
import { dockerStatus, isNotFound, messageOf } from "../../../lib/errors.ts";

/** Milliseconds that Docker has for it, and that an `up` may take to replace a container that it has stopped. */
const GRACE_MS = 3000;

/**
 * Starts the platform's own containers that Docker should have started and did not: after a crash of dockerd those on
 * attachable overlays sometimes fail to start (moby #32607), and Docker does not try again. To be called for a while after
 * Docker's start; later, one that is down was stopped by somebody.
 */
export async function revive(docker: Docker, platform: string, warn: (message: string) => void): Promise<void> {
  const filters = JSON.stringify({ label: [`dynoform.platform=${platform}`], status: ["exited", "created", "dead"] });
  const down = await docker.listContainers({ all: true, filters });
  // A dyno's are Swarm's, or run once.
  const own = down.filter(({ Labels }) => Labels["dynoform.dyno"] === undefined);
  await Promise.all(own.map(({ Id, Names }) => reviveOne(docker.getContainer(Id), Names[0]?.slice(1) ?? Id, warn)));
}

async function reviveOne(container: Docker.Container, name: string, warn: (message: string) => void): Promise<void> {
  try {
    const { HostConfig, State } = await container.inspect();
    // One that was never started is being made by an `up`.
    if (HostConfig.RestartPolicy?.Name !== "always" || State.Status === "created") return;
    if (Date.now() - Date.parse(State.FinishedAt) < GRACE_MS) return;
    await container.start();
    warn(`${name} was down, and Docker had not started it again; it is started now`);
  } catch (error) {
    // It is gone, or somebody else was faster.
    if (isNotFound(error) || isAlreadyStarted(error)) return;
    warn(`${name} is down and cannot be started: ${messageOf(error)}`);
  }
}

function isAlreadyStarted(error: unknown): boolean {
  return dockerStatus(error) === 304;
}
