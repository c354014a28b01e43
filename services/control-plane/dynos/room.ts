import { freemem } from "node:os";
import type Docker from "dockerode";
import type { KnownDyno } from "./docker-dynos.ts";
import { notEnoughMemory, notEnoughProcesses } from "./lines.ts";
import type { DynoService } from "./services.ts";

/**
 * Whether a second container of a dyno can run beside one, for a while: the machine has the memory that it may take, and
 * the dyno's user, who is the same in both, may have as many processes again.
 *
 * @param free bytes of the machine's memory
 * @returns why not, as the log says it; undefined: there is room
 */
export async function lackOfRoom(
  docker: Docker,
  { memory = 0, processes = Number.POSITIVE_INFINITY }: DynoService,
  { container }: KnownDyno,
  free: number = freemem(),
): Promise<string | undefined> {
  if (free < memory) return notEnoughMemory(free, memory);
  const stats = await docker.getContainer(container).stats({ stream: false, "one-shot": true });
  const current = stats.pids_stats?.current ?? 0;
  return current * 2 > processes ? notEnoughProcesses(current, processes) : undefined;
}
