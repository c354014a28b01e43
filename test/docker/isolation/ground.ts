import { randomBytes, randomInt } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import Docker from "dockerode";
import { pack } from "tar-stream";
import { hostFile } from "../../../cli/setup/host-file.ts";
import { BUILD_USER, DYNO_GROUP } from "../../../images/pythons.ts";
import { DYNO_CAPABILITIES } from "../../../provider/docker/dyno-container.ts";
import { baseImage } from "../../support/images.ts";
import { until } from "../../support/until.ts";

/** What a command in a container did. */
interface Ran {
  readonly code: number;
  readonly output: string;
}

export interface Running {
  readonly container: Docker.Container;
  /** All it has: on the overlay and on the bridge that leads out. */
  readonly addresses: readonly string[];
}

interface DynoOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Bytes. */
  readonly memory?: number;
  /** For `$1`, `$2`, … of the command. */
  readonly args?: readonly string[];
  /** @default the file of this machine */
  readonly hostFolder?: string;
  /** What lies in /app. */
  readonly files?: readonly AppFile[];
}

/** A file of an app as its build leaves it. */
export interface AppFile {
  readonly name: string;
  /** @default "" */
  readonly content?: string;
  /** Where it leads, of a symbolic link. */
  readonly link?: string;
  /** @default 0o664 */
  readonly mode?: number;
  /** @default the build's user */
  readonly uid?: number;
}

/** Serves `$NONCE` on the port that is its argument: all of Debian's base that can listen is Perl. */
export const SERVER = `
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 50, ReuseAddr => 1) or die "listen: $!";
while (my $peer = $server->accept) { my $line = <$peer>; print $peer "HTTP/1.0 200 OK\\r\\n\\r\\n$ENV{NONCE}"; close $peer }
`;

/** Prints what each `address:port` among the arguments answers. */
export const FETCH = 'for at in "$@"; do echo "$at $(curl --silent --max-time 2 "http://$at/")"; done';

let uid = 2 ** 20 + randomInt(2 ** 29);

/** An overlay network like a platform's, with containers at the addresses of router, Postgres and control plane. */
export class Ground implements AsyncDisposable {
  readonly docker = new Docker();
  readonly name: string;
  readonly router: string;
  readonly postgres: string;
  readonly control: string;
  readonly gateway: string;
  readonly #containers: Docker.Container[] = [];
  readonly #network: Docker.Network;
  readonly #image: string;
  readonly #hostFolder: string;

  private constructor(name: string, network: Docker.Network, prefix: string, image: string, hostFolder: string) {
    this.name = name;
    this.#network = network;
    this.#image = image;
    this.#hostFolder = hostFolder;
    this.gateway = `${prefix}.0.1`;
    this.router = `${prefix}.0.10`;
    this.postgres = `${prefix}.0.11`;
    this.control = `${prefix}.0.12`;
  }

  static async create(): Promise<Ground> {
    const docker = new Docker();
    const image = await baseImage(docker);
    const hostFolder = await mkdtemp(join(tmpdir(), "isolation-"));
    await writeFile(join(hostFolder, "addresses.nft"), await hostFile());
    const name = `isolation-${randomBytes(4).toString("hex")}`;
    for (;;) {
      // Above those of platforms; another network may have it already.
      const prefix = `10.${randomInt(192, 255)}`;
      try {
        const network = await docker.createNetwork({
          Name: name,
          Driver: "overlay",
          Attachable: true,
          IPAM: { Config: [{ Subnet: `${prefix}.0.0/16`, IPRange: `${prefix}.128.0/17`, Gateway: `${prefix}.0.1` }] },
        });
        return new Ground(name, network, prefix, image, hostFolder);
      } catch (error) {
        if (!String(error).includes("overlap")) throw error;
      }
    }
  }

  /** The environment of a dyno's init. */
  environment(): Record<string, string> {
    return {
      PORT: "5000",
      DYNOFORM_UID: String(++uid),
      DYNOFORM_PROCESSES: "128",
      DYNOFORM_ROUTER: this.router,
      DYNOFORM_POSTGRES: this.postgres,
      DYNOFORM_EGRESS: "",
    };
  }

  /** Starts a dyno as Swarm does. */
  async startDyno(command: string, options: DynoOptions = {}): Promise<Running> {
    return this.#withAddresses(await this.#startDyno(command, options));
  }

