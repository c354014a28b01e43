import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { packageRoot } from "../lib/package-root.ts";

/** The Debian release of the base image. */
export const CODENAME = "trixie";

/**
 * The version of what a folder makes: 12 hexadecimal digits of a SHA-256 over its files' names and bytes.
 * TypeScript beside them does not count, as a published package has none.
 *
 * @param salt what else decides the result, such as the version of the image it is built on
 */
export function recipe(folder: string, salt: string): string {
  const hash = createHash("sha256").update(`${salt}\0`);
  for (const file of files(folder)) {
    const bytes = readFileSync(file);
    hash.update(`${relative(folder, file)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex").slice(0, 12);
}

/** The version of the base image, the end of its tag `<platform>/base:<recipe>`. */
export function baseRecipe(): string {
  return recipe(join(packageRoot(), "images/base"), CODENAME);
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
