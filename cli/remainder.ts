import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { isNotFound, messageOf, UserError } from "./errors.ts";

/** What a platform has in Docker, by its label and the names that derive from the platform's. */
export interface Remainder {
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
    await unlessGone(docker.getContainer(name).remove({ force: true, v: true }));
  }
  // A task's endpoint leaves its network, and its mount a volume, a moment after its container.
  for (const name of remainder.networks ?? []) {
    await whenFree(`network ${name}`, () => docker.getNetwork(name).remove());
  }
  for (const name of remainder.volumes ?? []) {
    await whenFree(`volume ${name}`, () => docker.getVolume(name).remove());
  }
  for (const name of remainder.images ?? []) {
    await whenFree(`image ${name}`, () => docker.getImage(name).remove());
  }
}

async function untilContainersGone(docker: Docker, service: string): Promise<void> {
  const filters = { label: [`com.docker.swarm.service.name=${service}`] };
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(100)) {
    if ((await docker.listContainers({ all: true, filters })).length === 0) return;
  }
}

async function whenFree(what: string, attempt: () => Promise<unknown>): Promise<void> {
  for (const deadline = Date.now() + 30_000; ; await sleep(100)) {
    try {
      await unlessGone(attempt());
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new UserError(`Docker does not let go of ${what}: ${messageOf(error)}`);
    }
  }
}

async function unlessGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
