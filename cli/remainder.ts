import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { isNotFound, messageOf, UserError } from "../lib/errors.ts";

/** What a platform has in Docker, by its label and the names that derive from the platform's. */
interface Remainder {
  readonly services: readonly string[];
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  /** Tags, and ids of images without one. */
  readonly images: readonly string[];
}

export const PLATFORM_LABEL = "dynoform.platform";

/** Everything in Docker that carries a platform's label. */
export async function findRemainder(docker: Docker, platform: string): Promise<Remainder> {
  const label = [`${PLATFORM_LABEL}=${platform}`];
  const [services, containers, networks, { Volumes }, images] = await Promise.all([
    docker.listServices({ filters: { label } }),
    docker.listContainers({ all: true, filters: { label } }),
    docker.listNetworks({ filters: { label } }),
    docker.listVolumes({ filters: { label } }),
    docker.listImages(),
  ]);
  return {
    services: services.map((service) => service.Spec?.Name ?? service.ID),
    containers: containers.map((container) => container.Names[0]?.slice(1) ?? container.Id),
    networks: networks.map((network) => network.Name),
    volumes: (Volumes ?? []).map((volume) => volume.Name),
    images: images.flatMap(({ Id, RepoTags, Labels }) => {
      const tags = (RepoTags ?? []).filter((tag) => tag !== "<none>:<none>");
      // Platforms share images: one's purge takes its own tags, and an image goes with its last tag.
      const ours = tags.filter((tag) => tag.startsWith(`${platform}/`));
      return tags.length > 0 || Labels?.[PLATFORM_LABEL] !== platform ? ours : [Id];
    }),
  };
}

/** Removes what was found, users before what they use; one that is gone by then is no error. */
export async function remove(docker: Docker, remainder: Partial<Remainder>): Promise<void> {
  const services = remainder.services ?? [];
  for (const name of services) await unlessGone(docker.getService(name).remove());
  await Promise.all(services.map((name) => untilContainersGone(docker, name)));
  for (const name of remainder.containers ?? []) {
    const container = docker.getContainer(name);
    const remove = () => container.remove({ force: true, v: true });
    await untilGone(`container ${name}`, { remove, inspect: () => container.inspect() });
  }
  for (const name of remainder.networks ?? []) await untilGone(`network ${name}`, docker.getNetwork(name));
  for (const name of remainder.volumes ?? []) await untilGone(`volume ${name}`, docker.getVolume(name));
  for (const name of remainder.images ?? []) await untilGone(`image ${name}`, docker.getImage(name));
}

async function untilContainersGone(docker: Docker, service: string): Promise<void> {
  const filters = { label: [`com.docker.swarm.service.name=${service}`] };
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(100)) {
    if ((await docker.listContainers({ all: true, filters })).length === 0) return;
  }
}

/**
 * Docker may be removing a container already, as one of a service that has just gone. A task's endpoint leaves its
 * network, and its mount a volume, a moment after its container; and a node lets go of an overlay network a moment after
 * the swarm.
 */
async function untilGone(what: string, thing: { remove(): Promise<unknown>; inspect(): Promise<unknown> }) {
  let refusal: unknown;
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(50)) {
    try {
      await thing.remove();
    } catch (error) {
      refusal = error;
    }
    try {
      await thing.inspect();
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
  }
  throw new UserError(`Docker does not let go of ${what}: ${messageOf(refusal)}`);
}

async function unlessGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
