import { join } from "node:path";
import { packageRoot } from "../lib/package-root.ts";
import type { PythonSource } from "../model/platform/settings.ts";
import { CODENAME, recipe } from "./recipe.ts";
import { UV_PATCHES } from "./uv-pythons.ts";

/** A Python that apps can have. */
export interface Python {
  /** Names it among all: `3.13` or `3.13-forky` of Debian, `3.13.15` of uv. */
  readonly id: string;
  readonly source: PythonSource;
  /** Minor version, e.g. `3.13`. */
  readonly minor: string;
  /** Of uv's the exact one; Debian's release may have got newer ones since. */
  readonly patch: number;
  /** The Debian release that its image is made of. */
  readonly codename: string;
}

/** Debian's release that is being made. Its Pythons are newer, and so are its compilers. */
export const TESTING = "forky";

/** By minor version, and then from the oldest Debian release on: the first is what an app gets that names no patch. */
const DEBIAN: readonly Python[] = [
  debian("3.9", 2, "bullseye"),
  debian("3.11", 2, "bookworm"),
  debian("3.13", 5, "trixie"),
  { ...debian("3.13", 15, TESTING), id: `3.13-${TESTING}` },
  debian("3.14", 8, TESTING),
];

function debian(minor: string, patch: number, codename: string): Python {
  return { id: minor, source: "debian", minor, patch, codename };
}

/** Who installs packages: an ordinary user, above every dyno's. */
export const BUILD_USER = 2 ** 31 - 2;
/** The group of dynos, which may write where the build's user lets it. */
export const DYNO_GROUP = 2 ** 20 - 1;

/** The minor versions that a source has, oldest first. */
export function minorsOf(source: PythonSource): string[] {
  return source === "uv" ? Object.keys(UV_PATCHES) : [...new Set(DEBIAN.map(({ minor }) => minor))];
}

/**
 * The Python for a version like `3.13` or `3.13.7`; undefined when the source has none. Debian has one patch a release:
 * the first that is not older than what is asked for, else the newest.
 */
export function findPython(version: string, source: PythonSource): Python | undefined {
  const [major, second, third] = version.split(".");
  const minor = `${major}.${second}`;
  if (source === "debian") {
    const all = DEBIAN.filter((python) => python.minor === minor);
    return all.find(({ patch }) => patch >= Number(third ?? 0)) ?? all.at(-1);
  }
  const patches = UV_PATCHES[minor] ?? [];
  const patch = third === undefined ? patches.at(-1) : patches.find((known) => String(known) === third);
  if (patch === undefined) return undefined;
  return { id: `${minor}.${patch}`, source, minor, patch, codename: CODENAME };
}

/** A newer patch of a Python that Debian's testing suite has. */
export function newerInTesting({ source, minor, patch }: Python): Python | undefined {
  return source === "debian" ? DEBIAN.find((python) => python.minor === minor && python.patch > patch) : undefined;
}

/** Which source a Python's id is of. */
export function sourceOfPython(id: string): PythonSource {
  return /^\d+\.\d+\.\d+$/.test(id) ? "uv" : "debian";
}

/** The version of a Python image: 12 hexadecimal digits. */
export function pythonRecipe({ id, codename }: Python): string {
  const base = recipe(join(packageRoot(), "images/base"), codename);
  return recipe(pythonFolder(), `${id} ${codename} ${base} ${BUILD_USER}`);
}

/** What Python images are made of. */
export function pythonFolder(): string {
  return join(packageRoot(), "images/python");
}

/** What installs packages besides pip, which is in every Python image. */
export type Tool = "pipenv" | "poetry" | "uv";

/** The version of the image of a Python with a package manager: 12 hexadecimal digits. */
export function toolRecipe(python: Python, tool: Tool): string {
  return recipe(toolFolder(), `${tool} ${pythonRecipe(python)}`);
}

/** What images with package managers are made of. */
export function toolFolder(): string {
  return join(packageRoot(), "images/package-managers");
}
