import type Docker from "dockerode";
import { ensureBaseImage } from "../../cli/setup/base-image.ts";
import type { Say } from "../../cli/steps.ts";

/** Holds a tag of every base image, so that they outlive the platforms of single tests. */
export const IMAGES_OWNER = "dynoform-test";

export async function ensureTestImages(docker: Docker, say: Say): Promise<void> {
  await ensureBaseImage(docker, IMAGES_OWNER, say);
}
