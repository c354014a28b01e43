import { join } from "node:path";
import type Docker from "dockerode";
import { ensureBaseImage } from "../../cli/setup/base-image.ts";
import { buildImage, readContext } from "../../images/build.ts";
import { packageRoot } from "../../lib/package-root.ts";
import { IMAGES_OWNER } from "./images.ts";

/** The base image of the tests, by its tag. */
export function testBase(docker: Docker): Promise<string> {
  return ensureBaseImage(docker, IMAGES_OWNER, () => {});
}

/** The router's image on the tests' base image; Docker's cache makes it in a moment while its folder stays the same. */
export async function routerImage(docker: Docker): Promise<string> {
  const tag = `${IMAGES_OWNER}/router:test`;
  const files = await readContext(join(packageRoot(), "services/router"));
  await buildImage(docker, { tag, files, args: { BASE: await testBase(docker) } });
  return tag;
}
