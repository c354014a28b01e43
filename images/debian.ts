import { readFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { packageRoot } from "../lib/package-root.ts";
import { buildBaseFrom, findByRecipe } from "./base.ts";
import { importOutput } from "./import.ts";
import { pythonFolder } from "./pythons.ts";
import { baseRecipe, CODENAME, recipe } from "./recipe.ts";

/** The base image of a Debian release, made of the one that setup has made. */
export async function ensureBase(
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
  const script = readFileSync(join(pythonFolder(), "bootstrap"), "utf8");
  // In a container, so that whoever reaches Docker can.
  await importOutput(docker, {
    platform,
    container: `${platform}.bootstrap.${codename}`,
    image: own,
    command: ["/bin/sh", "-c", script, "bootstrap", codename],
    tag: debian,
    failed: `Debian ${codename} could not be made`,
    signal,
  });
  const tag = `${platform}/base-${codename}:${version}`;
  await buildBaseFrom(docker, own, { tag, recipe: `base-${codename}-${version}`, debian });
  return tag;
}
