import { chmodSync, existsSync, lchownSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GIT_MODES } from "../index.ts";
import { GitError, gitSync, ownerFor } from "./git.ts";

/** Bytes of a commit's files: far more than a slug may have, as `.slugignore` is applied later. */
const LIMIT = 2 ** 30;

/** Git's mode of a submodule, whose id is another repository's commit. */
const SUBMODULE = GIT_MODES.submodule;

interface File {
  readonly mode: string;
  readonly id: string;
  readonly size: number;
  readonly path: string;
}

/** Where the files of an app's commits are put, by the app's id. */
function folderOf(directory: string, id: string): string {
  return join(directory, "sources", id);
}

/**
 * Puts a commit's files into a folder, unless they are there: byte for byte, without the conversions that a checkout
 * may make, so that their digest is that of what was committed. At once, as a component's constructor cannot wait.
 *
 * @param directory the platform's runtime directory
 * @param id the app's
 * @returns the folder
 * @throws GitError when it cannot be had
 */
export function checkOut(directory: string, id: string, repository: string, commit: string): string {
  const folder = join(folderOf(directory, id), commit);
  if (existsSync(folder)) return folder;
  if (!existsSync(repository)) throw new GitError(`the app has no repository yet (${repository})`);
  const files = listFiles(repository, commit);
  const unfinished = `${folder}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  try {
    const owner = ownerFor(directory);
    const made = new Set<string>();
    const own = (path: string) => owner && lchownSync(path, owner.uid, owner.gid);
    const folders = (path: string) => {
      if (made.has(path) || existsSync(path)) return;
      folders(dirname(path));
      // Sources are nobody else's.
      mkdirSync(path, { mode: 0o700 });
      own(path);
      made.add(path);
    };
    folders(unfinished);
    // Links last: nothing is ever written through one.
    const links = files.filter(({ mode }) => mode === "120000");
    const submodules = files.filter(({ mode }) => mode === SUBMODULE);
    const blobs = files.filter((file) => !links.includes(file) && !submodules.includes(file));
    const noted = submodules.map((file) => ({ ...file, path: `${file.path}/.git`, content: Buffer.from(file.id) }));
    for (const { mode, path, content } of [...noted, ...contents(repository, [...blobs, ...links])]) {
      const place = join(unfinished, path);
      folders(dirname(place));
      // The files are fetched by the build.
      if (mode === SUBMODULE) writeFileSync(place, `commit ${content}\n`, { flag: "wx" });
      else if (mode === "120000") symlinkSync(content.toString("utf8"), place);
      else {
        writeFileSync(place, content, { flag: "wx" });
        chmodSync(place, mode === "100755" ? 0o755 : 0o644);
      }
      own(place);
    }
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Somebody else's deployment has put the same there.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Removes the files of an app's commits but for one: they can be had again. */
export async function removeCheckOuts(directory: string, id: string, except?: string): Promise<void> {
  const folder = folderOf(directory, id);
  for (const name of await readdir(folder).catch(() => [])) {
    if (name !== except) await rm(join(folder, name), { recursive: true, force: true });
  }
}

function listFiles(repository: string, commit: string): File[] {
  let listing: string;
  try {
    listing = gitSync(
      repository,
      ["ls-tree", "-r", "-z", "-l", "--full-tree", `${commit}^{commit}`],
      "",
      2 ** 28,
    ).toString("utf8");
  } catch (error) {
    if (!(error instanceof GitError) || error.noGit) throw error;
    throw new GitError(`commit ${commit} is not in the app's repository (${repository})`);
  }
  const files = listing.split("\0").flatMap((line): File[] => {
    const [, mode = "", kind, id = "", size, path = ""] = /^(\d+) (\w+) (\w+) +(\d+|-)\t([\s\S]+)$/.exec(line) ?? [];
    if (kind === "commit") return [{ mode: SUBMODULE, id, size: 0, path }];
    return kind === "blob" ? [{ mode, id, size: Number(size), path }] : [];
  });
  // Git itself makes no such trees, but takes in those that others made.
  const paths = new Set(files.map(({ path }) => path));
  if (paths.size < files.length || files.some(({ path }) => !canBe(path, paths))) {
    throw new GitError(`commit ${commit} has a path that no file can have`);
  }
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (total > LIMIT)
    throw new GitError(
      `commit ${commit} has ${Math.ceil(total / 2 ** 20)} MiB of files; ${LIMIT / 2 ** 20} MiB is the limit`,
    );
  return files;
}

/** Whether a path leads nowhere else, and through no file or link of the same tree. */
function canBe(path: string, all: ReadonlySet<string>): boolean {
  const parts = path.split("/");
  if (parts.some((part) => part === "" || part === "." || part === ".." || part.toLowerCase() === ".git")) return false;
  return parts.every((_, depth) => depth === 0 || !all.has(parts.slice(0, depth).join("/")));
}

/** The contents of files, in the order of `files`. */
function* contents(repository: string, files: readonly File[]): Generator<File & { readonly content: Buffer }> {
  const limit = files.reduce((sum, { size }) => sum + size + 100, 1000);
  const output = gitSync(repository, ["cat-file", "--batch"], files.map(({ id }) => `${id}\n`).join(""), limit);
  let at = 0;
  for (const file of files) {
    // Each is "<id> blob <size>", a line break, the content and a line break.
    const start = output.indexOf(10, at) + 1;
    if (!output.subarray(at, start).toString().startsWith(`${file.id} blob ${file.size}`)) {
      throw new GitError(`the object ${file.id} cannot be read; is ${repository} damaged?`);
    }
    at = start + file.size + 1;
    yield { ...file, content: output.subarray(start, start + file.size) };
  }
}
