import { createReadStream, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { type Header, type Pack, pack } from "tar-stream";
import { BUILD_USER, DYNO_GROUP } from "../../images/pythons.ts";
import { type SourceTree, TreeDigest } from "../../sources/index.ts";

/** What {@link putFiles} is given files by. */
interface Files {
  /** Adds one file. */
  text(path: string, content: string | Buffer): void;
  /** Adds a tree's files, and tells the digest of what was really read: they may change meanwhile. */
  tree(tree: SourceTree): Promise<string>;
}

/**
 * Puts files into a folder of a container that need not run. They belong to the build's user, and the dynos' group may
 * write them, as an app may write where it lies.
 */
export async function putFiles<T>(
  container: Docker.Container,
  folder: string,
  fill: (files: Files) => T | Promise<T>,
): Promise<T> {
  const archive = new Archive();
  const put = container.putArchive(Readable.from(archive.stream), { path: folder });
  try {
    const result = await fill(archive);
    archive.stream.finalize();
    await put;
    return result;
  } catch (error) {
    archive.stream.destroy();
    await put.catch(() => {});
    throw error;
  }
}

class Archive implements Files {
  readonly stream: Pack = pack();
  readonly #folders = new Set<string>(["."]);
  /** One date for all, and that of the build: Flask makes ETags of dates, so an old one would stand for new content. */
  readonly #date = new Date();

  text(path: string, content: string | Buffer): void {
    this.#addFolders(path);
    this.stream.entry(this.#header(path, { mode: 0o664 }), content);
  }

  async tree(tree: SourceTree): Promise<string> {
    const digest = new TreeDigest();
    for (const entry of tree.entries) {
      const { path } = entry;
      this.#addFolders(path);
      digest.begin(entry);
      // A build fetches it.
      if (entry.kind === "submodule") continue;
      if (entry.kind === "link") {
        this.stream.entry(this.#header(path, { type: "symlink", linkname: entry.target, mode: 0o777 }));
      } else {
        const mode = entry.kind === "executable" ? 0o775 : 0o664;
        await this.#file(join(tree.root, entry.path), this.#header(path, { mode, size: entry.size }), digest);
      }
    }
    return digest.end();
  }

  async #file(source: string, header: Partial<Header> & { name: string }, digest: TreeDigest): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const entry = this.stream.entry(header, (error) => (error ? reject(error) : resolve()));
    const file = createReadStream(source);
    file.on("error", reject);
    // tar-stream's own failure for a file whose length has changed names no file.
    file.on("data", (chunk) => digest.content(Buffer.from(chunk)));
    file.pipe(entry);
    await promise.catch((error) => {
      file.destroy();
      throw error;
    });
  }

  #addFolders(path: string): void {
    const folder = posix.dirname(path);
    if (this.#folders.has(folder)) return;
    this.#addFolders(folder);
    this.#folders.add(folder);
    this.stream.entry(this.#header(folder, { type: "directory", mode: 0o775 }));
  }

  #header(name: string, header: Partial<Header>): Partial<Header> & { name: string } {
    // Numbers of more than six octal digits fit only into the extended header.
    const pax = { uid: String(BUILD_USER), gid: String(DYNO_GROUP) };
    return { ...header, name, mtime: this.#date, pax };
  }
}

/** The files of a tree by path, for the few that are read whole. */
export function readFiles(tree: SourceTree, paths: readonly string[]): [path: string, content: Buffer][] {
  return paths.map((path) => [path, readFileSync(join(tree.root, path))]);
}
