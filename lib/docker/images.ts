import type Docker from "dockerode";
import { isNotFound } from "../errors.ts";

/** Whether Docker has an image. @param id `sha256:…`, or its tag */
export async function hasImage(docker: Pick<Docker, "getImage">, id: string): Promise<boolean> {
  try {
    await docker.getImage(id).inspect();
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
