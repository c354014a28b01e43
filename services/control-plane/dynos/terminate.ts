import type Docker from "dockerode";
import { dockerStatus, isNotFound } from "../../../lib/errors.ts";
import type { KnownDyno } from "./docker-dynos.ts";
import type { DynoWatcher } from "./watch.ts";

/**
 * Sends a dyno's container SIGTERM. Resolves when it has ended.
 *
 * @param exitTimeout seconds until it is sent SIGKILL
 */
export async function terminate(
  docker: Docker,
  watcher: DynoWatcher,
  { container }: KnownDyno,
  exitTimeout: number,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using _listening = watcher.on(({ kind, dyno }) => {
    if (dyno.container === container && kind !== "found") resolve();
  });
  if (!(await kill(docker, container, "SIGTERM"))) return;
  const late = setTimeout(() => {
    kill(docker, container, "SIGKILL").catch(() => {});
  }, exitTimeout * 1000);
  await promise.finally(() => clearTimeout(late));
}

/** False: it has ended already. */
async function kill(docker: Docker, container: string, signal: string): Promise<boolean> {
  try {
    await docker.getContainer(container).kill({ signal });
    return true;
  } catch (error) {
    if (isNotFound(error) || dockerStatus(error) === 409) return false;
    throw error;
  }
}
