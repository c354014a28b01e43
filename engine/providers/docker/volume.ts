import type Docker from "dockerode";
import { type BridgedResource, map, object, set, string } from "../bridge/index.ts";
import { messageOf, statusOf, unlessMissing } from "./client.ts";
import { labelList, labelMap, labelProperties } from "./labels.ts";
import { stringMap, text } from "./values.ts";
import { waitUntil } from "./wait.ts";

const forceNew = true;
/** Milliseconds: what the real provider gives it. */
const REMOVAL_TIMEOUT_MS = 30_000;

/** `docker:index/volume:Volume`. A volume of this name that is there already is taken over with its data. */
export const volume: BridgedResource<Docker> = {
  properties: {
    name: string({ forceNew, computed: true }),
    labels: set(labelProperties({ forceNew }), { forceNew }),
    driver: string({ forceNew, computed: true }),
    driverOpts: map("string", { forceNew }),
    mountpoint: string({ output: true }),
    cluster: object({}, { unsupported: true }),
  },
  schemaVersion: 1,

  async create(inputs, { client }) {
    const made = await client.createVolume({
      Name: text(inputs.name),
      Labels: labelMap(inputs.labels),
      ...(inputs.driver !== undefined && { Driver: text(inputs.driver) }),
      ...(inputs.driverOpts !== undefined && { DriverOpts: stringMap(inputs.driverOpts) }),
    });
    return made.name;
  },

  async read(id, _known, { client }) {
    const found = await unlessMissing(client.getVolume(id).inspect());
    if (!found) return undefined;
    return {
      name: found.Name,
      labels: labelList(found.Labels),
      driver: found.Driver,
      driverOpts: found.Options ?? {},
      mountpoint: found.Mountpoint,
      cluster: null,
    };
  },

  async delete({ id }, { client, signal }) {
    let reason = "";
    const removed = await waitUntil(
      client,
      async () => {
        try {
          await unlessMissing(client.getVolume(id).remove({ force: true }));
          return true;
        } catch (error) {
          reason = messageOf(error);
          if (statusOf(error) !== 409) throw error;
          return undefined;
        }
      },
      { filters: { type: ["container"], event: ["destroy"] }, timeout: REMOVAL_TIMEOUT_MS, signal },
    );
    if (!removed) throw new Error(`the volume is still in use after ${REMOVAL_TIMEOUT_MS / 1000} seconds: ${reason}`);
  },

  async recover(inputs, { client }) {
    return (await unlessMissing(client.getVolume(text(inputs.name)).inspect()))?.Name;
  },
};
