/** Files that are whole or unchanged, whatever happens while they are written. */
import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isMissing } from "./errors.ts";

/**
 * Replaces a file's content: written aside, flushed to the disk, renamed. Makes its folder where there is none.
 *
 * @param options `mode` of the file. Default: 0600
 */
export async function writeFileAtomic(
  path: string,
  content: string,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const folder = dirname(path);
  const aside = join(folder, `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const file = await createIn(folder, aside, options.mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

async function createIn(folder: string, path: string, mode = 0o600): Promise<FileHandle> {
  try {
    return await open(path, "wx", mode);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return open(path, "wx", mode);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
