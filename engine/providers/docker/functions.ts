import type Docker from "dockerode";
import { type BridgedFunction, string } from "../bridge/index.ts";
import { unlessMissing } from "./client.ts";
import { text } from "./values.ts";

/** An image on the engine by its name, e.g. for its id. Nothing is pulled. */
const getRemoteImage: BridgedFunction<Docker> = {
  args: { name: string({ required: true }) },
  async invoke(args, docker) {
    const name = text(args.name);
    const found = await unlessMissing(docker.getImage(name).inspect());
    if (!found) throw new Error(`there is no image "${name}" on this Docker engine`);
    const repository = name.replace(/[:@][^/]*$/, "");
    const digests = found.RepoDigests ?? [];
    const repoDigest = digests.find((digest) => digest.startsWith(repository)) ?? digests[0] ?? "";
    return { id: found.Id, name, repoDigest };
  },
};

const getNetwork: BridgedFunction<Docker> = {
  args: { name: string({ required: true }) },
  async invoke(args, docker) {
    const name = text(args.name);
    const found: Docker.NetworkInspectInfo | undefined = await unlessMissing(docker.getNetwork(name).inspect());
    if (!found) throw new Error(`there is no network "${name}" on this Docker engine`);
    return {
      id: found.Id,
      name: found.Name,
      driver: found.Driver,
      scope: found.Scope,
      internal: found.Internal,
      options: found.Options ?? {},
      ipamConfigs: (found.IPAM?.Config ?? []).map((config) => ({
        subnet: config.Subnet ?? "",
        gateway: config.Gateway ?? "",
        ipRange: config.IPRange ?? "",
        auxAddress: {},
      })),
      containers: Object.entries(found.Containers ?? {}).map(([containerId, endpoint]) => ({
        containerId,
        name: endpoint.Name,
        endpointId: endpoint.EndpointID,
        macAddress: endpoint.MacAddress,
        ipv4Address: endpoint.IPv4Address,
        ipv6Address: endpoint.IPv6Address,
      })),
    };
  },
};

export const functions: Readonly<Record<string, BridgedFunction<Docker>>> = {
  "docker:index/getRemoteImage:getRemoteImage": getRemoteImage,
  "docker:index/getNetwork:getNetwork": getNetwork,
};
