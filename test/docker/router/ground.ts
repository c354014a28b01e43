import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { ROUTER_SYSCTLS } from "../../../infra/platform/router-sysctls.ts";
import { scaleService } from "../../../lib/docker/service.ts";
import { packageRoot } from "../../../lib/package-root.ts";
import { freePorts } from "../../support/free-port.ts";
import { type Answer, get, type Request } from "../../support/http.ts";
import { routerImage, testBase } from "../../support/router-image.ts";
import { type LogLine, logLines } from "./log-lines.ts";
import { replaced } from "./replaced.ts";

/** What a dyno of a test is, apart from its name. See dyno.mjs. */
interface DynoOptions {
  readonly version?: string;
  readonly mode?: "well" | "crash" | "unbound" | "500" | "shy";
  /** Milliseconds that it listens before it answers. */
  readonly boot?: number;
  readonly replicas?: number;
  readonly dyno?: string;
}

/** A router in a container on an overlay network of its own, and services beside it. All go with it. */
export interface RouterGround extends AsyncDisposable {
  readonly docker: Docker;
  readonly name: string;
  /** The router's folder. */
  readonly directory: string;
  /** The router's admin socket. */
  readonly socket: string;
  readonly port: number;
  /** Where it speaks TLS. */
  readonly tlsPort: number;
  readonly router: Docker.Container;
  /** Says for how long the service's `web.1` runs: 0 stops it, 1 starts it. */
  scale(service: string, replicas: number): Promise<void>;
  /** Scales a service to none, and waits until no container of it runs. */
  empty(service: string): Promise<void>;
  /** Makes a dyno's service. Returns its name. */
  dyno(name: string, options?: DynoOptions): Promise<string>;
  /** The running containers of a service. */
  containers(service: string): Promise<Docker.Container[]>;
  /** A call of the admin API. */
  admin(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Reply>;
  /** Puts an app's entry with a short timeout and drain. */
  put(app: string, dynos: readonly string[], more?: object, signal?: AbortSignal): Promise<Reply>;
  /** Asks the router as a client would. */
  get(host: string, path?: string, more?: Request): Promise<Answer>;
  /** The router's own address, past the process of Docker's that passes on what is published. */
  address(): Promise<string>;
  /** The request log's lines of an app whose path is this, when there are as many. */
  logged(app: string, path: string, count?: number): Promise<LogLine[]>;
}

interface GroundOptions {
  /** Files of services/router/lua and nginx.conf by their path there, with what stands in them instead. */
  readonly files?: Readonly<Record<string, (text: string) => string>>;
  /** What the platform's `proxies` says. */
  readonly proxies?: readonly string[];
}

interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON, asserted on by the tests.
  readonly body: any;
}

