/** Records as files below `.pulumi` in a folder (`file://`). */
import { copyFile, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import type { Bucket } from "./bucket.ts";
import { unlessMissing, writeFileAtomic } from "./files.ts";

export class FileBucket implements Bucket {
  readonly shown: string;
  /** The folder `.pulumi`. */
  readonly root: string;

  /** @param url absolute, below the home folder (`file://~`), or relative (`file://./x`) to `workingDirectory` */
  constructor(url: string, workingDirectory: string) {
    this.shown = url;
    this.root = join(folderOf(url, workingDirectory), ".pulumi");
  }

  async prepare(): Promise<void> {
    await mkdir(this.root, { recursive: true, mode: 0o700 });
  }

  async list(folder: string): Promise<string[]> {
    const top = this.place(folder);
    const found = await unlessMissing(readdir(top, { recursive: true, withFileTypes: true }));
    const files = (found ?? []).filter((entry) => !entry.isDirectory());
    return files.map((entry) => relative(top, join(entry.parentPath, entry.name))).sort();
  }

  read(key: string): Promise<Buffer | undefined> {
    return unlessMissing(readFile(this.place(key)));
  }

  modified(keys: readonly string[]): Promise<(Date | undefined)[]> {
    return Promise.all(keys.map(async (key) => (await unlessMissing(stat(this.place(key))))?.mtime));
  }

  /** The unfinished file lies elsewhere: whatever lies in the locks' folder is a lock. */
  write(key: string, content: string | Buffer): Promise<void> {
    return writeFileAtomic(this.place(key), content, { scratch: this.root });
  }

  async replace(key: string, content: string, obsolete: readonly string[]): Promise<void> {
    await writeFileAtomic(this.place(key), content, { backup: true });
    await this.remove(...obsolete);
  }

  async copy(from: string, to: string): Promise<void> {
    await mkdir(dirname(this.place(to)), { recursive: true, mode: 0o700 });
    await unlessMissing(copyFile(this.place(from), this.place(to)));
  }

  async rename(from: string, to: string): Promise<void> {
    await mkdir(dirname(this.place(to)), { recursive: true, mode: 0o700 });
    await unlessMissing(rename(this.place(from), this.place(to)));
  }

  async remove(...keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map((key) => rm(this.place(key), { force: true })));
  }

  async removeAll(folder: string): Promise<void> {
    await rm(this.place(folder), { recursive: true, force: true });
  }

  place(key: string): string {
    return join(this.root, key);
  }
}

function folderOf(url: string, workingDirectory: string): string {
  const path = decodeURI(url.slice("file://".length).replace(/\?.*$/, ""));
  if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
  return resolve(workingDirectory, path);
}
