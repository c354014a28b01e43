import { join } from "node:path";
import { packageRoot } from "./package-root.ts";
import { recipe } from "./recipe.ts";

/** The Pythons that can be had: minor version to the Debian release it comes from. */
export const PYTHONS = { "3.9": "bullseye", "3.11": "bookworm", "3.13": "trixie" } as const;

export type PythonMinor = keyof typeof PYTHONS;

/** Who installs packages: an ordinary user, above every dyno's. */
export const BUILD_USER = 2 ** 31 - 2;
/** The group of dynos, which may write where the build's user lets it. */
export const DYNO_GROUP = 2 ** 20 - 1;

/** The version of a Python image: 12 hexadecimal digits. */
export function pythonRecipe(minor: PythonMinor): string {
  const codename = PYTHONS[minor];
  const base = recipe(join(packageRoot(), "images/base"), codename);
  return recipe(pythonFolder(), `${codename} ${base} ${BUILD_USER}`);
}

/** What Python images are made of. */
export function pythonFolder(): string {
  return join(packageRoot(), "images/python");
}