export async function routerGround({ files = {}, proxies = [] }: GroundOptions = {}): Promise<RouterGround> {
  const docker = new Docker();
  const name = `rt${process.pid.toString(36)}${Math.random().toString(36).slice(2, 6)}`;
  const directory = await mkdtemp(join(tmpdir(), "router-"));
  const socket = join(directory, "admin.sock");
  const labels = { "dynoform.platform": name };
  // Docker would choose another port at each start.
  const [port = 0, tlsPort = 0] = await freePorts(2);
  const image = await routerImage(docker);
  const base = await testBase(docker);
  const binds = await Promise.all(Object.entries(files).map(([path, edit]) => replaced(directory, path, edit)));

  async function dispose(): Promise<void> {
    const filters = { label: [`dynoform.platform=${name}`] };
    for (const service of await docker.listServices({ filters })) await docker.getService(service.ID).remove();
    const containers = async () => await docker.listContainers({ all: true, filters });
    for (const { Id } of await containers())
      await docker
        .getContainer(Id)
        .remove({ force: true })
        .catch(() => {});
    while ((await containers()).length > 0) await sleep(50);
    // A network is busy for a moment after its last task, and the node lets go of it a moment after the swarm.
    for (let attempt = 0; attempt < 100; attempt++) {
      const gone = await docker
        .getNetwork(name)
        .remove()
        .then(
          () => false,
          (error) => error.statusCode === 404,
        );
      if (gone) break;
      await sleep(100);
    }
    await rm(directory, { recursive: true, force: true });
  }

  async function start(): Promise<Docker.Container> {
    await docker.createNetwork({ Name: name, Driver: "overlay", Attachable: true, Labels: labels });
    const router = await docker.createContainer({
      name: `${name}-router`,
      Image: image,
      Labels: labels,
      User: `${process.getuid?.()}:${process.getgid?.()}`,
      Env: [`DYNOFORM_PROXIES=${proxies.join(",")}`],
      ExposedPorts: { "8080/tcp": {}, "8443/tcp": {} },
      HostConfig: {
        Binds: [`${directory}:/run/router`, ...binds],
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges:true"],
        ReadonlyRootfs: true,
        NetworkMode: name,
        DnsOptions: ["ndots:1"],
        RestartPolicy: { Name: "always" },
        PortBindings: {
          "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }],
          "8443/tcp": [{ HostIp: "127.0.0.1", HostPort: String(tlsPort) }],
        },
        Sysctls: ROUTER_SYSCTLS,
      },
    });
    await router.start();
    return router;
  }

  let router: Docker.Container;
  try {
    router = await start();
    await until("the router answers", async () => (await call(socket, "GET", "/health")).status === 200);
  } catch (error) {
    await dispose();
    throw error;
  }

  const ground: RouterGround = {
    docker,
    name,
    directory,
    socket,
    port,
    tlsPort,
    router,
    async dyno(short, { version = "v1", mode = "well", boot = 0, replicas = 1, dyno = "web.1" } = {}) {
      const service = `${name}-${short}`;
      await docker.createService({
        Name: service,
        Labels: { ...labels, "dynoform.dyno": dyno },
        Mode: { Replicated: { Replicas: replicas } },
        EndpointSpec: { Mode: "dnsrr" },
        TaskTemplate: {
          ContainerSpec: {
            Image: base,
            Labels: labels,
            Command: ["/dyno/node", "/dyno/dyno.mjs"],
            Env: [`VERSION=${version}`, `MODE=${mode}`, `BOOT=${boot}`, `DYNO=${dyno}`],
            Mounts: [
              { Type: "bind", Source: process.execPath, Target: "/dyno/node", ReadOnly: true },
              { Type: "bind", Source: dynoScript, Target: "/dyno/dyno.mjs", ReadOnly: true },
            ],
            StopGracePeriod: 30e9,
          },
          Networks: [{ Target: name }],
          RestartPolicy: { Condition: "any", Delay: 1e8 },
          LogDriver: { Name: "json-file" },
        },
      });
      return service;
    },
    async scale(service, replicas) {
      await scaleService(docker, service, () => replicas);
    },
    async empty(service) {
      await scaleService(docker, service, () => 0);
      // Swarm was seen to leave one running for more than a minute. Killed at once, it would be started again.
      const late = performance.now() + 20_000;
      await until("its container is gone", async () => {
        const left = await ground.containers(service);
        if (performance.now() > late) for (const container of left) await container.kill().catch(() => {});
        return left.length === 0;
      });
    },
    async containers(service) {
      const filters = { label: [`com.docker.swarm.service.name=${service}`] };
      return (await docker.listContainers({ filters })).map(({ Id }) => docker.getContainer(Id));
    },
    admin: (method, path, body, signal) => call(socket, method, path, body, signal),
    put: (app, dynos, more, signal) =>
      call(
        socket,
        "PUT",
        `/apps/${app}`,
        {
          hosts: [`${app}.localhost`],
          dynos: dynos.map((service, index) => ({ name: service, port: 5000, dyno: `web.${index + 1}` })),
          check: { type: "http", path: "/", timeout: 30 },
          drain: 10,
          ...more,
        },
        signal,
      ),
    async address() {
      const { Containers } = await docker.getNetwork("docker_gwbridge").inspect();
      return String(Containers?.[router.id]?.IPv4Address ?? "").split("/")[0] ?? "";
    },
    get: (host, path = "/", more = {}) => get({ host, port, path, ...more }),
    async logged(app, path, count = 1) {
      let found: LogLine[] = [];
      await until(`${count} lines of ${app} ${path} are in the log`, async () => {
        found = (await logLines(directory)).filter((line) => line.app === app && line.path === path);
        return found.length >= count;
      });
      return found;
    },
    [Symbol.asyncDispose]: dispose,
  };
  return ground;
}

const dynoScript = join(packageRoot(), "test/docker/router/dyno.mjs");

/** Waits until something is so. */
export async function until(what: string, isSo: () => Promise<boolean>, seconds = 60): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      if (await isSo()) return;
    } catch (error) {
      last = error;
    }
    await sleep(20);
  }
  throw new Error(`not within ${seconds} seconds: ${what}`, { cause: last });
}

function call(socketPath: string, method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Reply> {
  const text = body === undefined ? "" : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = { "content-length": Buffer.byteLength(text) };
    const outgoing = request({ socketPath, method, path, headers, signal, agent: false }, (response) => {
      let reply = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        reply += chunk;
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(reply) }));
    });
    outgoing.on("error", reject);
    outgoing.end(text);
  });
}
