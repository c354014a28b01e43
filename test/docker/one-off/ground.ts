import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { findRemainder, remove } from "../../../cli/remainder.ts";
import { hostFile } from "../../../cli/setup/host-file.ts";
import { addresses } from "../../../infra/platform/addresses.ts";
import { decode, encode, FRAME, PROTOCOL } from "../../../services/control-plane/one-off/framing.ts";
import { OneOffDynos, type OneOffDynosOptions } from "../../../services/control-plane/one-off/one-off-dynos.ts";
import { attachByUpgrade } from "../../../services/control-plane/one-off/upgrade.ts";
import { baseImage } from "../../support/images.ts";
import { until } from "../../support/until.ts";

/** A client at the end of an attached one-off dyno's connection. */
export interface Client {
  readonly socket: Socket;
  output(): string;
  errors(): string;
  /** Its exit status, when the connection has ended. */
  readonly ended: Promise<number | undefined>;
  type(text: string): void;
  endInput(): void;
  resize(columns: number, rows: number): void;
}

/** A platform's network and folder, and the one-off dynos of an app on it. */
export class Ground implements AsyncDisposable {
  readonly docker = new Docker();
  readonly name = `oneoff-${randomBytes(4).toString("hex")}`;
  readonly problems: string[] = [];
  image = "";
  #folder = "";
  #server: Server | undefined;
  #current: OneOffDynos | undefined;

  static async create(): Promise<Ground> {
    const ground = new Ground();
    ground.image = (await ground.docker.getImage(await baseImage(ground.docker)).inspect()).Id;
    ground.#folder = await mkdtemp(join(tmpdir(), "one-off-"));
    await mkdir(join(ground.#folder, "host"));
    await writeFile(join(ground.#folder, "host", "addresses.nft"), await hostFile());
    const { subnet, range, gateway } = addresses(ground.name);
    await ground.docker.createNetwork({
      Name: ground.name,
      Driver: "overlay",
      Attachable: true,
      Labels: { "dynoform.platform": ground.name },
      IPAM: { Config: [{ Subnet: subnet, IPRange: range, Gateway: gateway }] },
    });
    return ground;
  }

  /** A control plane's one-off dynos, behind a server of their own; the one before is let go. */
  async start(options: Partial<OneOffDynosOptions> = {}): Promise<OneOffDynos> {
    await this.#stop();
    const { router, postgres } = addresses(this.name);
    const dynos = new OneOffDynos({
      docker: this.docker,
      platform: {
        name: this.name,
        directory: this.#folder,
        routerAddress: router,
        postgresAddress: postgres,
        egress: [],
        networkName: this.name,
      },
      deployed: async (app) =>
        app === "shop" ? { image: this.image, environment: { GREETING: "from outputs" }, size: "free" } : undefined,
      report: (problem) => this.problems.push(problem),
      linger: 0,
      ...options,
    });
    await dynos.recover();
    const attach = attachByUpgrade(dynos);
    this.#server = createServer().on("upgrade", (incoming, socket, head) => {
      socket.on("error", () => {});
      attach((incoming.url ?? "").slice(1), incoming, socket, head);
    });
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.#current = dynos;
    return dynos;
  }

  /** Comes with the secret, as a client does. */
  async connect(secret = "none"): Promise<Client> {
    if (this.#server === undefined) throw new Error("nothing was started");
    const { port } = this.#server.address() as AddressInfo;
    const headers = { connection: "Upgrade", upgrade: PROTOCOL };
    const outgoing = request({ host: "127.0.0.1", port, path: `/${secret}`, headers, agent: false }).end();
    outgoing.on("response", (response) => outgoing.destroy(new Error(`answered ${response.statusCode}`)));
    const [, socket, head] = (await once(outgoing, "upgrade")) as [unknown, Socket, Buffer];
    socket.unshift(head);
    return client(socket);
  }

  /** The containers of one-off dynos, ended ones too. */
  async containers(): Promise<Docker.ContainerInfo[]> {
    const label = [`dynoform.platform=${this.name}`, "dynoform.type=run"];
    return this.docker.listContainers({ all: true, filters: JSON.stringify({ label }) });
  }

  nothingLeft(): Promise<void> {
    return until("every container is removed", async () => (await this.containers()).length === 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await remove(this.docker, await findRemainder(this.docker, this.name));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #stop(): Promise<void> {
    this.#server?.close();
    await this.#current?.[Symbol.asyncDispose]();
  }
}

function client(socket: Socket): Client {
  const said = { output: "", errors: "" };
  let status: number | undefined;
  const read = async () => {
    try {
      for await (const { kind, data } of decode(socket)) {
        if (kind === FRAME.output) said.output += data.toString();
        else if (kind === FRAME.error) said.errors += data.toString();
        else if (kind === FRAME.exit) status = data[0];
      }
    } catch {
      // The test broke it off.
    }
    return status;
  };
  const size = Buffer.alloc(4);
  return {
    socket,
    output: () => said.output,
    errors: () => said.errors,
    ended: read(),
    type: (text) => void socket.write(encode(FRAME.input, Buffer.from(text))),
    endInput: () => void socket.write(encode(FRAME.inputEnd)),
    resize(columns, rows) {
      size.writeUInt16BE(columns, 0);
      size.writeUInt16BE(rows, 2);
      socket.write(encode(FRAME.resize, size));
    },
  };
}
