import type Docker from "dockerode";
import type { PropertyMap } from "../../src/values/values.ts";
import { type BridgedResource, bool, type Call, map, set, string } from "../bridge/index.ts";
import { messageOf, statusOf, unlessMissing } from "./client.ts";
import { labelList, labelMap, labelProperties } from "./labels.ts";
import { objects, properties, stringMap, text } from "./values.ts";
import { waitUntil } from "./wait.ts";

const forceNew = true;
/** Milliseconds: what the real provider gives it. */
const REMOVAL_TIMEOUT_MS = 30_000;

/** `docker:index/network:Network`. */
export const network: BridgedResource<Docker> = {
  properties: {
    name: string({ required: true, forceNew }),
    labels: set(labelProperties({ forceNew }), { forceNew }),
    driver: string({ forceNew, computed: true }),
    options: map("string", { forceNew, computed: true }),
    internal: bool({ forceNew, computed: true }),
    attachable: bool({ forceNew }),
    ingress: bool({ forceNew }),
    ipv6: bool({ forceNew }),
    ipamDriver: string({ default: "default", forceNew }),
    ipamOptions: map("string", { forceNew }),
    ipamConfigs: set(
      {
        subnet: string({ forceNew }),
        ipRange: string({ forceNew }),
        gateway: string({ forceNew }),
        auxAddress: map("string", { forceNew }),
      },
      { tf: "ipam_config", forceNew, computed: true },
    ),
    scope: string({ output: true }),
  },
  schemaVersion: 1,

  async create(inputs, { client }) {
    const name = text(inputs.name);
    // Docker allows two networks of one name, and then refuses the name everywhere.
    const existing = await findNetwork(client, name);
    if (existing) {
      throw new Error(`there is a network named "${name}" already (${existing.Id}); remove it, or use another name`);
    }
    const made = await client.createNetwork({
      Name: name,
      CheckDuplicate: true,
      Labels: labelMap(inputs.labels),
      ...(inputs.driver !== undefined && { Driver: text(inputs.driver) }),
      Options: stringMap(inputs.options),
      Internal: inputs.internal === true,
      Attachable: inputs.attachable === true,
      Ingress: inputs.ingress === true,
      EnableIPv6: inputs.ipv6 === true,
      IPAM: {
        Driver: text(inputs.ipamDriver),
        Options: stringMap(inputs.ipamOptions),
        Config: objects(inputs.ipamConfigs).map(({ subnet, ipRange, gateway, auxAddress }) => ({
          ...(subnet && { Subnet: text(subnet) }),
          ...(ipRange && { IPRange: text(ipRange) }),
          ...(gateway && { Gateway: text(gateway) }),
          ...(auxAddress && { AuxiliaryAddresses: stringMap(auxAddress) }),
        })),
      },
    });
    return made.id;
  },

  async read(id, _known, call) {
    const found = await settled(id, call);
    if (!found) return undefined;
    return {
      name: found.Name,
      labels: labelList(found.Labels),
      driver: found.Driver,
      options: found.Options ?? {},
      internal: found.Internal,
      attachable: found.Attachable,
      ingress: found.Ingress,
      ipv6: found.EnableIPv6 ?? false,
      ipamDriver: found.IPAM?.Driver ?? "default",
      ipamOptions: found.IPAM?.Options ?? {},
      ipamConfigs: ipamConfigs(found),
      scope: found.Scope,
    };
  },

  async delete({ id }, { client, signal }) {
    let reason = "";
    const removed = await waitUntil(
      client,
      async () => {
        // A node lets go of an overlay a moment after the swarm, and until then the name is taken.
        if ((await unlessMissing(client.getNetwork(id).inspect())) === undefined) return true;
        try {
          await unlessMissing(client.getNetwork(id).remove());
        } catch (error) {
          reason = messageOf(error);
          if (statusOf(error) !== 403 && !/in use|active endpoints|not found/i.test(reason)) throw error;
        }
        return undefined;
      },
      // Swarm forgets a removed service's tasks without an event.
      { filters: { type: ["network", "container", "service"] }, timeout: REMOVAL_TIMEOUT_MS, signal, interval: 250 },
    );
    if (!removed) throw new Error(`the network is still in use after ${REMOVAL_TIMEOUT_MS / 1000} seconds: ${reason}`);
  },

  async recover(inputs, { client }) {
    return (await findNetwork(client, text(inputs.name)))?.Id;
  },
};

/** The network named exactly so; Docker's own filter matches parts of names. */
async function findNetwork(docker: Docker, name: string): Promise<Docker.NetworkInspectInfo | undefined> {
  const candidates = await docker.listNetworks({ filters: { name: [name] } });
  return candidates.find((candidate) => candidate.Name === name);
}

/** The network once it has its addresses: Swarm allots those of an overlay just after it has said yes. */
async function settled(id: string, { client, signal }: Call<Docker>): Promise<Docker.NetworkInspectInfo | undefined> {
  const inspect = () => unlessMissing<Docker.NetworkInspectInfo>(client.getNetwork(id).inspect());
  const found = await inspect();
  if (!found || isSettled(found)) return found;
  return waitUntil(
    client,
    async () => {
      const now = await inspect();
      return !now || isSettled(now) ? { now } : undefined;
    },
    { filters: { type: ["network"] }, timeout: REMOVAL_TIMEOUT_MS, signal, interval: 50 },
  ).then((answer) => (answer ? answer.now : found));
}

function isSettled(found: Docker.NetworkInspectInfo): boolean {
  if (found.Scope !== "swarm") return true;
  return found.Driver !== "" && (found.Driver !== "overlay" || Object.keys(found.Options ?? {}).length > 0);
}

function ipamConfigs(found: Docker.NetworkInspectInfo): PropertyMap[] {
  return (found.IPAM?.Config ?? []).map((config) => ({
    subnet: config.Subnet ?? "",
    ipRange: config.IPRange ?? "",
    gateway: config.Gateway ?? "",
    auxAddress: stringMap(properties(config.AuxiliaryAddresses)),
  }));
}
