import { join } from "node:path";
import type Docker from "dockerode";
import { packageRoot } from "../lib/package-root.ts";
import { buildImage, readContext } from "./build.ts";
import type { Place } from "./place.ts";

/** The label that says what made an image; images built on it inherit the label, so the tag must fit as well. */
export const RECIPE_LABEL = "dynoform.recipe";

/** Where a base image comes from. */
interface BaseBuild {
  /** The image to make, e.g. `dynoform/base:<recipe>`. */
  readonly tag: string;
  /** For the label, e.g. `base-<recipe>`. */
  readonly recipe: string;
  /** A Debian root of any suite. */
  readonly debian: string;
}

/**
 * Makes a Debian root into a base image with the init and this machine's settings taken from another base image:
 * the way to base images of other suites, from any caller of Docker's API.
 */
export async function buildBaseFrom(docker: Docker, base: string, build: BaseBuild): Promise<void> {
  const { Config } = await docker.getImage(base).inspect();
  const environment = (Config.Env ?? []).filter((entry) => !entry.startsWith("PATH="));
  await buildBase(docker, base, build, Object.fromEntries(environment.map(split)));
}

/** Makes a Debian root into a base image, compiling the init on the way. */
export async function buildFirstBase(docker: Docker, place: Place, build: BaseBuild): Promise<void> {
  const tools = `${build.tag}-tools-${process.pid}`;
  const files = [...(await readContext(folder())), ...place.files];
  const args = { DEBIAN: build.debian, ...place.environment };
  await buildImage(docker, { tag: tools, files, dockerfile: "tools/Dockerfile", args });
  try {
    await buildBase(docker, tools, build, place.environment);
  } finally {
    await docker.getImage(tools).remove();
  }
}

/** Local images with a recipe, newest first, each by one tag that fits. */
export async function findByRecipe(docker: Docker, what: string, recipe: string): Promise<string[]> {
  const filters = { label: [`${RECIPE_LABEL}=${what}-${recipe}`], reference: [`*/${what}:${recipe}`] };
  const images = await docker.listImages({ filters: JSON.stringify(filters) });
  return images.flatMap((image) => (image.RepoTags ?? []).find((tag) => tag.endsWith(`/${what}:${recipe}`)) ?? []);
}

async function buildBase(docker: Docker, tools: string, build: BaseBuild, environment: Record<string, string>) {
  const files = (await readContext(folder())).map((file) =>
    file.path === "Dockerfile" ? { ...file, content: `${file.content}${dockerEnvironment(environment)}` } : file,
  );
  const args = { TOOLS: tools, DEBIAN: build.debian, ...environment };
  await buildImage(docker, { tag: build.tag, files, args, labels: { [RECIPE_LABEL]: build.recipe } });
}

function dockerEnvironment(environment: Readonly<Record<string, string>>): string {
  const lines = Object.entries(environment).map(([key, value]) => `ENV ${key}="${value.replace(/[\\"$]/g, "\\$&")}"\n`);
  return lines.join("");
}

function split(entry: string): [string, string] {
  const at = entry.indexOf("=");
  return [entry.slice(0, at), entry.slice(at + 1)];
}

function folder(): string {
  return join(packageRoot(), "images/base");
}
