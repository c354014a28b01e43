import type Docker from "dockerode";
import { messageOf } from "../../errors.ts";

/** Milliseconds that Docker has for it, and that an `up` may take to replace a container that it has stopped. */
const PATIENCE = 3000;

/**
 * Starts the platform's own containers that Docker should have started and did not: after a crash of dockerd those on
 * attachable overlays sometimes fail to start (moby #32607), and Docker does not try again. To be called for a while after
 * Docker's start; later, one that is down was stopped by somebody.
 */
export async function revive(docker: Docker, platform: string, warn: (message: string) => void): Promise<void> {
  const filters = JSON.stringify({ label: [`dynoform.platform=${platform}`], status: ["exited", "created", "dead"] });
  for (const { Id, Names, Labels } of await docker.listContainers({ all: true, filters })) {
    // A dyno's are Swarm's, or run once.
    if (Labels["dynoform.dyno"] !== undefined) continue;
    try {
      const container = docker.getContainer(Id);
      const { HostConfig, State } = await container.inspect();
      const ended = Date.parse(State.FinishedAt);
      // One that was never started is being made by an `up`.
      if (HostConfig.RestartPolicy?.Name !== "always" || State.Status === "created") continue;
      if (Date.now() - ended < PATIENCE) continue;
      await container.start();
      warn(`${Names[0]?.slice(1)} was down, and Docker had not started it again; it is started now`);
    } catch (error) {
      warn(`${Names[0]?.slice(1)} is down and cannot be started: ${messageOf(error)}`);
    }
  }
}
