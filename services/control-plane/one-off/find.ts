import type Docker from "dockerode";
import { isNotFound } from "../../../lib/errors.ts";
import type { RunningArgs } from "./running.ts";

/** The log driver of attached one-off dynos, by which they are known again. */
export const UNLOGGED = "none";

type Found = Pick<RunningArgs, "container" | "app" | "dyno" | "command" | "size" | "attach" | "tty" | "startedAt">;

/** The containers of a platform's one-off dynos, ended ones too. */
export async function findOneOffs(docker: Docker, platform: string): Promise<Found[]> {
  const label = [`dynoform.platform=${platform}`, "dynoform.type=run"];
  const containers = await docker.listContainers({ all: true, filters: JSON.stringify({ label }) });
  const found = await Promise.all(containers.map(({ Id }) => inspect(docker.getContainer(Id))));
  return found.filter((each) => each !== undefined);
}

async function inspect(container: Docker.Container): Promise<Found | undefined> {
  try {
    const { Config, HostConfig, State } = await container.inspect();
    const label = (name: string) => Config.Labels[`dynoform.${name}`] ?? "";
    return {
      container,
      app: label("app"),
      dyno: label("dyno"),
      size: label("size"),
      command: Config.Cmd?.at(-1) ?? "",
      attach: HostConfig.LogConfig?.Type === UNLOGGED,
      tty: Config.Tty,
      startedAt: State.Status === "created" ? undefined : Date.parse(State.StartedAt),
    };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
