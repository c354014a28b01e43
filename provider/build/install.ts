import { cpus } from "node:os";
import type Docker from "dockerode";
import { frames, Lines } from "../../images/output.ts";
import { BUILD_USER } from "../../images/pythons.ts";

/** What one build may take of the host; dynos go first where CPU is short. */
const LIMITS = {
  Memory: 2 * 2 ** 30,
  MemorySwap: 2 * 2 ** 30,
  NanoCpus: Math.min(2, cpus().length) * 1e9,
  CpuShares: 256,
  PidsLimit: 512,
};

export interface Installation {
  /** The container's. */
  readonly name: string;
  /** An image of images/python. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The volume with the app's wheels. */
  readonly cache: string;
  /** A folder of the host with `addresses.nft`, which the init needs to close the network. */
  readonly host: string;
  /** Puts files into the container before anything runs. */
  readonly prepare: (container: Docker.Container) => Promise<void>;
  /** Containers whose volumes it has too. */
  readonly tools: readonly string[];
  /** Installs the packages; runs in /app. */
  readonly command: readonly string[];
}

/** A container in which packages were installed; dispose it when it was committed. */
export interface Installed extends AsyncDisposable {
  readonly container: Docker.Container;
}

/**
 * Installs packages in a container: as an ordinary user, with limits, and with a network that reaches the internet
 * and nothing private.
 *
 * @param line told the version of Python, and then what the package manager says
 * @throws Error when that fails; nothing is left then
 */
export async function install(
  docker: Docker,
  { name, image, labels, cache, host, prepare, tools, command }: Installation,
  line: (text: string) => void,
  signal: AbortSignal,
): Promise<Installed> {
  signal.throwIfAborted();
  await docker.createVolume({ Name: cache, Labels: { ...labels } });
  const container = await docker.createContainer({
    name,
    Image: image,
    // Settings go through `env` and not into the container's own environment, which an image of it would keep.
    Cmd: ["/usr/bin/env", ...settings(), "/usr/lib/dynoform/init", '/usr/lib/dynoform/install "$@"', ...command],
    Labels: { ...labels },
    HostConfig: {
      ...LIMITS,
      CapDrop: ["ALL"],
      CapAdd: ["NET_ADMIN", "SETUID", "SETGID", "SETPCAP"],
      Mounts: [
        { Type: "volume", Source: cache, Target: "/var/cache/pip" },
        { Type: "bind", Source: host, Target: "/run/dynoform-host", ReadOnly: true },
      ],
      VolumesFrom: [...tools],
      LogConfig: { Type: "none", Config: {} },
    },
  });
  let removal: Promise<void> | undefined;
  const remove = () => {
    removal ??= container.remove({ force: true, v: true }).catch(() => {});
    return removal;
  };
  const abort = () => void remove();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await prepare(container);
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    const status = container.wait({ condition: "next-exit" });
    await container.start();
    const last = await follow(stream as AsyncIterable<Buffer>, line);
    const { StatusCode } = await status;
    signal.throwIfAborted();
    if (StatusCode !== 0) throw new Error(await failure(container, StatusCode, last));
    return { container, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw signal.aborted ? new Error("the build was cancelled") : error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function settings(): string[] {
  // Where a host's package index lies in a private network. It differs by place, so it is no input.
  const egress = process.env.DYNOFORM_BUILD_EGRESS;
  return [
    "DYNOFORM_MODE=build",
    `DYNOFORM_UID=${BUILD_USER}`,
    `DYNOFORM_PROCESSES=${LIMITS.PidsLimit}`,
    ...(egress ? [`DYNOFORM_EGRESS=${egress}`] : []),
  ];
}

/** Passes lines on until the container ends, and gives the last few. */
async function follow(stream: AsyncIterable<Buffer>, line: (text: string) => void): Promise<string[]> {
  const last: string[] = [];
  const each = (raw: string) => {
    const text = masked(raw);
    if (text === "" || NOISE.test(text)) return;
    line(text);
    last.push(text);
    if (last.length > 10) last.shift();
  };
  const output = new Lines(each);
  for await (const { data } of frames(stream)) output.write(data);
  output.end();
  return last;
}

/** What pip says of its own doings, which says nothing to whoever waits for a build. */
const NOISE =
  /^ *(Installing build dependencies|Getting requirements to build|Preparing metadata|Building wheel .*: finished|Created wheel for|Stored in directory|Requirement already satisfied)/;

/** The credentials of an address, such as that of a private package index, are nobody else's. */
function masked(line: string): string {
  return line.replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, "$1****@");
}

async function failure(container: Docker.Container, status: number, last: readonly string[]): Promise<string> {
  const { State } = await container.inspect();
  const reason = State.OOMKilled
    ? `the build needed more than its ${LIMITS.Memory / 2 ** 20} MiB of memory`
    : `the requirements could not be installed (exit status ${status})`;
  return [`${reason}. The last lines:`, ...last.map((text) => `  ${text}`)].join("\n");
}
