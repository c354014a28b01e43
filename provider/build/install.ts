import { cpus } from "node:os";
import type Docker from "dockerode";
import { BUILD_USER, DYNO_GROUP } from "../../images/pythons.ts";
import { removalOf } from "../../images/removal.ts";
import { frames, Lines } from "../../lib/docker/output.ts";
import { STACK } from "../docker/surroundings.ts";
import { Causes } from "./causes.ts";
import type { DatabaseAccess } from "./database.ts";
import { masking } from "./secrets.ts";
import { failureOf, type Mark, markOf, type Step } from "./steps.ts";

/** What one build may take of the host; dynos go first where CPU is short. */
const LIMITS = {
  Memory: 2 * 2 ** 30,
  MemorySwap: 2 * 2 ** 30,
  NanoCpus: Math.min(2, cpus().length) * 1e9,
  CpuShares: 256,
  PidsLimit: 512,
};

/** Where images/python/build keeps config vars: a tmpfs, of which no image has anything. */
const CONFIG = "/run/dynoform-config";

export interface Installation {
  /** The container's. */
  readonly name: string;
  /** An image of images/python, or made of one. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The volume with the app's wheels. */
  readonly cache: string;
  /** A folder of the host with `addresses.nft`, which the init needs to close the network. */
  readonly host: string;
  /** Puts files into the container before anything runs. */
  readonly prepare: (container: Docker.Container) => Promise<void>;
  /** In their order. */
  readonly steps: readonly Step[];
  /**
   * Installs the packages; runs in /app.
   * @default []
   */
  readonly command?: readonly string[];
  /** Containers whose volumes it has too. */
  readonly tools: readonly string[];
  /** What the steps see of the app's config vars; pip sees those that begin with `PIP_`. */
  readonly config: Readonly<Record<string, string>>;
  /** The source's commit, for hooks. */
  readonly commit: string;
  /** Undefined: it reaches no database. */
  readonly database: DatabaseAccess | undefined;
}

/** Told what a build does, line by line. */
export interface BuildOutput {
  /** Begins a step of the output. */
  heading(text: string): void;
  /** A line of the step; before pip begins, the version of Python. */
  line(text: string): void;
}

/** A container in which steps of a build were done; dispose it when it was committed. */
export interface Installed extends AsyncDisposable {
  readonly container: Docker.Container;
  /** Which of `django` and `nltk` there are now; undefined when no packages were installed. */
  readonly modules: string | undefined;
  /** Whether corpora of NLTK were downloaded. */
  readonly corpora: boolean;
}

/**
 * Does steps of a build in a container: as an ordinary user, with limits, and with a network that reaches the internet
 * and nothing private, the platform's Postgres excepted where the app has a database there. Config vars are written to
 * its standard input: no setting of the container, which its image would keep, and no argument has them.
 *
 * @throws Error when a step fails; nothing is left then
 */
