import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import type { Clock } from "../../../../services/control-plane/types.ts";

const SERVICE_LABEL = "com.docker.swarm.service.name";

/** Where all containers say that they are. */
export const ADDRESS = "10.138.128.9";

/** Of a container that has just begun. */
const CALM = { paused: false, exitCode: 0, outOfMemory: false };

const NEVER = "0001-01-01T00:00:00Z";

export interface FakeContainer {
  readonly id: string;
  readonly labels: Record<string, string>;
  started: number | undefined;
  ended: number | undefined;
  paused: boolean;
  exitCode: number;
  outOfMemory: boolean;
}

interface FakeService {
  readonly id: string;
  readonly spec: {
    Name: string;
    Labels: Record<string, string>;
    Mode: { Replicated: { Replicas: number } };
    TaskTemplate: {
      Placement?: { MaxReplicas?: number };
      Resources?: { Limits: { MemoryBytes: number } };
      ContainerSpec?: { Env: string[] };
    };
  };
  version: number;
  readonly createdAt: number;
  updatedAt: number;
}

/** Docker and Swarm as far as the dyno manager knows them, on a clock that a test moves. */
export class FakeDocker {
  readonly containers = new Map<string, FakeContainer>();
  /** Those too that were removed. */
  readonly everything: FakeContainer[] = [];
  readonly services = new Map<string, FakeService>();
  /** Calls of the API, as `POST /services/web/update`. */
  readonly calls: string[] = [];
  /** Whether Swarm starts a container again when it has ended. */
  restarts = true;
  down = false;
  /** That run in each container. */
  processes = 3;
  readonly #clock: Clock;
  readonly #streams = new Set<PassThrough>();
  readonly #past: { timeNano: number }[] = [];
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** As the code under test takes it. */
  get api(): Docker {
    return this as unknown as Docker;
  }

  /** Makes a dyno's service, and its container. */
  service(name: string, labels: Record<string, string>, replicas = 1): string {
    const now = this.#clock();
    const spec = { Name: name, Labels: labels, Mode: { Replicated: { Replicas: replicas } }, TaskTemplate: {} };
    this.services.set(name, { id: name, spec, version: 1, createdAt: now, updatedAt: now });
    if (replicas > 0) this.run({ ...labels, [SERVICE_LABEL]: name });
    return name;
  }

  removeService(name: string): void {
    this.services.delete(name);
    for (const { id } of this.of(name)) {
      this.end(id, 143, [15]);
      this.remove(id);
    }
  }

  /** The containers of a service, the newest last. */
  of(service: string): FakeContainer[] {
    return [...this.containers.values()].filter(({ labels }) => labels[SERVICE_LABEL] === service);
  }

  running(service: string): FakeContainer | undefined {
    return this.allRunning(service)[0];
  }

  allRunning(service: string): FakeContainer[] {
    return this.of(service).filter(({ started, ended }) => started !== undefined && ended === undefined);
  }

