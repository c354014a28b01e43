import type Docker from "dockerode";
import { messageOf } from "../../errors.ts";

/**
 * Starts the platform's own containers that Docker should have started and did not: after a crash of dockerd those on
 * attachable overlays sometimes fail to start (moby #32607), and Docker does not try again.
 */
export async function revive(docker: Docker, platform: string, warn: (message: string) => void): Promise<void> {
  const filters = JSON.stringify({ label: [`dynoform.platform=${platform}`], status: ["exited", "created", "dead"] });
  for (const { Id, Names, Labels } of await docker.listContainers({ all: true, filters })) {
    // A dyno's are Swarm's, or run once.
    if (Labels["dynoform.dyno"] !== undefined) continue;
    try {
      const container = docker.getContainer(Id);
      const { HostConfig, State } = await container.inspect();
      const wanted = HostConfig.RestartPolicy?.Name === "always";
      // One that was never started is being made by an `up`.
      if (!wanted || State.Status === "created") continue;
      await container.start();
      warn(`${Names[0]?.slice(1)} was down, and Docker had not started it again; it is started now`);
    } catch (error) {
      warn(`${Names[0]?.slice(1)} is down and cannot be started: ${messageOf(error)}`);
    }
  }
}
