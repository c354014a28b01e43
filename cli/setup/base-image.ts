import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { buildFirstBase, findByRecipe, RECIPE_LABEL } from "../../images/base.ts";
import { followProgress } from "../../images/build.ts";
import { DPKG_SETTINGS, debianSources, type Place, readPlace } from "../../images/place.ts";
import { baseRecipe, CODENAME } from "../../images/recipe.ts";
import { hasImage } from "../../lib/docker/images.ts";
import { messageOf, UserError } from "../../lib/errors.ts";
import type { Say } from "../steps.ts";
import { canInstall, installPackages } from "./apt.ts";

const DEBIAN = `debian:${CODENAME}-slim`;

/** How long the registry may take to say that it has the image, in milliseconds. */
const REGISTRY_TIMEOUT_MS = 8_000;

/**
 * Gets `<platform>/base:<recipe>`, on which every other image is built: one that another platform has is tagged, else
 * it is built on Debian's image, or without a registry on Debian's packages.
 *
 * @returns the tag
 */
export async function ensureBaseImage(docker: Docker, platform: string, say: Say): Promise<string> {
  const recipe = baseRecipe();
  const tag = `${platform}/base:${recipe}`;
  const [present] = await findByRecipe(docker, "base", recipe);
  if (present !== undefined) {
    await tagImage(docker, present, tag);
    return tag;
  }
  const place = await readPlace();
  const debian = await ensureDebian(docker, `${platform}/debian:${CODENAME}-${recipe}`, place, say);
  say(`building ${tag}`);
  try {
    await buildFirstBase(docker, place, { tag, recipe: `base-${recipe}`, debian });
  } catch (error) {
    throw new UserError(messageOf(error));
  }
  return tag;
}

async function ensureDebian(docker: Docker, tag: string, place: Place, say: Say): Promise<string> {
  if (await hasImage(docker, tag)) return tag;
  const local = await hasImage(docker, DEBIAN);
  if (local || (await pull(docker, say))) {
    await tagImage(docker, DEBIAN, tag);
    // Only what carries the platform's name is removed by a purge.
    if (!local) await docker.getImage(DEBIAN).remove();
  } else {
    await bootstrap(docker, tag, place, say);
  }
  return tag;
}

/** Whether Debian's image came from the registry. A registry that does not answer soon is one we do not have. */
async function pull(docker: Docker, say: Say): Promise<boolean> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), REGISTRY_TIMEOUT_MS);
  try {
    const stream = await docker.pull(DEBIAN, { abortSignal: patience.signal });
    await followProgress(docker, stream, (event) => {
      if (event.error !== undefined) throw new Error(event.error);
      if (event.status?.startsWith("Pulling from")) {
        clearTimeout(timer);
        say(`pulling ${DEBIAN}`);
      }
    });
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** Makes a minimal Debian from its packages and gives it to Docker as an image. */
async function bootstrap(docker: Docker, tag: string, place: Place, say: Say): Promise<void> {
  if (!(await runs("mmdebstrap"))) {
    if (!(await canInstall())) {
      throw new UserError(
        `no registry has ${DEBIAN} for us, and mmdebstrap is not installed to make one: install it (Debian, Ubuntu: \`sudo apt-get install mmdebstrap debian-archive-keyring\`) or bring the image (\`docker load\`), and repeat the command.`,
      );
    }
    await installPackages(["mmdebstrap", "debian-archive-keyring"], say);
  }
  say(`no registry answers: making ${tag} from Debian's packages`);
  const options = [
    "--variant=minbase",
    "--quiet",
    ...aptOptions(place),
    ...DPKG_SETTINGS.map((line) => `--dpkgopt=${line}`),
  ];
  const child = spawn("mmdebstrap", [...options, CODENAME, "-", ...debianSources(CODENAME, place.mirrors)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [, said, [code]] = await Promise.all([
    docker
      .importImage(child.stdout, { ...split(tag), changes: `LABEL ${RECIPE_LABEL}=${tag.split("/")[1]}` })
      .then((stream) => text(stream)),
    text(child.stderr),
    once(child, "close"),
  ]);
  if (code !== 0) {
    await removeIfThere(docker, tag);
    const reason =
      said
        .trim()
        .split("\n")
        .findLast((line) => line.startsWith("E: ")) ?? said.trim();
    throw new UserError(`mmdebstrap could not make ${tag}: ${reason}`);
  }
}

function aptOptions(place: Place): string[] {
  const proxies = place.files.find(({ path }) => path.endsWith("-proxy"))?.content.toString() ?? "";
  return proxies
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `--aptopt=${line}`);
}

async function runs(command: string): Promise<boolean> {
  const child = spawn(command, ["--version"], { stdio: "ignore" });
  return new Promise((resolve) => child.on("error", () => resolve(false)).on("close", () => resolve(true)));
}

async function removeIfThere(docker: Docker, image: string): Promise<void> {
  if (await hasImage(docker, image)) await docker.getImage(image).remove();
}

async function tagImage(docker: Docker, image: string, tag: string): Promise<void> {
  if (image !== tag) await docker.getImage(image).tag(split(tag));
}

function split(image: string): { repo: string; tag: string } {
  const at = image.lastIndexOf(":");
  return { repo: image.slice(0, at), tag: image.slice(at + 1) };
}
