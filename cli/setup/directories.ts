import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pulumiHome } from "../../model/platform/directories.ts";
import { hostFile } from "./host-file.ts";
import { writeOnce } from "./write-once.ts";

/**
 * Makes a platform's runtime directory before Docker sees it: Docker would make missing ones as root,
 * open to everybody. They belong to whoever owns the project, as the platform's containers run with that user's id.
 *
 * @param project the folder of Pulumi.yaml
 */
export async function ensureDirectories(directory: string, project: string): Promise<void> {
  const owner = await stat(project);
  for (const [name, mode] of [
    ["", 0o755],
    // Whoever reaches the socket in here commands the router.
    ["router", 0o700],
    ["router/log", 0o700],
    // The control plane's memory, its token and what runs of Pulumi left.
    ["control", 0o700],
    // The apps' repositories, and what was taken out of them to be built.
    ["git", 0o700],
    ["sources", 0o700],
    ["host", 0o755],
    ["builds", 0o755],
    ["release-tasks", 0o755],
  ] as const) {
    const path = join(directory, name);
    await mkdir(path, { recursive: true });
    // `mkdir` takes the umask off the mode, and keeps the mode of what is there.
    await chmod(path, mode);
    if (process.getuid?.() === 0) await chown(path, owner.uid, owner.gid);
  }
  await writeHostFile(join(directory, "host"));
  await ensureToken(join(directory, "control", "token"), owner);
  await mkdir(pulumiHome(), { recursive: true });
}

/** What commands show to the control plane: whoever can read it may do everything. */
async function ensureToken(path: string, owner: { readonly uid: number; readonly gid: number }): Promise<void> {
  await writeOnce(path, `${randomBytes(32).toString("base64url")}\n`);
  if (process.getuid?.() === 0) await chown(path, owner.uid, owner.gid);
}

/** Whole at any moment: dynos that start meanwhile read it. */
async function writeHostFile(folder: string): Promise<void> {
  const unfinished = join(folder, `.addresses.${process.pid}`);
  await writeFile(unfinished, await hostFile());
  await chmod(unfinished, 0o644);
  await rename(unfinished, join(folder, "addresses.nft"));
}
