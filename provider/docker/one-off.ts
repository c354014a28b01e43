import type Docker from "dockerode";
import { frames, Lines } from "../../lib/docker/output.ts";
import { dockerStatus, isNotFound } from "../../lib/errors.ts";
import {
  DYNO_CAPABILITIES,
  DYNO_INIT,
  type DynoPlatform,
  type DynoRoom,
  dynoLabels,
  hostFolder,
  initEnvironment,
} from "./dyno-container.ts";
import { LOG_DRIVER, LOG_OPTIONS } from "./logs.ts";

/** A command to run once in a container of its own, as one-off dynos and release tasks do. */
export interface OneOff {
  readonly platform: DynoPlatform & {
    /** The platform's overlay network, which is attachable. */
    readonly networkName: string;
  };
  readonly app: string;
  /** `run.1234`; of a release task `release.1234`. */
  readonly dyno: string;
  readonly type: "run" | "release";
  /** By its id. */
  readonly image: string;
  /** Run by bash. */
  readonly command: string;
  /** The app's config vars and what its add-ons set. */
  readonly environment: Readonly<Record<string, string>>;
  readonly size: DynoRoom & {
    readonly name: string;
    /** Undefined: as many cores as there are. */
    readonly nanoCpus: number | undefined;
  };
  /** Whether it has a terminal. */
  readonly tty: boolean;
  /** Whether somebody will write to it; its end is then the end of that connection. */
  readonly stdin: boolean;
}

/** For {@link createOneOff}. */
type OneOffSpec = Docker.ContainerCreateOptions & { readonly name: string };

/**
 * The container of a one-off: hardened exactly like a dyno, though no service, so nobody starts it again. It is not
 * removed when it ends, because its exit code is wanted; whoever made it removes it.
 */
export function oneOffSpec(oneOff: OneOff): OneOffSpec {
  const { platform, app, dyno, type, image, command, environment, size, tty, stdin } = oneOff;
  const name = oneOffName(platform.name, app, dyno);
  const { source, target } = hostFolder(platform);
  const init = initEnvironment(platform, { dyno, unique: name, size });
  return {
    name,
    Image: image,
    Entrypoint: [DYNO_INIT],
    Cmd: [command],
    Env: Object.entries({ ...environment, ...init }).map(([key, value]) => `${key}=${value}`),
    Labels: dynoLabels({ platform: platform.name, app, dyno, type, size: size.name }),
    Tty: tty,
    OpenStdin: stdin,
    StdinOnce: stdin,
    AttachStdin: stdin,
    AttachStdout: true,
    AttachStderr: true,
    StopTimeout: 30,
    HostConfig: {
      NetworkMode: platform.networkName,
      CapDrop: ["ALL"],
      CapAdd: DYNO_CAPABILITIES,
      Memory: size.memory,
      ...(size.nanoCpus === undefined ? {} : { NanoCpus: size.nanoCpus }),
      Mounts: [{ Type: "bind", Source: source, Target: target, ReadOnly: true }],
      LogConfig: { Type: LOG_DRIVER, Config: LOG_OPTIONS },
    },
  };
}

/** What a one-off's container is called. No service's name, and so no dyno's, has a dot before its number. */
export function oneOffName(platform: string, app: string, dyno: string): string {
  return `${platform}.${dyno}.${app}`;
}

/**
 * Creates a one-off's container. Not with the client's plain call, which puts the whole specification, config vars
 * included, into the URL too: it would stand in errors, and in the daemon's log.
 */
export function createOneOff(docker: Docker, { name, ...spec }: OneOffSpec): Promise<Docker.Container> {
  const split = { _query: { name }, _body: spec };
  return docker.createContainer(split as unknown as Docker.ContainerCreateOptions);
}

/** How a one-off ended. */
interface Ended {
  readonly status: number;
  readonly outOfMemory: boolean;
  /** The last lines that it wrote, 20 at most. */
  readonly last: readonly string[];
}

const LAST = 20;

/**
 * Runs a one-off without terminal and input to its end, and removes its container whatever happens. What an earlier
 * process of ours left under the same name, running or not, is removed first.
 *
 * @param timeout seconds
 * @param line told each line of its output as it comes
 */
export async function runOneOff(
  docker: Docker,
  spec: OneOffSpec,
  { timeout, signal, line }: { readonly timeout: number; readonly signal: AbortSignal; line(text: string): void },
): Promise<Ended> {
  await removeOneOff(docker, spec.name);
  signal.throwIfAborted();
  const container = await createOneOff(docker, spec);
  const expired = AbortSignal.timeout(timeout * 1000);
  const over = AbortSignal.any([signal, expired]);
  const end = () => void removeOneOff(docker, container.id).catch(() => {});
  over.addEventListener("abort", end, { once: true });
  try {
    const last: string[] = [];
    const output = new Lines((text) => {
      line(text);
      last.push(text);
      if (last.length > LAST) last.shift();
    });
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    over.throwIfAborted();
    await container.start();
    for await (const { data } of frames(stream as AsyncIterable<Buffer>)) output.write(data);
    output.end();
    over.throwIfAborted();
    const { StatusCode: status } = await container.wait();
    const { State } = await container.inspect();
    return { status, outOfMemory: State.OOMKilled === true, last };
  } catch (error) {
    if (signal.aborted) throw new Error("cancelled");
    if (expired.aborted) throw new Error(`it had not ended after ${timeout} seconds`);
    throw error;
  } finally {
    over.removeEventListener("abort", end);
    await removeOneOff(docker, container.id);
  }
}

/** Removes a one-off's container, running or not, and waits until it is gone; one that is gone is no error. */
export async function removeOneOff(docker: Docker, name: string): Promise<void> {
  const container = docker.getContainer(name);
  try {
    await container.remove({ force: true, v: true }).catch((error: unknown) => {
      // Docker is removing it already.
      if (dockerStatus(error) !== 409) throw error;
      return container.wait({ condition: "removed" });
    });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
