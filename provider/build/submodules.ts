import type Docker from "dockerode";
import type { Submodule } from "../../sources/index.ts";
import { putFiles } from "./archive.ts";

/** Tells images/python/build which commits are to be where, as `git update-index --index-info` takes it. */
export async function putSubmodules(container: Docker.Container, submodules: readonly Submodule[]): Promise<void> {
  if (submodules.length === 0) return;
  const index = submodules.map(({ path, commit }) => `160000 ${commit}\t${path}\0`).join("");
  await putFiles(container, "/opt/requirements", (files) => files.text("submodules", index));
}