export async function install(
  docker: Docker,
  { name, image, labels, cache, host, prepare, steps, command = [], tools, config, commit, database }: Installation,
  say: BuildOutput,
  signal: AbortSignal,
): Promise<Installed> {
  signal.throwIfAborted();
  await docker.createVolume({ Name: cache, Labels: { ...labels } });
  const container = await docker.createContainer({
    name,
    Image: image,
    // Settings go through `env` and not into the container's own environment, which an image of it would keep.
    Cmd: [
      "/usr/bin/env",
      ...settings(commit, database),
      "/usr/lib/dynoform/init",
      'exec /usr/lib/dynoform/build "$@"',
      ...steps,
      "--",
      ...command,
    ],
    Labels: { ...labels },
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: {
      ...LIMITS,
      ...(database === undefined ? {} : { NetworkMode: database.network }),
      CapDrop: ["ALL"],
      CapAdd: ["NET_ADMIN", "SETUID", "SETGID", "SETPCAP"],
      Mounts: [
        { Type: "volume", Source: cache, Target: "/var/cache/pip" },
        { Type: "bind", Source: host, Target: "/run/dynoform-host", ReadOnly: true },
      ],
      Tmpfs: { [CONFIG]: `rw,nosuid,nodev,noexec,size=16m,mode=0700,uid=${BUILD_USER},gid=${DYNO_GROUP}` },
      VolumesFrom: [...tools],
      LogConfig: { Type: "none", Config: {} },
    },
  });
  using removal = removalOf(container, signal);
  try {
    await prepare(container);
    const stream = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true, stderr: true });
    const status = container.wait({ condition: "next-exit" });
    await container.start();
    stream.end(entries(config));
    const followed = await follow(stream as AsyncIterable<Buffer>, say, masking(config));
    const { StatusCode } = await status;
    signal.throwIfAborted();
    if (StatusCode !== 0) throw new Error(await failure(container, StatusCode, followed));
    return { container, modules: followed.modules, corpora: followed.corpora, [Symbol.asyncDispose]: removal.remove };
  } catch (error) {
    await removal.remove();
    throw signal.aborted ? new Error("the build was cancelled") : error;
  }
}

/** As images/python/build reads them. */
function entries(config: Readonly<Record<string, string>>): string {
  return Object.entries(config)
    .map(([name, value]) => `${name}=${value}\0`)
    .join("");
}

function settings(commit: string, database: DatabaseAccess | undefined): string[] {
  // Where a host's package index lies in a private network. It differs by place, so it is no input.
  const egress = [process.env.DYNOFORM_BUILD_EGRESS, database?.address].filter(Boolean).join(",");
  return [
    "DYNOFORM_MODE=build",
    `DYNOFORM_UID=${BUILD_USER}`,
    `DYNOFORM_PROCESSES=${LIMITS.PidsLimit}`,
    ...(egress === "" ? [] : [`DYNOFORM_EGRESS=${egress}`]),
    `SOURCE_VERSION=${commit}`,
    `STACK=${STACK}`,
  ];
}

interface Followed {
  /** What began last. */
  readonly step: Mark;
  /** The last lines. */
  readonly last: readonly string[];
  readonly causes: Causes;
  readonly modules: string | undefined;
  readonly corpora: boolean;
}

/** Passes lines on until the container ends. */
async function follow(
  stream: AsyncIterable<Buffer>,
  say: BuildOutput,
  masked: (line: string) => string,
): Promise<Followed> {
  let step: Mark = { kind: "packages", text: "" };
  let modules: string | undefined;
  let corpora = false;
  let last: string[] = [];
  let causes = new Causes();
  const each = (raw: string) => {
    const mark = markOf(raw);
    if (mark?.kind === "modules") modules = mark.text;
    else if (mark !== undefined) {
      if (mark.text !== "") say.heading(masked(mark.text));
      if (mark.kind !== "say") step = mark;
      corpora ||= mark.kind === "corpora";
      last = [];
      causes = new Causes();
    } else {
      const text = masked(raw);
      if (text === "" || NOISE.test(text)) return;
      say.line(text);
      causes.read(text);
      last = [...last.slice(-9), text];
    }
  };
  const output = new Lines(each);
  for await (const { data } of frames(stream)) output.write(data);
  output.end();
  return { step, last, causes, modules, corpora };
}

/** What pip says of its own doings, which says nothing to whoever waits for a build. */
const NOISE =
  /^ *(Installing build dependencies|Getting requirements to build|Preparing metadata|Building wheel .*: finished|Created wheel for|Stored in directory|Requirement already satisfied)/;

async function failure(container: Docker.Container, status: number, { step, last, causes }: Followed): Promise<string> {
  const { State } = await container.inspect();
  const reason = State.OOMKilled
    ? `the build needed more than its ${LIMITS.Memory / 2 ** 20} MiB of memory`
    : failureOf(step, status, causes.found);
  return [`${reason}. The last lines:`, ...last.map((text) => `  ${text}`)].join("\n");
}
