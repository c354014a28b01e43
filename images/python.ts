import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { buildBaseFrom, findByRecipe, RECIPE_LABEL } from "./base.ts";
import { buildImage, followProgress, readContext } from "./build.ts";
import { frames, Lines } from "./output.ts";
import { packageRoot } from "./package-root.ts";
import { BUILD_USER, PYTHONS, type PythonMinor, pythonFolder, pythonRecipe } from "./pythons.ts";
import { baseRecipe, CODENAME, recipe } from "./recipe.ts";

/** The label by which a platform's things are found. */
const PLATFORM_LABEL = "dynoform.platform";

/**
 * Gets `<platform>/python:<minor>-<recipe>`: one that another platform has is tagged, else it is built, after the
 * Debian release it needs was made of Debian's packages.
 *
 * @param say told what takes time
 * @returns the tag
 */
export async function ensurePythonImage(
  docker: Docker,
  platform: string,
  minor: PythonMinor,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const version = `${minor}-${pythonRecipe(minor)}`;
  const tag = `${platform}/python:${version}`;
  const [present] = await findByRecipe(docker, "python", version);
  if (present !== undefined) {
    if (present !== tag) await docker.getImage(present).tag(split(tag));
    return tag;
  }
  const base = await ensureBase(docker, platform, PYTHONS[minor], say, signal);
  say(`Making the image of Python ${minor}`);
  await buildImage(docker, {
    tag,
    files: await readContext(pythonFolder()),
    args: { BASE: base, USER: String(BUILD_USER) },
    labels: { [RECIPE_LABEL]: `python-${version}`, [PLATFORM_LABEL]: platform },
  });
  return tag;
}

/** The base image of a Debian release, made of the one that setup has made. */
async function ensureBase(
  docker: Docker,
  platform: string,
  codename: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const [own] = await findByRecipe(docker, "base", baseRecipe());
  if (own === undefined) throw new Error("there is no base image on this host; make it with: npx dynoform setup");
  if (codename === CODENAME) return own;
  const version = recipe(join(packageRoot(), "images/base"), codename);
  const [present] = await findByRecipe(docker, `base-${codename}`, version);
  if (present !== undefined) return present;
  const debian = `${platform}/debian:${codename}-${version}`;
  say(`Making Debian ${codename} of its packages`);
  await bootstrap(docker, own, { platform, codename, tag: debian, signal });
  const tag = `${platform}/base-${codename}:${version}`;
  await buildBaseFrom(docker, own, { tag, recipe: `base-${codename}-${version}`, debian });
  return tag;
}

interface Bootstrap {
  readonly platform: string;
  readonly codename: string;
  readonly tag: string;
  readonly signal: AbortSignal;
}

/** Makes a minimal Debian in a container, so that whoever reaches Docker can, and imports it as an image. */
async function bootstrap(docker: Docker, base: string, { platform, codename, tag, signal }: Bootstrap): Promise<void> {
  const script = readFileSync(join(pythonFolder(), "bootstrap"), "utf8");
  const container = await docker.createContainer({
    name: `${platform}.bootstrap.${codename}`,
    Image: base,
    Entrypoint: ["/bin/sh", "-c", script, "bootstrap", codename],
    Labels: { [PLATFORM_LABEL]: platform },
    HostConfig: { CpuShares: 256, LogConfig: { Type: "none", Config: {} } },
  });
  let removal: Promise<void> | undefined;
  const remove = () => {
    removal ??= container.remove({ force: true, v: true }).catch(() => {});
    return removal;
  };
  const abort = () => void remove();
  signal.addEventListener("abort", abort, { once: true });
  try {
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    await container.start();
    const said: string[] = [];
    const archive = Readable.from(outputOf(stream as AsyncIterable<Buffer>, (line) => said.push(line)));
    const changes = `LABEL ${PLATFORM_LABEL}=${platform}`;
    const progress = await docker.importImage(archive, { ...split(tag), changes });
    await followProgress(docker, progress, () => {});
    const { StatusCode } = await container.wait();
    signal.throwIfAborted();
    if (StatusCode !== 0) {
      await docker.getImage(tag).remove();
      throw new Error(`Debian ${codename} could not be made: ${said.slice(-3).join(" ")}`);
    }
  } finally {
    signal.removeEventListener("abort", abort);
    await remove();
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

function split(image: string): { repo: string; tag: string } {
  const at = image.lastIndexOf(":");
  return { repo: image.slice(0, at), tag: image.slice(at + 1) };
}
