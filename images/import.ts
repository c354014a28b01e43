import { Readable } from "node:stream";
import type Docker from "dockerode";
import { frames, Lines } from "../lib/docker/output.ts";
import { followProgress } from "./build.ts";
import { PLATFORM_LABEL } from "./labels.ts";
import { removalOf } from "./removal.ts";

interface Import {
  readonly platform: string;
  /** The container's name; one that a killed process left is removed by its like. */
  readonly container: string;
  readonly image: string;
  /** Writes a tar archive to its standard output. */
  readonly command: readonly string[];
  /** Of the command, not of the image. */
  readonly environment?: readonly string[];
  /** Folders or files of the host that the command may read, each at its own path. */
  readonly readable?: readonly string[];
  readonly tag: string;
  /** How an error begins. */
  readonly failed: string;
  readonly signal: AbortSignal;
}

/** Imports what a command in a container writes as an image. */
export async function importOutput(docker: Docker, it: Import): Promise<void> {
  const { platform, signal } = it;
  const container = await docker.createContainer({
    name: it.container,
    Image: it.image,
    Entrypoint: [...it.command],
    Env: [...(it.environment ?? [])],
    Labels: { [PLATFORM_LABEL]: platform },
    HostConfig: {
      CpuShares: 256,
      Mounts: (it.readable ?? []).map((path) => ({ Type: "bind", Source: path, Target: path, ReadOnly: true })),
      LogConfig: { Type: "none", Config: {} },
    },
  });
  using removal = removalOf(container, signal);
  try {
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    await container.start();
    const said: string[] = [];
    const archive = Readable.from(outputOf(stream as AsyncIterable<Buffer>, (line) => said.push(line)));
    const changes = `LABEL ${PLATFORM_LABEL}=${platform}`;
    const progress = await docker.importImage(archive, { ...splitTag(it.tag), changes });
    await followProgress(docker, progress, () => {});
    const { StatusCode } = await container.wait();
    signal.throwIfAborted();
    if (StatusCode !== 0) {
      await docker.getImage(it.tag).remove();
      throw new Error(`${it.failed}: ${said.slice(-3).join(" ")}`);
    }
  } finally {
    await removal.remove();
  }
}

/** What a container writes to its standard output; its lines on the other go to `complain`. */
async function* outputOf(stream: AsyncIterable<Buffer>, complain: (line: string) => void): AsyncGenerator<Buffer> {
  const lines = new Lines(complain);
  for await (const { error, data } of frames(stream)) {
    if (error) lines.write(data);
    else yield data;
  }
  lines.end();
}

export function splitTag(image: string): { repo: string; tag: string } {
  const at = image.lastIndexOf(":");
  return { repo: image.slice(0, at), tag: image.slice(at + 1) };
}
