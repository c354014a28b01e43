/** Files that are whole or unchanged, whatever happens while they are written. */
import { randomUUID } from "node:crypto";
import { type FileHandle, link, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

interface WriteOptions {
  /** The folder for the unfinished file, on the same file system; the target's own by default. */
  readonly scratch?: string;
  readonly mode?: number;
  /** Keep the previous content as `<path>.bak`. */
  readonly backup?: boolean;
}

/** Replaces a file's content: written aside, flushed to the disk, renamed. */
export async function writeFileAtomic(
  path: string,
  content: string | Buffer,
  options: WriteOptions = {},
): Promise<void> {
  const folder = dirname(path);
  const aside = join(options.scratch ?? folder, `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    if (options.scratch !== undefined) await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await createIn(folder, aside, options.mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    if (options.backup === true) await keepBackup(path, `${aside}.bak`);
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

/** A second name for the old content costs no copy, since the file is never changed in place. */
async function keepBackup(path: string, aside: string): Promise<void> {
  try {
    await link(path, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  await rename(aside, `${path}.bak`);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A file's text; undefined when it does not exist. */
export function readFileIfAny(path: string): Promise<string | undefined> {
  return unlessMissing(readFile(path, "utf8"));
}

/** What an access gives; undefined when its file or folder does not exist. */
export async function unlessMissing<T>(access: Promise<T>): Promise<T | undefined> {
  try {
    return await access;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether an error says that a file or folder does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
