import { rm } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { dockerStatus, isNotFound } from "../../lib/errors.ts";
import { removeUnreferenced } from "../../provider/build/images.ts";
import { listRecords } from "../../provider/build/record.ts";
import type { LeavingApp } from "./run.ts";

/** Removes what an app has besides its stack's resources: one-off dynos, images, records of builds and releases. */
export async function removeTraces(docker: Docker, { app, platform, directory }: LeavingApp): Promise<void> {
  const label = [`dynoform.platform=${platform}`, `dynoform.app=${app}`, "dynoform.dyno"];
  for (const { Id } of await docker.listContainers({ all: true, filters: { label } })) {
    await docker
      .getContainer(Id)
      .remove({ force: true, v: true })
      .catch((error: unknown) => {
        // Gone, or going.
        if (!isNotFound(error) && dockerStatus(error) !== 409) throw error;
      });
  }
  await removeUnreferenced(docker, platform, new Set(), app);
  for (const folder of ["builds", "release-tasks"].map((part) => join(directory, part))) {
    const own = (await listRecords(folder)).filter((record) => record.app === app);
    for (const { id } of own) await rm(join(folder, id), { recursive: true, force: true });
  }
}
