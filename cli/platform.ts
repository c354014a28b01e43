import { readFile } from "node:fs/promises";
import { isMissing, UserError } from "../lib/errors.ts";
import { placesOf } from "../model/platform/control-plane.ts";
import { DEFAULT_API_PORT } from "../model/platform/settings.ts";
import { findProject, type PlatformTarget, platformsOf, readStackFiles } from "../model/stack/project.ts";

/** The platform of the project that a command was started in. @param wanted its name, where there are several */
export async function findPlatform(directory: string, wanted: unknown): Promise<PlatformTarget> {
  const platforms = platformsOf(await readStackFiles(await findProject(directory)));
  const names = platforms.map(({ name }) => name).join(", ");
  if (typeof wanted === "string") {
    const found = platforms.find(({ name }) => name === wanted);
    if (found === undefined) throw new UserError(`there is no platform ${wanted} here; there is ${names}.`);
    return found;
  }
  const [only, ...others] = platforms;
  if (only === undefined) throw new UserError("no stack file here declares a platform.");
  if (others.length > 0) throw new UserError(`say which platform: \`--platform NAME\`. There are ${names}.`);
  return only;
}

/** Where its API is published on 127.0.0.1. */
export function apiPort({ settings }: PlatformTarget): number {
  return settings.ports?.api ?? DEFAULT_API_PORT;
}

/** The operator's key, which its API takes from whoever holds the host. @throws UserError when it is not up */
export async function keyOf(platform: PlatformTarget): Promise<string> {
  return (await readOf(platform, placesOf(platform.directory).token)).trim();
}

/** A file of a platform that is up. @throws UserError when it is not, or the file is somebody else's */
export async function readOf({ name }: PlatformTarget, path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (isMissing(error))
      throw new UserError(`the platform ${name} is not up on this machine. Bring it up: \`npm run up\`.`);
    throw new UserError(`${path} cannot be read: only who brought ${name} up may use it.`);
  });
}

/** What the commands about a platform have in common. */
export const platformOption = { platform: { type: "string" } } as const;
