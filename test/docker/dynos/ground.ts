import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { DynoManager, type DynoManagerArgs } from "../../../services/control-plane/dyno-manager.ts";
import type { RouterPort } from "../../../services/control-plane/dynos/router-port.ts";
import { openStore } from "../../../services/control-plane/store.ts";
import { testBase } from "../../support/router-image.ts";
import { FakeRouter, Lines, SimpleLock } from "../../unit/control-plane/dynos/fakes.ts";

/** What a dyno of a test is, apart from its name. */
export interface DynoOptions {
  /** @default "shop" */
  readonly app?: string;
  /** @default "web.1" */
  readonly dyno?: string;
  readonly size?: string;
  readonly env?: readonly string[];
  readonly mounts?: readonly Docker.MountSettings[];
  readonly network?: string;
  /** Bytes. */
  readonly memory?: number;
  /**
   * Seconds between SIGTERM and SIGKILL.
   * @default 5
   */
  readonly grace?: number;
  readonly replicas?: number;
}

/** A dyno manager on a Docker Engine, and what it has to do with. All goes with it. */
export interface DynoGround extends AsyncDisposable {
  readonly docker: Docker;
  /** The platform's name. */
  readonly name: string;
  /** A folder of its own. */
  readonly directory: string;
  readonly log: Lines;
  readonly lock: SimpleLock;
  readonly warnings: string[];
  /** The one that runs; another after {@link restart}. */
  readonly manager: DynoManager;
  /** Makes a dyno's service; its name is the platform's and `short`. */
  service(short: string, command: readonly string[], options?: DynoOptions): Promise<string>;
  labels(options?: DynoOptions): Record<string, string>;
  /** The number of replicas that a service is to have. */
  replicas(service: string): Promise<number>;
  /** The control plane is killed and started again on the same store. */
  restart(): Promise<void>;
}

interface GroundArgs {
  readonly docker?: Docker;
  readonly name?: string;
  /** @default the base image */
  readonly image?: string;
  readonly router?: RouterPort;
  readonly after?: number;
  readonly nap?: DynoManagerArgs["settings"]["nap"];
  readonly backOff?: DynoManagerArgs["backOff"];
}

export async function dynoGround(args: GroundArgs = {}): Promise<DynoGround> {
  const { docker = new Docker(), router = new FakeRouter(Date.now), after = 0, nap, backOff } = args;
  const name = args.name ?? `dy${process.pid.toString(36)}${Math.random().toString(36).slice(2, 6)}`;
  const directory = await mkdtemp(join(tmpdir(), "dynos-"));
  const db = openStore(join(directory, "store.sqlite"));
  const log = new Lines();
  const lock = new SimpleLock();
  const warnings: string[] = [];
  const image = args.image ?? (await testBase(docker));
  const make = () =>
    new DynoManager({
      ...{ docker, db, router, log, lock, backOff },
      warn: (message) => warnings.push(message),
      settings: {
        platform: name,
        sleep: { after },
        ...(nap && { nap }),
        cycle: { every: 0, spread: 0 },
        hours: { free: 750, per: "app" },
      },
    });
  let manager = make();
  const filters = { label: [`dynoform.platform=${name}`, "dynoform.dyno"] };

  const labels = ({ app = "shop", dyno = "web.1", size = "free" }: DynoOptions = {}) => ({
    "dynoform.platform": name,
    "dynoform.app": app,
    "dynoform.dyno": dyno,
    "dynoform.type": dyno.replace(/\..*/, ""),
    "dynoform.size": size,
  });
  const ground: DynoGround = {
    ...{ docker, name, directory, log, lock, warnings, labels },
    get manager() {
      return manager;
    },
    async service(short, [program = "", ...args], options = {}) {
      const service = `${name}-${short}`;
      await docker.createService({
        Name: service,
        Labels: labels(options),
        Mode: { Replicated: { Replicas: options.replicas ?? 1 } },
        EndpointSpec: { Mode: "dnsrr" },
        TaskTemplate: {
          ContainerSpec: {
            Image: image,
            Labels: labels(options),
            Command: [program],
            Args: [...args],
            Env: [...(options.env ?? [])],
            Mounts: [...(options.mounts ?? [])],
            StopGracePeriod: (options.grace ?? 5) * 1e9,
          },
          ...(options.network === undefined ? {} : { Networks: [{ Target: options.network }] }),
          Resources: { Limits: { MemoryBytes: options.memory } },
          RestartPolicy: { Condition: "any", Delay: 1e8 },
          LogDriver: { Name: "json-file" },
        },
      });
      return service;
    },
    async replicas(service) {
      return (await docker.getService(service).inspect()).Spec.Mode.Replicated.Replicas;
    },
    async restart() {
      manager.stop();
      manager = make();
      await manager.start();
    },
    async [Symbol.asyncDispose]() {
      manager.stop();
      for (const { ID } of await docker.listServices({ filters })) await docker.getService(ID).remove();
      for (;;) {
        const left = await docker.listContainers({ all: true, filters });
        if (left.length === 0) break;
        for (const { Id } of left) {
          await docker
            .getContainer(Id)
            .remove({ force: true })
            .catch(() => {});
        }
        await sleep(50);
      }
      db.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  await manager.start();
  return ground;
}
