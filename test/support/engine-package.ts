/** The engine as those have it who have nothing else of this repository: its packed tarball, in a folder of theirs. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../lib/package-root.ts";
import { finish } from "./process.ts";

const { dependencies, devDependencies } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));

/** The package as npm would publish it. @returns the tarball's path */
export async function packEngine(folder: string): Promise<string> {
  const pack = ["npm", "pack", "--pack-destination", folder, "--loglevel=error"];
  const { exitCode, output } = await finish(pack, join(packageRoot(), "engine"));
  assert.equal(exitCode, 0, output);
  const tarball = (await readdir(folder)).find((file) => file.endsWith(".tgz"));
  assert.ok(tarball);
  return join(folder, tarball);
}

/** What npm is to install for a package that is tested here: the version that this repository has. */
export function pinned(name: string): string {
  return `${name}@${dependencies[name] ?? devDependencies[name]}`;
}

/** Installs the tarball, and packages in the versions that this repository has, into a folder. */
export async function installEngine(folder: string, tarball: string, packages: readonly string[]): Promise<void> {
  const install = ["npm", "install", "--prefer-offline", "--no-save", "--loglevel=error", tarball];
  const { exitCode, output } = await finish([...install, ...packages.map(pinned)], folder);
  assert.equal(exitCode, 0, output);
}

/** Checks all TypeScript of a folder against what is installed there, as strictly as our own. */
export async function typecheck(folder: string, files: readonly string[]): Promise<void> {
  const modules = join(packageRoot(), "node_modules");
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2024", "--lib", "esnext"];
  const resolution = ["--module", "nodenext", "--allowImportingTsExtensions", "--erasableSyntaxOnly"];
  const types = ["--typeRoots", join(modules, "@types"), "--types", "node", "--ignoreConfig"];
  const tsc = [join(modules, ".bin", "tsc"), ...options, ...resolution, ...types, ...files];
  const { exitCode, output } = await finish(tsc, folder);
  assert.equal(exitCode, 0, output);
}
