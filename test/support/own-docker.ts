import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import Docker from "dockerode";
import { addBlackHole, addNamespace, BLACK_HOLE, removeNamespace } from "./network-namespace.ts";

const run = promisify(execFile);

export type Resolver = "machine's" | "black-hole";

/** A Docker Engine that belongs to one test, in a network namespace of its own. */
export interface OwnDocker extends AsyncDisposable {
  readonly docker: Docker;
  /** For `DOCKER_HOST`. */
  readonly host: string;
  /** Put before a command's argv, runs it inside the engine's network namespace, where its ports are. */
  readonly inside: readonly string[];
  /** Copies images of the machine's own engine, by tag. */
  load(tags: readonly string[]): Promise<void>;
  /** SIGKILL to dockerd and its containerd, as a crash of the machine's daemon would. */
  kill(): Promise<void>;
  /** Starts it again; resolves when its API answers. A black-holed resolver drops every packet. */
  start(resolver?: Resolver): Promise<void>;
}

/**
 * Starts a dockerd with its own data, socket and network namespace, and makes it a one-node swarm.
 *
 * The namespace hangs on the machine engine's `docker0` bridge, whose address translation then serves
 * it too. `nsenter --net` and not `ip netns exec`, which would hide the cgroups.
 */
export async function ownDocker(): Promise<OwnDocker> {
  const folder = await mkdtemp(join(tmpdir(), "own-docker-"));
  const name = `dyt-${process.pid}-${Math.random().toString(36).slice(2, 6)}`;
  const socket = join(folder, "docker.sock");
  const inside = ["nsenter", `--net=/run/netns/${name}`];
  let daemon: ChildProcess | undefined;

  const resolvConf = join(folder, "resolv.conf");
  await writeFile(resolvConf, `nameserver ${BLACK_HOLE}\n`);
  await addNamespace(name);
  await addBlackHole(name);
  const docker = new Docker({ socketPath: socket });

  async function start(resolver: Resolver = "machine's"): Promise<void> {
    // A pid file left by a killed daemon can name a living process by now; dockerd would refuse to start.
    await rm(join(folder, "docker.pid"), { force: true });
    await rm(join(folder, "exec", "containerd", "containerd.pid"), { force: true });
    const log = await open(join(folder, "dockerd.log"), "a");
    const mounts =
      resolver === "black-hole"
        ? ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', resolvConf]
        : [];
    const argv = [...inside, ...mounts, "dockerd", ...daemonFlags(folder, socket)];
    // A session of its own: Ctrl-C in a test run must reach the clean-up, not the daemon.
    daemon = spawn(argv[0] as string, argv.slice(1), { stdio: ["ignore", log.fd, log.fd], detached: true });
    daemon.unref();
    await log.close();
    for (let attempt = 0; ; attempt++) {
      if (daemon.exitCode !== null) throw new Error(`dockerd ended with ${daemon.exitCode}; see ${folder}/dockerd.log`);
      try {
        await docker.ping();
        return;
      } catch (error) {
        if (attempt > 1200) throw error;
        await sleep(50);
      }
    }
  }

  async function kill(): Promise<void> {
    const pids = await processesOf(folder);
    for (const pid of pids) signal(pid, "SIGKILL");
    while ((await processesOf(folder)).length > 0) await sleep(20);
  }

  async function dispose(): Promise<void> {
    try {
      // Only a daemon ends containers that have the host's processes.
      await docker.ping().catch(() => start());
      const containers = await docker.listContainers({ all: true }).catch(() => []);
      await docker.swarmLeave({ force: true }).catch(() => {});
      for (const container of containers) {
        await docker
          .getContainer(container.Id)
          .remove({ force: true, v: true })
          .catch(() => {});
      }
    } finally {
      await kill();
      await killShims(folder);
      await removeNamespace(name);
      await unmountBelow(folder);
      await rm(folder, { recursive: true, force: true });
    }
  }

  try {
    await mkdir(join(folder, "data"), { recursive: true });
    await start();
    await docker.swarmInit({ AdvertiseAddr: "127.0.0.1", ListenAddr: "127.0.0.1:2377" });
  } catch (error) {
    await dispose();
    throw error;
  }

  return {
    docker,
    host: `unix://${socket}`,
    inside,
    async load(tags) {
      const machine = new Docker();
      for (const tag of tags) await docker.loadImage(await machine.getImage(tag).get());
      for (const tag of tags) await docker.getImage(tag).inspect();
    },
    kill,
    start,
    [Symbol.asyncDispose]: dispose,
  };
}

function daemonFlags(folder: string, socket: string): string[] {
  return [
    `--data-root=${folder}/data`,
    `--exec-root=${folder}/exec`,
    `--pidfile=${folder}/docker.pid`,
    `--host=unix://${socket}`,
    // Apart from the machine's own bridge, on which this namespace lies.
    "--bip=172.30.0.1/16",
    "--default-address-pool=base=172.31.0.0/16,size=24",
    "--log-level=warn",
  ];
}

/** dockerd and containerd of this folder (not the shims, which must outlive a crash of the daemon). */
async function processesOf(folder: string): Promise<number[]> {
  return matching(`^(dockerd|containerd) .*${folder}/`);
}

async function killShims(folder: string): Promise<void> {
  for (const pid of await matching(`containerd-shim.*${folder}/`)) signal(pid, "SIGKILL");
  for (const pid of await matching(`docker-proxy.*${folder}/`)) signal(pid, "SIGKILL");
}

async function matching(pattern: string): Promise<number[]> {
  try {
    const { stdout } = await run("pgrep", ["-f", pattern]);
    return stdout.split("\n").filter(Boolean).map(Number);
  } catch {
    return []; // pgrep exits 1 when nothing matches
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // already gone
  }
}

async function unmountBelow(folder: string): Promise<void> {
  const { stdout } = await run("findmnt", ["--raw", "--noheadings", "--output", "TARGET"]);
  const below = stdout.split("\n").filter((target) => target.startsWith(`${folder}/`));
  for (const target of below.reverse()) await run("umount", ["--lazy", target]).catch(() => {});
}
