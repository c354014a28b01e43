import type Docker from "dockerode";
import { dockerStatus, isNotFound } from "../../lib/errors.ts";
import { LABELS } from "./labels.ts";

/** What a build's container is called. No service's name, and so no dyno's, has a dot before its number. */
export function containerName(platform: string, app: string): string {
  return `${platform}.build.${app}`;
}

/**
 * Removes the containers of a platform's builds that were killed. To be called when it is one's turn, so that none of
 * them runs. By name: a label would be inherited by images and the dynos that run them.
 */
export async function removeLeftovers(docker: Docker, platform: string): Promise<void> {
  const filters = { label: [`${LABELS.platform}=${platform}`], name: [`^/?${platform}\\.(build|bootstrap)\\.`] };
  const containers = await docker.listContainers({ all: true, filters: JSON.stringify(filters) });
  for (const { Id } of containers) {
    await docker
      .getContainer(Id)
      .remove({ force: true, v: true })
      .catch((error: unknown) => {
        // 409: somebody else removes it already.
        if (!isNotFound(error) && dockerStatus(error) !== 409) throw error;
      });
  }
}
