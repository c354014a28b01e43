import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type Docker from "dockerode";
import { importOutput } from "./import.ts";
import { type Python, pythonFolder } from "./pythons.ts";

/** Where uv gets Pythons from instead of GitHub, as uv itself takes it: an address, or `file://` and a folder. */
const MIRROR = "UV_PYTHON_INSTALL_MIRROR";

/**
 * An image that holds nothing but the Python that uv has downloaded, below `/exact`. uv checks its hash.
 *
 * @param uv an image with uv
 * @throws Error with uv's last words
 */
export async function downloadPython(
  docker: Docker,
  platform: string,
  { id }: Python,
  uv: string,
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly tag: string }> {
  const mirror = process.env[MIRROR] ?? "";
  const folder = mirror.startsWith("file:") ? fileURLToPath(mirror) : undefined;
  if (folder !== undefined && !existsSync(folder)) {
    throw new Error(`Python ${id} cannot be had: ${MIRROR} names ${folder}, which is not there`);
  }
  const tag = `${platform}/uv-python:${id}-${process.pid}`;
  await importOutput(docker, {
    platform,
    container: `${platform}.bootstrap.python-${id}`,
    image: uv,
    command: ["/bin/sh", "-c", readFileSync(join(pythonFolder(), "download"), "utf8"), "download", id],
    environment: mirror === "" ? [] : [`${MIRROR}=${mirror}`],
    readable: folder === undefined ? [] : [folder],
    tag,
    failed: `Python ${id} could not be downloaded`,
    signal,
  });
  return {
    tag,
    [Symbol.asyncDispose]: async () =>
      void (await docker
        .getImage(tag)
        .remove()
        .catch(() => {})),
  };
}
