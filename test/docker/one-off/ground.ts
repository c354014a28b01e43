import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { findRemainder, remove } from "../../../cli/remainder.ts";
import { hostFile } from "../../../cli/setup/host-file.ts";
import { addresses } from "../../../model/platform/addresses.ts";
import { OneOffDynos, type OneOffDynosOptions } from "../../../services/control-plane/one-off/one-off-dynos.ts";
import { rendezvousWith } from "../../../services/control-plane/one-off/rendezvous.ts";
import { authorityFile, ensureCertificates } from "../../../services/control-plane/tls/certificates.ts";
import { Front } from "../../../services/control-plane/tls/front.ts";
import { baseImage } from "../../support/images.ts";
import { type Client, meet } from "../../support/rendezvous.ts";
import { until } from "../../support/until.ts";

/** A platform's network and folder, and the one-off dynos of an app on it. */
export class Ground implements AsyncDisposable {
  readonly docker = new Docker();
  readonly name = `oneoff-${randomBytes(4).toString("hex")}`;
  readonly problems: string[] = [];
  image = "";
  #folder = "";
  #front: Front | undefined;
  #port = 0;
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
    const certificates = await ensureCertificates(this.#tls);
    this.#front = new Front({ http: createServer(), certificates, rendezvous: rendezvousWith(dynos) });
    this.#port = (await this.#front.listen(0, "127.0.0.1")).port;
    this.#current = dynos;
    return dynos;
  }

  /** Comes with the secret, as a client does. */
  async connect(secret = "none"): Promise<Client> {
    return meet(`rendezvous://127.0.0.1:${this.#port}/${secret}`, await readFile(authorityFile(this.#tls)));
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

  get #tls(): string {
    return join(this.#folder, "tls");
  }

  async #stop(): Promise<void> {
    await this.#front?.[Symbol.asyncDispose]();
    await this.#current?.[Symbol.asyncDispose]();
  }
}
