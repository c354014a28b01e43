import { createHash } from "node:crypto";
import type Docker from "dockerode";
import { dockerStatus, isNotFound } from "../../lib/errors.ts";
import { LABELS } from "./labels.ts";

/** An image that a build has made. */
export interface BuiltImage {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The digest of a list of texts: 64 hexadecimal digits. */
export function keyOf(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** The tag of what a key stands for. */
export function tagOf(repository: string, key: string): string {
  return `${repository}:${key.slice(0, 12)}`;
}

/** The image with a key; undefined when it was not made yet, or is gone. */
export async function findImage(docker: Docker, repository: string, key: string): Promise<BuiltImage | undefined> {
  try {
    const { Id, Config } = await docker.getImage(tagOf(repository, key)).inspect();
    const labels = Config.Labels ?? {};
    return labels[LABELS.key] === key ? { id: Id, labels } : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * The image of another app that a tag of this one's names: it has its maker's labels still.
 *
 * @param id Docker's, `sha256:…`
 */
export async function findTaken(
  docker: Docker,
  repository: string,
  key: string,
  id: string,
): Promise<BuiltImage | undefined> {
  try {
    const { Id, Config } = await docker.getImage(tagOf(repository, key)).inspect();
    return Id === id ? { id: Id, labels: Config.Labels ?? {} } : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Gives an image of another app of the platform a tag of this one's, so that it goes with its last user.
 *
 * @param id Docker's, `sha256:…`
 * @returns undefined: it is gone from this host
 */
export async function takeImage(
  docker: Docker,
  { platform, repository, key }: { readonly platform: string; readonly repository: string; readonly key: string },
  id: string,
): Promise<BuiltImage | undefined> {
  try {
    const image = docker.getImage(id);
    const labels = (await image.inspect()).Config.Labels ?? {};
    if (labels[LABELS.platform] !== platform || labels[LABELS.record] === undefined) {
      throw new Error(`${id} is no image of an app of ${platform}; remove \`image\` from the app's source`);
    }
    await image.tag({ repo: repository, tag: key.slice(0, 12) });
    return { id, labels };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * The image with an app's packages, if it or its namesake on another platform of this host has made it. It gets a tag
 * in the repository, so that it goes with its last user.
 *
 * Another app's is taken only with DYNOFORM_SHARE_PACKAGES=1, for hosts all of whose apps trust each other: while
 * packages are installed their code runs, so an app could make an image of anybody's requirements with code of its own.
 */
export async function findPackages(
  docker: Docker,
  { platform, app }: { readonly platform: string; readonly app: string },
  key: string,
): Promise<BuiltImage | undefined> {
  const repository = packagesRepository(platform, app);
  const own = await findImage(docker, repository, key);
  if (own !== undefined) return own;
  const shared = process.env.DYNOFORM_SHARE_PACKAGES === "1";
  const label = [`${LABELS.key}=${key}`, ...(shared ? [] : [`${LABELS.app}=${app}`])];
  const [other] = await docker.listImages({ filters: JSON.stringify({ label, dangling: ["false"] }) });
  if (other === undefined) return undefined;
  await docker.getImage(other.Id).tag({ repo: repository, tag: key.slice(0, 12) });
  return findImage(docker, repository, key);
}

/** Where the images of an app's packages are tagged. */
export function packagesRepository(platform: string, app: string): string {
  return `${platform}/deps-${app}`;
}

/**
 * Commits a container as the image of a key.
 *
 * @param env what its image's environment has besides, e.g. `NLTK_DATA=/app/…`
 */
export async function commit(
  container: Docker.Container,
  repository: string,
  key: string,
  labels: Readonly<Record<string, string>>,
  env: readonly string[] = [],
): Promise<BuiltImage> {
  const all = { ...labels, [LABELS.key]: key };
  const { Id } = await container.commit({
    repo: repository,
    tag: key.slice(0, 12),
    // The container's own command was the build's.
    Cmd: ["bash"],
    Labels: all,
    ...(env.length > 0 && { Env: [...env] }),
  });
  return { id: Id, labels: all };
}

/**
 * Removes the images of apps that nothing names any more, and the packages' images that only they were made of.
 * An image that a container uses stays.
 *
 * @param app only this app's
 * @param referenced ids of images to keep
 */
export async function removeUnreferenced(
  docker: Docker,
  platform: string,
  referenced: ReadonlySet<string>,
  app?: string,
): Promise<void> {
  const apps = await taggedImages(docker, `${platform}/app-${app ?? "*"}`);
  const parents = new Set<string>();
  for (const { id, tag } of apps) {
    if (!referenced.has(id) && (await removeTag(docker, tag))) continue;
    parents.add((await docker.getImage(id).inspect()).Parent);
  }
  for (const { id, tag } of await taggedImages(docker, packagesRepository(platform, app ?? "*"))) {
    if (!referenced.has(id) && !parents.has(id)) await removeTag(docker, tag);
  }
}

async function taggedImages(docker: Docker, repository: string): Promise<{ id: string; tag: string }[]> {
  const filters = { label: [LABELS.key], reference: [repository] };
  const images = await docker.listImages({ filters: JSON.stringify(filters) });
  return images.flatMap(({ Id, RepoTags }) => (RepoTags ?? []).map((tag) => ({ id: Id, tag })));
}

/** False: a container uses the image, so it stays. */
async function removeTag(docker: Docker, tag: string): Promise<boolean> {
  try {
    await docker.getImage(tag).remove();
    return true;
  } catch (error) {
    if (dockerStatus(error) === 409) return false;
    if (!isNotFound(error)) throw error;
    return true;
  }
}
