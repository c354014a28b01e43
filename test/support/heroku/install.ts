import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { finish } from "../process.ts";

const MANIFEST = fileURLToPath(new URL("cli/package.json", import.meta.url));

/**
 * Installs the official command line as npm has it, once on a machine: it is 400 MB. No part of the project needs it but
 * tests.
 *
 * @returns the folder with the `heroku` command
 */
export async function installHeroku(): Promise<string> {
  const lock = join(dirname(MANIFEST), "package-lock.json");
  const digest = createHash("sha256")
    .update(await readFile(lock))
    .digest("hex")
    .slice(0, 12);
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "dynoform-test");
  const folder = join(cache, `heroku-${digest}`);
  const bin = join(folder, "node_modules", ".bin");
  if (await isThere(bin)) return bin;
  await mkdir(cache, { recursive: true });
  const made = await mkdtemp(join(cache, "installing-"));
  try {
    for (const file of [MANIFEST, lock]) await cp(file, join(made, file.slice(dirname(MANIFEST).length)));
    const { exitCode, output } = await finish(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], made);
    if (exitCode !== 0) throw new Error(`the official command line cannot be installed:\n${output}`);
    // Whole or not at all; another run may have been first.
    await rename(made, folder).catch(async (error: unknown) => {
      if (!(await isThere(bin))) throw error;
    });
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return bin;
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
