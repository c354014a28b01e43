import { once } from "node:events";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import type { TestPlatform } from "../../test/support/platform.ts";

/** What of a plain service an update changes. */
interface PlainForm {
  readonly image: string;
  readonly replicas: number;
  readonly env: Readonly<Record<string, string>>;
  /** Another number makes other tasks of the same, as `docker service update --force` does. */
  readonly force: number;
}

/** An app's image as a Swarm service made and changed by hand: what ours is held against. */
export interface PlainService extends AsyncDisposable {
  readonly name: string;
  readonly form: PlainForm;
  /** Resolves when Docker has taken the change, not when it is made. */
  update(change: Partial<PlainForm>): Promise<void>;
  /** Resolves when Swarm's rolling update of the last change has ended. */
  updated(): Promise<void>;
  /** Where the host reaches its containers that run. */
  addresses(): Promise<string[]>;
  /** The containers that run. */
  containers(): Promise<Docker.ContainerInfo[]>;
  /** Resolves at the first 200 of a container that is started from now on. */
  firstAnswer(path: string): Promise<void>;
}

/** Milliseconds for Docker and the app to do anything. */
const PATIENCE = 60_000;

/**
 * Makes a service of the image of an app's web.1: the app's own command under `tini`, on the platform's network, with
 * none of our init, limits or probes. Its update is `start-first` and a task that ended is started again after 100 ms,
 * as a dyno is; Swarm's own 5 s would be no rival.
 */
export async function plainService(platform: TestPlatform, app: string, name = "plain"): Promise<PlainService> {
  const { docker } = platform;
  const service = `${platform.name}-${name}`;
  const labels = { "dynoform.platform": platform.name };
  const dyno = await webDyno(platform, app);
  const environment = Object.fromEntries(dyno.env.map((entry) => entry.split(/=(.*)/s) as [string, string]));
  let form: PlainForm = {
    image: dyno.image,
    replicas: 1,
    env: { ...environment, PORT: "5000", DATABASE_URL: "sqlite:////tmp/hello.db" },
    force: 0,
  };

  const specification = (): Docker.ServiceSpec & { Name: string } => ({
    Name: service,
    Labels: labels,
    EndpointSpec: { Mode: "dnsrr" },
    Mode: { Replicated: { Replicas: form.replicas } },
    UpdateConfig: { Parallelism: 1, Order: "start-first" },
    Networks: [{ Target: platform.name }],
    TaskTemplate: {
      ForceUpdate: form.force,
      RestartPolicy: { Condition: "any", Delay: 100_000_000 },
      ContainerSpec: {
        Image: form.image,
        Labels: labels,
        Command: ["tini", "-g", "--", "bash", "-c", dyno.command],
        StopGracePeriod: 30_000_000_000,
        Env: Object.entries(form.env).map(([key, value]) => `${key}=${value}`),
      },
    },
  });
  await docker.createService(specification());

  const filters = { label: [`com.docker.swarm.service.name=${service}`] };
  const addressesNow = () => gatewayAddresses(docker);
  return {
    name: service,
    get form() {
      return form;
    },
    async update(change) {
      form = { ...form, ...change };
      for (;;) {
        const { Version } = await docker.getService(service).inspect();
        try {
          // Apart, as the client would put the specification into the URL.
          await docker.getService(service).update({ _query: { version: Version.Index }, _body: specification() });
          return;
        } catch (error) {
          // Swarm itself writes the state of an update.
          if (!/out of sequence/.test(String(error))) throw error;
        }
      }
    },
    async updated() {
      const end = performance.now() + PATIENCE;
      while ((await docker.getService(service).inspect()).UpdateStatus?.State === "updating") {
        if (performance.now() > end) throw new Error(`${service} was not updated within ${PATIENCE / 1000} s`);
        await sleep(50);
      }
    },
    async addresses() {
      const [known, list] = await Promise.all([addressesNow(), docker.listContainers({ filters })]);
      return list.map(({ Id }) => known[Id] ?? "").filter(Boolean);
    },
    containers: () => docker.listContainers({ filters }),
    async firstAnswer(path) {
      const stop = new AbortController();
      const late = setTimeout(() => stop.abort(), PATIENCE);
      const wanted = JSON.stringify({ ...filters, type: ["container"], event: ["start"] });
      const events = await docker.getEvents({ filters: wanted, abortSignal: stop.signal });
      // The stream ends with an error when it is aborted.
      events.on("error", () => {});
      try {
        const [line] = await once(events, "data", { signal: stop.signal });
        const address = (await addressesNow())[JSON.parse(String(line)).id];
        if (address === undefined) throw new Error(`a container of ${service} has no address`);
        while ((await ask(address, path)).status !== 200) {
          stop.signal.throwIfAborted();
          await sleep(5);
        }
      } finally {
        clearTimeout(late);
        stop.abort();
      }
    },
    async [Symbol.asyncDispose]() {
      await docker.getService(service).remove();
    },
  };
}

/** The image, command and user's variables of an app's web.1. */
async function webDyno({ docker, name }: TestPlatform, app: string) {
  const filters = { label: [`dynoform.platform=${name}`, `dynoform.app=${app}`, "dynoform.dyno=web.1"] };
  const [found] = await docker.listServices({ filters });
  if (found === undefined) throw new Error(`${app} has no dyno`);
  const task = found.Spec?.TaskTemplate as { ContainerSpec: { Image: string; Args: string[]; Env?: string[] } };
  const { Image, Args, Env } = task.ContainerSpec;
  const { Config } = await docker.getImage(Image).inspect();
  const own = (Env ?? []).filter((entry) => !entry.startsWith("DYNOFORM_"));
  return { image: Image, command: String(Args[0]), env: [...(Config.Env ?? []), ...own] };
}

/** Where the host reaches containers of overlay networks, by their ids. */
async function gatewayAddresses(docker: Docker): Promise<Record<string, string>> {
  const { Containers = {} } = await docker.getNetwork("docker_gwbridge").inspect();
  const entries = Object.entries(Containers as Record<string, { IPv4Address: string }>);
  return Object.fromEntries(entries.map(([id, { IPv4Address }]) => [id, IPv4Address.split("/")[0] ?? ""]));
}

/** One request to a container, or to what publishes a port; status 0: no answer. */
export function ask(host: string, path: string, port = 5000): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const none = () => resolve({ status: 0, body: "" });
    const outgoing = request({ host, port, path, agent: false, timeout: 10_000 }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), none);
    });
    outgoing.on("timeout", () => outgoing.destroy());
    outgoing.on("error", none);
    outgoing.end();
  });
}
