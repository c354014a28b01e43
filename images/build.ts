import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { pack } from "tar-stream";

/** A file of a build's context. */
export interface ContextFile {
  readonly path: string;
  readonly content: string | Buffer;
  /** @default 0o644 */
  readonly mode?: number;
}

interface ImageBuild {
  readonly tag: string;
  readonly files: readonly ContextFile[];
  /** @default "Dockerfile" */
  readonly dockerfile?: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A folder as a context: like Git, only the owner's right to execute counts. */
export async function readContext(folder: string): Promise<ContextFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.sort().map(async (path) => ({
      path: relative(folder, path),
      content: await readFile(path),
      mode: (await stat(path)).mode & 0o100 ? 0o755 : 0o644,
    })),
  );
}

/**
 * Builds an image with the Docker Engine's own builder, which every version has without a plugin.
 *
 * @throws one line that ends with what the failing command said last
 */
export async function buildImage(docker: Docker, build: ImageBuild): Promise<void> {
  const stream = await docker.buildImage(context(build.files), {
    t: build.tag,
    dockerfile: build.dockerfile,
    buildargs: build.args,
    labels: build.labels,
    forcerm: true,
  });
  const said: string[] = [];
  await followProgress(docker, stream, (event) => {
    said.push(...(event.stream ?? "").split("\n").filter((line) => line.trim() !== ""));
    said.splice(0, said.length - 3);
    if (event.error !== undefined)
      throw new Error(`${build.tag} could not be built: ${event.error} (${said.join(" ")})`);
  });
}

/** A line of what Docker answers while it builds, pulls or imports. */
interface ProgressEvent {
  readonly stream?: string;
  readonly status?: string;
  readonly error?: string;
}

/** Reads Docker's progress to its end; `each` may throw. */
export function followProgress(
  docker: Docker,
  stream: NodeJS.ReadableStream,
  each: (event: ProgressEvent) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(
      stream,
      (error) => (error === null || error === undefined ? resolve() : reject(error)),
      (event: ProgressEvent) => {
        try {
          each(event);
        } catch (error) {
          reject(error);
        }
      },
    );
  });
}

function context(files: readonly ContextFile[]): Readable {
  const archive = pack();
  for (const { path, content, mode = 0o644 } of files) archive.entry({ name: path, mode, mtime: new Date(0) }, content);
  archive.finalize();
  return Readable.from(archive);
}
