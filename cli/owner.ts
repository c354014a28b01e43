import { existsSync, realpathSync } from "node:fs";
import type Docker from "dockerode";
import { isNotFound, UserError } from "../lib/errors.ts";

type Containers = Pick<Docker, "getContainer">;

/** The parts of a platform that work in the folder of the project that brought it up, by the ends of their names. */
const PARTS = ["control-plane", "runner"];

/**
 * Two projects may call their platforms alike, as two clones of one repository do.
 *
 * @param project the folder of this one
 * @throws UserError when another project, whose folder is there, has a platform of this name on this machine
 */
export async function refuseOthers(docker: Containers, platform: string, project: string): Promise<void> {
  const owner = await ownerOf(docker, platform);
  // A project that was moved keeps its platform.
  if (owner === undefined || !existsSync(owner) || realpathSync(owner) === realpathSync(project)) return;
  throw new UserError(
    `the platform ${platform} on this machine is that of the project in ${owner}. Run the command there, or give this project's a name and ports of its own (dynoform:platform.name and .ports in its stack file).`,
  );
}

/**
 * To be asked of a platform whose stack holds nothing.
 *
 * @throws UserError when it is on this machine nevertheless, as after `git clean -dx`
 */
export async function refuseUnknown(
  docker: Containers,
  { name, stack }: { readonly name: string; readonly stack: string },
): Promise<void> {
  const owner = await ownerOf(docker, name);
  if (owner === undefined) return;
  throw new UserError(
    `the platform ${name} is on this machine, brought up from ${owner}, and the state of ${stack} does not know it. Put back the state that was removed (\`.dynoform\`, or the folder), or remove the platform with all its data, \`npm run down -- --purge --yes\`, and repeat the command.`,
  );
}

/** The folder of the project that brought a platform up on this machine; undefined: none did, or its parts are gone. */
async function ownerOf(docker: Containers, platform: string): Promise<string | undefined> {
  for (const part of PARTS) {
    try {
      const { Config } = await docker.getContainer(`${platform}-${part}`).inspect();
      if (Config.WorkingDir) return Config.WorkingDir;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return undefined;
}
