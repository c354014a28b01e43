import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import Docker from "dockerode";
import { baseImage, IMAGES_OWNER, packageImages } from "./images.ts";
import type { OwnDocker, Resolver } from "./own-docker.ts";

/** What a module inside asks of the engine's owner; it lives in the engine's network namespace and cannot reach its processes. */
type Order = { readonly do: "kill" } | { readonly do: "start"; readonly resolver: Resolver };

/**
 * Runs a module inside the network namespace of an engine, where the ports of what runs on it are, and does to the engine
 * what it asks for.
 *
 * @param tell gets what else it sends
 * @returns its exit code
 */
export async function runInside(
  engine: OwnDocker,
  module: string,
  args: readonly string[] = [],
  tell: (message: unknown) => void = () => {},
): Promise<number | null> {
  const [command = "", ...before] = engine.inside;
  const inside: ChildProcess = spawn(command, [...before, process.execPath, module, ...args], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, DOCKER_HOST: engine.host },
  });
  inside.on("message", async (message: { order?: Order }) => {
    const { order } = message;
    if (order === undefined) return tell(message);
    const answer = await (order.do === "kill" ? engine.kill() : engine.start(order.resolver)).then(
      () => "done",
      (error: Error) => error.message,
    );
    inside.send({ answer });
  });
  const [code] = await once(inside, "exit");
  return code as number | null;
}

/** Inside: SIGKILL to the engine's daemon. */
export function killDocker(): Promise<void> {
  return order({ do: "kill" });
}

/** Inside: starts it again; resolves when its API answers. */
export function startDocker(resolver: Resolver = "machine's"): Promise<void> {
  return order({ do: "start", resolver });
}

async function order(what: Order): Promise<void> {
  const answered = once(process, "message");
  process.send?.({ order: what });
  const [{ answer }] = await answered;
  if (answer !== "done") throw new Error(String(answer));
}

/**
 * Inside: what has to be removed of a platform. Its engine is thrown away with all that is in it, even what a crashed
 * dockerd does not let go of.
 */
export function onlyFolder({ directory }: { readonly directory: string }): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}

/** The base image, and what apps whose names match install, so that they are not made anew inside. */
export async function imagesFor(apps: RegExp): Promise<string[]> {
  const docker = new Docker();
  const images = await packageImages(docker, IMAGES_OWNER);
  const packages = images.flatMap(({ RepoTags }) => RepoTags ?? []);
  return [await baseImage(docker), ...packages.filter((tag) => apps.test(tag.replace(/^.*\/deps-(.*):.*$/, "$1")))];
}
