import type Docker from "dockerode";
import type { CheckFailure } from "../../../src/plugin/contract.ts";
import type { PropertyMap } from "../../../src/values/values.ts";
import type { BridgedResource, Call } from "../../bridge/index.ts";
import { statusOf, unlessMissing } from "../client.ts";
import { ensureImage } from "../image/pull.ts";
import { number, objects, text } from "../values.ts";
import { waitUntil } from "../wait.ts";
import { createOptions, endpointOptions, resourceOptions } from "./options.ts";
import { containerProperties } from "./properties.ts";
import { readContainer } from "./read.ts";

const TIMEOUT_SECONDS = 1200;

/** `docker:index/container:Container`. */
export const container: BridgedResource<Docker> = {
  properties: containerProperties,
  schemaVersion: 2,
  timeouts: { create: TIMEOUT_SECONDS, update: TIMEOUT_SECONDS, delete: TIMEOUT_SECONDS },
  deleteBeforeReplace: true,
  check: checkContainer,

  async create(inputs, call) {
    const { client } = call;
    await ensureImage(text(inputs.image), call);
    const made = await client.createContainer(createOptions(inputs));
    try {
      await connectNetworks(made, inputs, client);
      if (inputs.start === true) await start(made, inputs, call);
    } catch (error) {
      // It never was what the program asked for; left there, it would be in the way of the next attempt.
      await unlessMissing(made.remove({ force: true, v: true })).catch(() => {});
      throw error;
    }
    return made.id;
  },

  async read(id, known, { client }) {
    const found = await unlessMissing(client.getContainer(id).inspect());
    return found && readContainer(found, known);
  },

  async update({ id, inputs, oldOutputs }, call) {
    const found = call.client.getContainer(id);
    await found.update(resourceOptions(inputs));
    const stopped = oldOutputs.mustRun === false && inputs.mustRun === true;
    const started = oldOutputs.start === false;
    if (inputs.start === true && (stopped || started)) await start(found, inputs, call);
  },

  async delete({ id, outputs }, call) {
    const { client, signal } = call;
    const found = client.getContainer(id);
    // The container's own time to stop, unless the program gives one; the real provider kills at once.
    const grace = number(outputs.destroyGraceSeconds);
    await unlessMissing(found.stop(grace > 0 ? { t: grace } : {})).catch((error) => {
      if (statusOf(error) !== 304) throw error;
    });
    const gone = await waitUntil(
      client,
      async () => {
        try {
          await unlessMissing(found.remove({ force: true, v: outputs.removeVolumes !== false }));
          return true;
        } catch (error) {
          // Somebody else's removal is under way.
          if (statusOf(error) !== 409) throw error;
          return undefined;
        }
      },
      { filters: { container: [id], event: ["destroy"] }, timeout: 60_000, signal },
    );
    if (!gone) throw new Error("the container is still being removed after 60 seconds");
  },

  async recover(inputs, { client }) {
    const found = client.getContainer(text(inputs.name));
    const state = await unlessMissing(found.inspect());
    if (!state) return undefined;
    if (inputs.start === true && state.State.Status === "created") {
      // It was interrupted before its first start, perhaps before it had its networks: nothing is lost with it.
      await unlessMissing(found.remove({ force: true, v: true }));
      return undefined;
    }
    return state.Id;
  },
};

function checkContainer(inputs: PropertyMap): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const fail = (property: string, reason: string) => failures.push({ property, reason: `${property}: ${reason}` });
  for (const [index, volume] of objects(inputs.volumes).entries()) {
    if (!volume.containerPath === !volume.fromContainer) {
      fail(`volumes[${index}]`, "it needs either containerPath or fromContainer");
    }
  }
  if (inputs.cpus !== undefined && !(Number(inputs.cpus) > 0)) fail("cpus", 'it must be a number such as "0.5"');
  return failures;
}

/** Only the networks of `networksAdvanced`, where there are any: `networkMode` is "bridge" by default. */
async function connectNetworks(made: Docker.Container, inputs: PropertyMap, docker: Docker): Promise<void> {
  const advanced = objects(inputs.networksAdvanced);
  if (advanced.length === 0) return;
  if (inputs.networkMode === "bridge") await docker.getNetwork("bridge").disconnect({ Container: made.id });
  for (const network of advanced) {
    const name = text(network.name);
    await docker.getNetwork(name).connect({ Container: made.id, EndpointConfig: endpointOptions(network) });
  }
}

async function start(found: Docker.Container, inputs: PropertyMap, call: Call<Docker>): Promise<void> {
  await found.start().catch((error) => {
    // It runs already.
    if (statusOf(error) !== 304) throw error;
  });
  if (inputs.wait !== true) return;
  const seconds = number(inputs.waitTimeout);
  const healthy = await waitUntil(
    call.client,
    async () => {
      const { State: state } = await found.inspect();
      if (!state.Health)
        throw new Error('"wait" needs a health check, and neither the image nor "healthcheck" has one');
      if (!state.Running)
        throw new Error(`the container stopped with exit code ${state.ExitCode} before it was healthy`);
      return state.Health.Status === "healthy" || undefined;
    },
    { filters: { container: [found.id] }, timeout: seconds * 1000, signal: call.signal },
  );
  if (!healthy) throw new Error(`the container was not healthy within ${seconds} seconds`);
}
