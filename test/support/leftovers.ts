import type Docker from "dockerode";
import { findRemainder, PLATFORM_LABEL } from "../../cli/remainder.ts";
import { IMAGES_OWNER } from "./images.ts";

/** Every service, container, network, volume and image in Docker that carries a platform's label, as `kind name`. */
export async function labelled(docker: Docker): Promise<string[]> {
  const filters = { label: [PLATFORM_LABEL] };
  const [services, containers, networks, { Volumes }, images] = await Promise.all([
    docker.listServices({ filters }),
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
    docker.listImages({ filters }),
  ]);
  const platforms = new Set(
    [
      ...services.map((service) => service.Spec?.Labels),
      ...[...containers, ...networks, ...(Volumes ?? []), ...images].map((thing) => thing.Labels),
    ].map((labels) => labels?.[PLATFORM_LABEL]),
  );
  const things: string[] = [];
  for (const platform of platforms) {
    // What tests share is kept on purpose.
    if (platform === undefined || platform === IMAGES_OWNER) continue;
    for (const [kind, names] of Object.entries(await findRemainder(docker, platform))) {
      things.push(...names.map((name: string) => `${kind.slice(0, -1)} ${name}`));
    }
  }
  return things;
}

/** What is there now and was not before. */
export async function leftovers(docker: Docker, before: readonly string[]): Promise<string[]> {
  return (await labelled(docker)).filter((thing) => !before.includes(thing));
}