  /** Starts a container. Returns its id. */
  run(labels: Record<string, string>): string {
    const id = `${(++this.#count).toString(16).padStart(8, "0")}cafe`;
    const container = { id, labels, started: this.#clock(), ended: undefined, ...CALM };
    this.containers.set(id, container);
    this.everything.push(container);
    this.#event("start", id);
    return id;
  }

  /** A container is frozen, or thawed. */
  pause(id: string, paused = true): void {
    const container = this.containers.get(id);
    if (container === undefined || container.ended !== undefined) {
      throw Object.assign(new Error(`container ${id} is not running`), { statusCode: container ? 409 : 404 });
    }
    if (container.paused === paused) {
      throw Object.assign(new Error(`container ${id} is ${paused ? "already" : "not"} paused`), { statusCode: 500 });
    }
    container.paused = paused;
    this.#event(paused ? "pause" : "unpause", id);
  }

  /** A container is asked to end, and goes on for now. */
  terminate(id: string): void {
    this.#event("kill", id, { signal: "15" });
  }

  /** A container ends, after these signals. */
  end(id: string, exitCode: number, signals: readonly number[] = [], outOfMemory = false): void {
    const container = this.containers.get(id);
    if (container === undefined || container.ended !== undefined) return;
    for (const signal of signals) this.#event("kill", id, { signal: String(signal) });
    // Docker thaws what it stops.
    if (container.paused && signals.length > 0) this.pause(id, false);
    Object.assign(container, { ended: this.#clock(), paused: false, exitCode, outOfMemory });
    if (outOfMemory) this.#event("oom", id);
    this.#event("die", id, { exitCode: String(exitCode) });
    const service = this.services.get(container.labels[SERVICE_LABEL] ?? "");
    if (this.restarts && service) this.#reconcile(service);
  }

  /** As Swarm does; of what is too much it ends what one would least like it to: the newest. */
  #reconcile({ id, spec }: FakeService): void {
    const running = this.allRunning(id);
    const wanted = spec.Mode.Replicated.Replicas;
    const most = Math.min(wanted, spec.TaskTemplate.Placement?.MaxReplicas ?? wanted);
    for (let count = running.length; count < most; count++) this.run({ ...spec.Labels, [SERVICE_LABEL]: id });
    for (const { id: container } of running.slice(wanted)) this.end(container, 143, [15]);
  }

  /** A dyno ends by itself. */
  crash(service: string, exitCode = 1): void {
    const container = this.running(service);
    if (container) this.end(container.id, exitCode);
  }

  remove(id: string): void {
    if (!this.containers.has(id)) return;
    this.#event("destroy", id);
    this.containers.delete(id);
  }

  /** Docker goes down without a word, or comes back. */
  setDown(down: boolean): void {
    this.down = down;
    if (!down) return;
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  #event(Action: string, id: string, more: Record<string, string> = {}): void {
    const Attributes = { ...this.containers.get(id)?.labels, ...more };
    const event = { Type: "container", Action, Actor: { ID: id, Attributes }, timeNano: this.#clock() * 1e6 };
    this.#past.push(event);
    for (const stream of this.#streams) stream.write(`${JSON.stringify(event)}\n`);
  }

  /** Docker was started again: it knows no event of before. */
  forgetEvents(): void {
    this.#past.length = 0;
  }

  #up(call: string): void {
    this.calls.push(call);
    if (this.down) throw new Error("connect ECONNREFUSED /var/run/docker.sock");
  }

  async getEvents({ since, until }: { since?: number; until?: number } = {}) {
    this.#up("GET /events");
    const stream = new PassThrough();
    if (since !== undefined && until !== undefined) {
      const within = this.#past.filter(({ timeNano }) => timeNano >= since * 1e9 && timeNano <= until * 1e9);
      stream.end(within.map((event) => `${JSON.stringify(event)}\n`).join(""));
      return stream;
    }
    this.#streams.add(stream);
    return stream;
  }

  async listContainers() {
    this.#up("GET /containers");
    return [...this.containers.values()].map(({ id, started, ended }) => ({
      Id: id,
      State: started !== undefined && ended === undefined ? "running" : "exited",
    }));
  }

  getContainer(id: string) {
    const find = () => {
      const container = this.containers.get(id);
      if (container) return container;
      throw Object.assign(new Error(`no such container: ${id}`), { statusCode: 404 });
    };
    return {
      inspect: async () => {
        this.#up(`GET /containers/${id}`);
        const { labels, started, ended, paused, exitCode, outOfMemory } = find();
        return {
          Id: id,
          Config: { Labels: labels, Cmd: ["run me"] },
          NetworkSettings: { Networks: { [labels["dynoform.platform"] ?? ""]: { IPAddress: ADDRESS } } },
          State: {
            Running: started !== undefined && ended === undefined,
            Paused: paused,
            StartedAt: started === undefined ? NEVER : new Date(started).toISOString(),
            FinishedAt: ended === undefined ? NEVER : new Date(ended).toISOString(),
            ExitCode: exitCode,
            OOMKilled: outOfMemory,
          },
        };
      },
      stats: async () => {
        this.#up(`GET /containers/${id}/stats`);
        return { pids_stats: { current: this.processes } };
      },
      pause: async () => {
        this.#up(`POST /containers/${id}/pause`);
        this.pause(id);
      },
      unpause: async () => {
        this.#up(`POST /containers/${id}/unpause`);
        this.pause(id, false);
      },
      kill: async ({ signal }: { signal: string }) => {
        this.#up(`POST /containers/${id}/kill ${signal}`);
        find();
        this.end(id, signal === "SIGTERM" ? 143 : 137, [signal === "SIGTERM" ? 15 : 9]);
      },
    };
  }

  async listServices({ filters }: { filters: string }) {
    this.#up("GET /services");
    const wanted: string[] = JSON.parse(filters).label;
    return [...this.services.values()]
      .filter(({ spec }) => wanted.every((label) => spec.Labels[label.split("=")[0] ?? ""] === label.split("=")[1]))
      .map((service) => this.#describe(service));
  }

  async listTasks({ filters }: { filters: string }) {
    this.#up("GET /tasks");
    const [service = ""] = JSON.parse(filters).service;
    return this.of(service).map(({ id, ended }) => ({
      Status: { State: ended === undefined ? "running" : "complete", ContainerStatus: { ContainerID: id } },
    }));
  }

  getService(id: string) {
    const find = () => {
      const service = this.services.get(id);
      if (service) return service;
      throw Object.assign(new Error(`service ${id} not found`), { statusCode: 404 });
    };
    return {
      inspect: async () => {
        this.#up(`GET /services/${id}`);
        return this.#describe(find());
      },
      update: async (options: { _query: { version: number }; _body: FakeService["spec"] }) => {
        this.#up(`POST /services/${id}/update`);
        const service = find();
        if (options._query.version !== service.version) {
          throw Object.assign(new Error("rpc error: update out of sequence"), { statusCode: 500 });
        }
        service.version++;
        service.updatedAt = this.#clock();
        service.spec.Mode.Replicated.Replicas = options._body.Mode.Replicated.Replicas;
        service.spec.TaskTemplate = structuredClone(options._body.TaskTemplate);
        this.#reconcile(service);
      },
    };
  }

  #describe({ id, spec, version, createdAt, updatedAt }: FakeService) {
    return {
      ID: id,
      Spec: structuredClone(spec),
      Version: { Index: version },
      CreatedAt: new Date(createdAt).toISOString(),
      UpdatedAt: new Date(updatedAt).toISOString(),
    };
  }
}
