import type Docker from "dockerode";
import type { CheckFailure } from "../../../src/plugin/contract.ts";
import { parsePath } from "../../../src/values/paths.ts";
import type { PropertyMap } from "../../../src/values/values.ts";
import type { BridgedResource, Call } from "../../bridge/index.ts";
import { messageOf, statusOf, unlessMissing } from "../client.ts";
import { nanoseconds } from "../durations.ts";
import { objects, properties, text } from "../values.ts";
import { waitUntil } from "../wait.ts";
import type { Service, ServiceSpec, Task } from "./api.ts";
import { serviceProperties } from "./properties.ts";
import { readService } from "./read.ts";
import { serviceSpec } from "./spec.ts";

/** Milliseconds a stopped container may take to disappear, besides the time it has to stop. */
const REMOVAL_MS = 30_000;
/** How often an update is tried that lost against another one. */
const ATTEMPTS = 10;

/**
 * `docker:index/service:Service`. A create is done when Docker has taken the service: whether its tasks run is
 * waited for only with `convergeConfig`, whose `delay` means nothing here.
 */
export const service: BridgedResource<Docker> = {
  properties: serviceProperties,
  schemaVersion: 2,
  check: checkService,

  async create(inputs, call) {
    const { client } = call;
    const { id } = await client.createService(serviceSpec(inputs) as Docker.CreateServiceOptions);
    try {
      await converge(id, inputs, call);
    } catch (error) {
      await unlessMissing(client.getService(id).remove());
      throw error;
    }
    return id;
  },

  async read(id, _known, { client }) {
    const found = await inspect(client, id);
    return found && readService(found);
  },

  async update({ id, inputs, ignoreChanges }, call) {
    const keepMode = ignoreChanges.some((path) => parsePath(path)[0] === "mode");
    await applySpec(id, call.client, (current) => withKept(serviceSpec(inputs), current, inputs, keepMode));
    await converge(id, inputs, call);
  },

  async delete({ id, outputs }, { client, signal }) {
    await unlessMissing(client.getService(id).remove());
    const spec = properties(properties(outputs.taskSpec).containerSpec);
    const timeout = nanoseconds(spec.stopGracePeriod) / 1e6 + REMOVAL_MS;
    const label = `com.docker.swarm.service.id=${id}`;
    let left = 0;
    const gone = await waitUntil(
      client,
      async () => {
        const containers = await client.listContainers({ all: true, filters: { label: [label] } });
        left = containers.length;
        // Swarm leaves a stopped container for six more seconds, with its hold on volumes.
        const stopped = containers.filter(({ State }) => ["exited", "dead", "created"].includes(State));
        await Promise.all(stopped.map(({ Id }) => removeContainer(client, Id)));
        return left === stopped.length || undefined;
      },
      // Docker lists a container as running for some time after it has said that it died.
      { filters: { type: ["container"], event: ["die", "destroy"], label: [label] }, timeout, signal, interval: 100 },
    );
    if (gone) return;
    throw new Error(`the service is removed, but ${left} of its containers are still there after ${timeout / 1000} s`);
  },

  async recover(inputs, { client }) {
    return (await inspect(client, text(inputs.name)))?.ID;
  },
};

async function removeContainer(docker: Docker, id: string): Promise<void> {
  await unlessMissing(docker.getContainer(id).remove({ v: true })).catch((error) => {
    // Swarm is at it itself.
    if (statusOf(error) !== 409) throw error;
  });
}

/** Names are as good as ids to Docker. */
async function inspect(docker: Docker, idOrName: string): Promise<Service | undefined> {
  return unlessMissing<Service>(docker.getService(idOrName).inspect());
}

/** Brings a service to a specification made from its present one, whoever else changes it meanwhile. */
async function applySpec(id: string, docker: Docker, make: (current: ServiceSpec) => ServiceSpec): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const found = await docker.getService(id).inspect();
    try {
      await docker.getService(id).update({ ...make(found.Spec), version: found.Version.Index });
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !/update out of sequence/.test(messageOf(error))) throw error;
    }
  }
}

/** What an update leaves as it is: whatever the program does not say and Docker has filled in or others have set. */
function withKept(spec: ServiceSpec, current: ServiceSpec, inputs: PropertyMap, keepMode: boolean): ServiceSpec {
  const task = properties(inputs.taskSpec);
  const keep = (key: string) => task[key] === undefined;
  return {
    ...spec,
    ...((keepMode || inputs.mode === undefined) && { Mode: current.Mode }),
    ...(inputs.labels === undefined && { Labels: current.Labels }),
    ...(inputs.endpointSpec === undefined && { EndpointSpec: current.EndpointSpec }),
    TaskTemplate: {
      ...spec.TaskTemplate,
      ...(keep("forceUpdate") && { ForceUpdate: current.TaskTemplate.ForceUpdate }),
      ...(keep("restartPolicy") && { RestartPolicy: current.TaskTemplate.RestartPolicy }),
      ...(keep("placement") && { Placement: current.TaskTemplate.Placement }),
      ...(keep("resources") && { Resources: current.TaskTemplate.Resources }),
    },
  };
}

function checkService(inputs: PropertyMap): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const fail = (property: string, reason: string) => failures.push({ property, reason: `${property}: ${reason}` });
  const mode = properties(inputs.mode);
  if (mode.global === true && mode.replicated) fail("mode", "it can be either global or replicated");
  if (mode.global === true && inputs.convergeConfig) fail("convergeConfig", "it needs a replicated service");
  for (const [index, network] of objects(properties(inputs.taskSpec).networksAdvanceds).entries()) {
    if (!network.id && !network.name) fail(`taskSpec.networksAdvanceds[${index}]`, "it needs the network's id");
  }
  return failures;
}

/** Waits until as many tasks of the present specification run as are wanted, if the program asks for that. */
async function converge(id: string, inputs: PropertyMap, { client, signal }: Call<Docker>): Promise<void> {
  if (!inputs.convergeConfig) return;
  const timeout = nanoseconds(properties(inputs.convergeConfig).timeout) / 1e6;
  let trouble = "";
  const running = await waitUntil(
    client,
    async () => {
      const found: Service = await client.getService(id).inspect();
      const tasks: Task[] = await client.listTasks({ filters: { service: [id], "_up-to-date": ["true"] } });
      trouble = tasks.find((task) => task.Status?.Err)?.Status?.Err ?? trouble;
      const current = tasks.filter((task) => task.DesiredState === "running" && task.Status?.State === "running");
      return current.length >= (found.Spec.Mode?.Replicated?.Replicas ?? 1) || undefined;
    },
    // Docker sends no events of tasks.
    { filters: { type: ["container", "service"] }, timeout, signal, interval: 200 },
  );
  if (running) return;
  const reason = trouble && `: ${trouble}`;
  throw new Error(`the service did not come up within ${timeout / 1000} seconds${reason}`);
}
