import { createReadStream, existsSync } from "node:fs";
import { chown, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GIT_MODES, SNAPSHOT_AUTHOR, SNAPSHOT_MESSAGE, type SourceTree } from "../index.ts";
import { GitError, git, ownerFor } from "./git.ts";

/** Where releases pin their commits: `refs/releases/v12`. */
const RELEASES = "refs/releases/";
/** Holds a snapshot until a release pins it. */
export const SNAPSHOTS = "refs/snapshots/";

/** The bare repository of an app, by the app's id. */
export function repositoryPath(directory: string, id: string): string {
  return join(directory, "git", `${id}.git`);
}

/**
 * An app's own bare repository, which holds the commit of every release that is kept. What is pushed goes there, and
 * so do snapshots of sources that are folders. It is made when something is first stored in it.
 */
export class Repository {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Makes it unless it is there. */
  async ensure(): Promise<void> {
    if (existsSync(join(this.path, "HEAD"))) return;
    const folder = dirname(this.path);
    const owner = ownerFor(folder);
    // Sources are nobody else's.
    if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined && owner !== undefined) {
      await chown(folder, owner.uid, owner.gid);
    }
    await git(this.path, ["init", "--bare", "--quiet", "--template="]);
  }

  /**
   * Stores a tree as a commit, as it lies there now.
   *
   * @param commit what it must come to; see `Source.snapshot`
   * @throws GitError when it cannot be stored, or the files have changed meanwhile
   */
  async store(tree: SourceTree, commit: string): Promise<void> {
    await this.ensure();
    if (await this.has(commit)) return;
    await git(this.path, ["fast-import", "--quiet", "--force"], async (put) => {
      const message = Buffer.from(SNAPSHOT_MESSAGE);
      await put(`commit ${SNAPSHOTS}${commit}\ncommitter ${SNAPSHOT_AUTHOR}\ndata ${message.length}\n`);
      await put(message);
      for (const { path, kind, size, target = "" } of tree.entries) {
        if (kind === "submodule") {
          await put(`M ${GIT_MODES[kind]} ${target} ${quoted(path)}\n`);
          continue;
        }
        const length = kind === "link" ? Buffer.byteLength(target) : size;
        await put(`M ${GIT_MODES[kind]} inline ${quoted(path)}\ndata ${length}\n`);
        if (kind === "link") await put(target);
        else await putFile(join(tree.root, path), size, put);
        await put("\n");
      }
      await put("done\n");
    });
    if (!(await this.has(commit))) {
      await git(this.path, ["update-ref", "-d", `${SNAPSHOTS}${commit}`]);
      throw new GitError("its files have changed meanwhile");
    }
  }

  async has(commit: string): Promise<boolean> {
    if (!existsSync(this.path)) return false;
    try {
      await git(this.path, ["cat-file", "-e", `${commit}^{commit}`]);
      return true;
    } catch (error) {
      if (error instanceof GitError && !error.noGit) return false;
      throw error;
    }
  }

  /**
   * Takes a release's commit from another app's repository. A release of this one has to pin it, or it goes with the next.
   *
   * @throws GitError where it is not there
   */
  async take(from: Repository, version: number, commit: string): Promise<void> {
    if (await this.has(commit)) return;
    await this.ensure();
    const refspec = `+${RELEASES}v${version}:${SNAPSHOTS}${commit}`;
    await git(this.path, ["fetch", "--no-tags", "--no-write-fetch-head", "--quiet", "--", from.path, refspec]);
    if (await this.has(commit)) return;
    await git(this.path, ["update-ref", "-d", `${SNAPSHOTS}${commit}`]);
    throw new GitError("it is another commit by now");
  }

  /** Keeps a release's commit for as long as the release is kept. False: it is not there, or there is no Git. */
  async pin(version: number, commit: string): Promise<boolean> {
    try {
      if (!(await this.has(commit))) return false;
      await git(this.path, ["update-ref", `${RELEASES}v${version}`, commit]);
      return true;
    } catch (error) {
      if (error instanceof GitError) return false;
      throw error;
    }
  }

  /** Lets go of all commits but those of these releases, and of what failed deployments have stored. */
  async keepOnly(versions: readonly number[]): Promise<void> {
    if (!existsSync(this.path)) return;
    const kept = new Set(versions.map((version) => `${RELEASES}v${version}`));
    const refs = (await git(this.path, ["for-each-ref", "--format=%(refname)", RELEASES, SNAPSHOTS])).split("\n");
    const gone = refs.filter((ref) => ref !== "" && !kept.has(ref));
    if (gone.length === 0) return;
    await git(this.path, ["update-ref", "--stdin"], (put) => put(gone.map((ref) => `delete ${ref}\n`).join("")));
    // What nothing names any more goes two weeks later, and only when there is much of it.
    await git(this.path, ["-c", "gc.autoDetach=false", "gc", "--auto", "--quiet"]);
  }
}

async function putFile(path: string, size: number, put: (data: Uint8Array) => Promise<void>): Promise<void> {
  let read = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    read += chunk.length;
    if (read > size) break;
    await put(chunk);
  }
  if (read !== size) throw new GitError("its files have changed meanwhile");
}

/** A path as fast-import takes any: in quotes. */
export function quoted(path: string): string {
  return `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
