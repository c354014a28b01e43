import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readFile, readlink, realpath } from "node:fs/promises";
import { basename, isAbsolute, join, relative, resolve, sep } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import ignoreModule from "@balena/dockerignore";
import { pack } from "tar-stream";

/** A file or link of a build context, by its path in it with slashes. */
interface Entry {
  readonly name: string;
  readonly path: string;
  readonly mode: number;
  readonly kind: "file" | "link" | "other";
  readonly size: number;
  readonly mtime: Date;
}

/**
 * `contextDigest`: SHA-256 over name, mode and content of the Dockerfile and of every file that is not ignored, in
 * the order and encoding of the real provider (pulumi-docker, `hashContext`), so that both come to the same.
 */
export async function contextDigest(context: string, dockerfile: string): Promise<string> {
  const total = createHash("sha256");
  const add = (name: string, mode: string, content: Hash) => {
    total.update(name).update(mode).update(content.digest()).update("\0");
  };
  add("Dockerfile", "-".repeat(10), await hashFile(dockerfile));
  for (const entry of await listContext(context, dockerfile)) {
    let content = createHash("sha256");
    // A link counts by where it leads, seen from the working directory as the context is.
    if (entry.kind === "link") content.update(seenFrom(context, await realpath(entry.path)));
    else if (entry.kind === "file") content = await hashFile(entry.path);
    add(entry.name, goFileMode(entry.mode), content);
  }
  return total.digest("hex");
}

/**
 * The context as a tar stream, owned by root, with what .dockerignore excludes left out.
 *
 * @returns besides, the Dockerfile's name in it; one from outside of the context is added under a name of its own.
 */
export async function packContext(
  context: string,
  dockerfile: string,
): Promise<{ tar: NodeJS.ReadableStream; dockerfile: string }> {
  const entries = await listContext(context, dockerfile);
  const inside = slashes(relative(resolve(context), resolve(dockerfile)));
  const foreign = inside.startsWith("../") || isAbsolute(inside);
  const name = foreign ? `.dockerfile.${createHash("sha256").update(inside).digest("hex").slice(0, 20)}` : inside;
  const tar = pack();
  const root = { uid: 0, gid: 0 };
  const write = async () => {
    if (!entries.some((entry) => entry.name === name))
      tar.entry({ name, mode: 0o644, ...root }, await readFile(dockerfile));
    for (const entry of entries) {
      const header = { name: entry.name, mode: entry.mode & 0o7777, mtime: entry.mtime, ...root };
      if (entry.kind === "link") {
        tar.entry({ ...header, type: "symlink", linkname: await readlink(entry.path) });
      } else if (entry.kind === "file") {
        await pipeline(createReadStream(entry.path), tar.entry({ ...header, size: entry.size }));
      }
    }
    tar.finalize();
  };
  write().catch((error) => tar.destroy(error));
  return { tar: Readable.from(tar), dockerfile: name };
}

/** How the outputs name the Dockerfile: seen from the context. */
export function relativeDockerfile(context: string, dockerfile: string): string {
  return slashes(relative(resolve(context), resolve(dockerfile)));
}

async function listContext(context: string, dockerfile: string): Promise<Entry[]> {
  const ignored = await ignoreRules(context, dockerfile);
  const entries: Entry[] = [];
  const walk = async (folder: string) => {
    const names = (await readdir(join(context, folder))).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const name of names) {
      const inContext = folder ? `${folder}/${name}` : name;
      const path = join(context, inContext);
      const { mode, size, mtime, ...stat } = await lstat(path).then((found) =>
        Object.assign(found, { kind: found.isFile() ? "file" : found.isSymbolicLink() ? "link" : "other" } as const),
      );
      // A folder that is ignored may hold files that are not ("!").
      if ((mode & 0o170000) === 0o040000) await walk(inContext);
      else if (!ignored(inContext)) entries.push({ name: inContext, path, mode, size, mtime, kind: stat.kind });
    }
  };
  await walk("");
  return entries;
}

/** `<Dockerfile>.dockerignore` where there is one, else the context's `.dockerignore`. */
async function ignoreRules(context: string, dockerfile: string): Promise<(name: string) => boolean> {
  for (const path of [`${dockerfile}.dockerignore`, join(context, ".dockerignore")]) {
    const rules = await readFile(path, "utf8").catch((error) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (rules === undefined) continue;
    const matcher = ignoreModule.default({ ignorecase: false }).add(rules);
    return (name) => matcher.ignores(name);
  }
  return () => false;
}

async function hashFile(path: string): Promise<Hash> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash;
}

function seenFrom(context: string, target: string): string {
  return slashes(isAbsolute(context) ? target : relative(process.cwd(), target));
}

function slashes(path: string): string {
  return path.split(sep).join("/") || basename(path);
}

const FILE_KINDS = new Map([
  [0o040000, "d"],
  [0o120000, "L"],
  [0o010000, "p"],
  [0o140000, "S"],
  [0o060000, "D"],
  [0o020000, "Dc"],
]);

/** A file's mode as Go prints it, "-rw-r--r--". */
export function goFileMode(mode: number): string {
  const special =
    (FILE_KINDS.get(mode & 0o170000) ?? "") +
    (mode & 0o4000 ? "u" : "") +
    (mode & 0o2000 ? "g" : "") +
    (mode & 0o1000 ? "t" : "");
  const letters = "rwxrwxrwx";
  const permissions = [...letters].map((letter, index) => (mode & (1 << (8 - index)) ? letter : "-")).join("");
  return (special || "-") + permissions;
}
