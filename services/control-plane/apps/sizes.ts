import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { isMissing, isNotFound } from "../../../lib/errors.ts";
import { LABELS } from "../../../provider/build/labels.ts";
import { repositoryPath } from "../../../sources/git/repository.ts";

/** What an app takes, in bytes; null: it has none. */
export interface AppSizes {
  /** Its code with its packages, without the base image. */
  readonly slug: number | null;
  /** What was pushed, as Git keeps it. */
  readonly repository: number | null;
}

/** @param image the id of what runs @param directory the platform's folder @param id the app's */
export async function sizesOf(
  docker: Docker,
  directory: string,
  { id, image }: { readonly id: string; readonly image: string | undefined },
): Promise<AppSizes> {
  const [slug, repository] = await Promise.all([
    image === undefined ? null : slugSize(docker, image),
    folderSize(repositoryPath(directory, id)),
  ]);
  return { slug, repository };
}

/** An image of ours names what made it; the first below it that does not is the base image. */
async function slugSize(docker: Docker, image: string): Promise<number | null> {
  try {
    const { Size, Parent } = await docker.getImage(image).inspect();
    for (let below = Parent; below !== ""; ) {
      const { Size: size, Parent: next, Config } = await docker.getImage(below).inspect();
      if (Config.Labels?.[LABELS.key] === undefined) return Size - size;
      below = next;
    }
    return Size;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

async function folderSize(folder: string): Promise<number | null> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    const files = entries.filter((entry) => entry.isFile());
    const sizes = await Promise.all(files.map(({ parentPath, name }) => sizeOf(join(parentPath, name))));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Git may remove a file meanwhile. */
async function sizeOf(file: string): Promise<number> {
  try {
    return (await lstat(file)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}