  async #startDyno(command: string, options: DynoOptions): Promise<Docker.Container> {
    const { env, memory, args = [], hostFolder = this.#hostFolder, files } = options;
    const container = {
      Entrypoint: ["/usr/lib/dynoform/init"],
      Cmd: [command, ...args],
      Env: variables({ ...this.environment(), ...env }),
      HostConfig: {
        CapDrop: ["ALL"],
        CapAdd: DYNO_CAPABILITIES,
        Binds: [`${hostFolder}:/run/dynoform-host:ro`],
        ...(memory !== undefined && { Memory: memory, MemorySwap: memory }),
      },
    };
    return this.#start(container, { files });
  }

  /** Runs a command in a dyno of its own to its end. */
  async runDyno(command: string, options: DynoOptions = {}): Promise<Ran> {
    const container = await this.#startDyno(command, options);
    const { StatusCode } = await container.wait();
    return { code: StatusCode, output: await this.log(container) };
  }

  /** A container that is no dyno and serves its nonce on some ports. */
  async serve(nonce: string, ports: readonly number[], address?: string): Promise<Running> {
    const each = ports.map((port) => `perl -e "$1" ${port} &`).join(" ");
    const running = await this.#withAddresses(
      await this.#start(
        { Entrypoint: ["bash", "-c", `${each} wait`, "bash", SERVER], Env: variables({ NONCE: nonce }) },
        { address },
      ),
    );
    await until("the server listens", async () => {
      const { output } = await this.exec(running.container, FETCH, ...ports.map((port) => `127.0.0.1:${port}`));
      return output.split(nonce).length > ports.length;
    });
    return running;
  }

  /** Runs a Perl program in a container that is no dyno. */
  async runPerl(program: string, address: string): Promise<Docker.Container> {
    return this.#start({ Entrypoint: ["perl", "-e", program] }, { address });
  }

  /** Runs bash in a container that is there, as root. */
  async exec(container: Docker.Container, command: string, ...args: readonly string[]): Promise<Ran> {
    const exec = await container.exec({
      Cmd: ["bash", "-c", command, "bash", ...args],
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await exec.start({});
    const both = new PassThrough();
    this.docker.modem.demuxStream(stream, both, both);
    stream.once("end", () => both.end());
    const output = await text(both);
    return { code: (await exec.inspect()).ExitCode ?? -1, output };
  }

  async log(container: Docker.Container): Promise<string> {
    const all = await container.logs({ stdout: true, stderr: true, follow: false });
    const lines: string[] = [];
    for (let at = 0; at + 8 <= all.length; at += 8 + all.readUInt32BE(at + 4)) {
      lines.push(all.subarray(at + 8, at + 8 + all.readUInt32BE(at + 4)).toString());
    }
    return lines.join("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#containers.map((container) => container.remove({ force: true, v: true }).catch(() => {})));
    await until("the network goes", () =>
      this.#network.remove().then(
        () => true,
        () => false,
      ),
    );
    await rm(this.#hostFolder, { recursive: true, force: true });
  }

  async #start(
    options: Docker.ContainerCreateOptions,
    { address, files }: { readonly address?: string | undefined; readonly files?: readonly AppFile[] | undefined },
  ): Promise<Docker.Container> {
    const container = await this.docker.createContainer({
      ...options,
      name: `${this.name}-${this.#containers.length}-${randomBytes(2).toString("hex")}`,
      Image: this.#image,
      HostConfig: { ...options.HostConfig, NetworkMode: this.#network.id },
      NetworkingConfig: {
        EndpointsConfig: { [this.#network.id]: address ? { IPAMConfig: { IPv4Address: address } } : {} },
      },
    });
    this.#containers.push(container);
    if (files !== undefined) await container.putArchive(archive(files), { path: "/app" });
    await container.start();
    return container;
  }

  async #withAddresses(container: Docker.Container): Promise<Running> {
    // What ends at once has none to tell.
    const { output } = await this.exec(container, "hostname -I").catch(() => ({ output: "" }));
    return { container, addresses: output.trim().split(/\s+/) };
  }
}

function archive(files: readonly AppFile[]): Readable {
  const all = pack();
  for (const { name, content = "", link, mode = 0o664, uid = BUILD_USER } of files) {
    const type = link !== undefined ? "symlink" : name.endsWith("/") ? "directory" : "file";
    const pax = { uid: String(uid), gid: String(DYNO_GROUP) };
    all.entry(
      { name, mode, type, mtime: new Date(86_400_000), pax, ...(link !== undefined && { linkname: link }) },
      content,
    );
  }
  all.finalize();
  return Readable.from(all);
}

function variables(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : `${key}=${value}`));
}
