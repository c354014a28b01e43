import type Docker from "dockerode";
import { isNotFound } from "../errors.ts";

/**
 * When Docker last did something to what there is, whoever had it do so: to a service, its number of replicas included, or
 * to a container, that it was stopped. Of more it keeps no time, and of nothing who it was.
 *
 * @param kind `service` or `container`
 * @returns ISO 8601; undefined: Docker does not say
 */
export async function lastChange(
  docker: Pick<Docker, "getService" | "getContainer">,
  kind: "service" | "container",
  id: string,
): Promise<string | undefined> {
  try {
    if (kind === "service") return isoOf((await docker.getService(id).inspect()).UpdatedAt);
    const { State } = await docker.getContainer(id).inspect();
    return State.Running ? undefined : isoOf(State.FinishedAt);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Docker writes nanoseconds, and for a time that never was the year 1. */
function isoOf(time: string | undefined): string | undefined {
  const milliseconds = Date.parse(time ?? "");
  return milliseconds > 0 ? new Date(milliseconds).toISOString() : undefined;
}
