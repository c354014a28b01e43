import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { type Extract, extract } from "tar-stream";
import { git } from "../../../sources/git/git.ts";
import { quoted, type Repository, SNAPSHOTS } from "../../../sources/git/repository.ts";
import { BadArchive, Entries, type Entry } from "./entries.ts";
import { LIMITS, type Limits } from "./limits.ts";

/** An entry of an archive, with its content. */
type Packed = Extract extends AsyncIterable<infer Each> ? Each : never;

type Put = (data: string | Uint8Array) => Promise<void>;

/** Or Git would hold each file of up to 512 MB in memory. */
const STREAMED = ["-c", "core.bigFileThreshold=1m"];

/**
 * Makes a gzip-compressed tar archive a commit of an app's repository. It goes from the archive into Git, and no file
 * of it is ever on the disk, so that no path in it can lead anywhere.
 *
 * @param message of the commit
 * @returns the commit's id; the commit is held until a release pins it
 * @throws BadArchive
 */
export async function storeArchive(
  repository: Repository,
  file: string,
  message: string,
  limits: Limits = LIMITS,
): Promise<string> {
  await repository.ensure();
  const { path } = repository;
  const ref = `refs/uploads/${randomBytes(8).toString("hex")}`;
  try {
    const entries = new Entries(limits);
    await git(path, [...STREAMED, "fast-import", "--quiet", "--force"], async (put) => {
      await put(`commit ${ref}\ncommitter Dynoform <> 0 +0000\ndata 0\n`);
      await unpack(file, limits, async (packed) => {
        const entry = entries.read(packed.header);
        if (entry !== undefined) await write(entry, packed, put);
      });
      entries.root();
      await put("done\n");
    });
    const tree = (await git(path, ["rev-parse", "--verify", `${ref}:${entries.root()}`])).trim();
    const who = ["-c", "user.name=Dynoform", "-c", "user.email=noreply@dynoform.invalid"];
    const commit = (await git(path, [...who, "commit-tree", tree, "-F", "-"], (put) => put(message))).trim();
    await git(path, ["update-ref", `${SNAPSHOTS}${commit}`, commit]);
    return commit;
  } finally {
    await git(path, ["update-ref", "-d", ref]);
  }
}

async function write(entry: Entry, packed: Packed, put: Put): Promise<void> {
  const path = quoted(entry.path);
  if (entry.kind === "copy") await put(`C ${quoted(entry.of)} ${path}\n`);
  else if (entry.kind === "link") {
    await put(`M 120000 inline ${path}\ndata ${Buffer.byteLength(entry.target)}\n${entry.target}\n`);
  } else {
    await put(`M ${entry.executable ? "100755" : "100644"} inline ${path}\ndata ${entry.size}\n`);
    for await (const data of packed as AsyncIterable<Uint8Array>) await put(data);
    await put("\n");
  }
}

async function unpack(file: string, limits: Limits, each: (entry: Packed) => Promise<void>): Promise<void> {
  const tar = extract();
  const piped = pipeline(createReadStream(file), createGunzip(), counter(limits.unpacked), tar);
  const told = piped.then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    for await (const entry of tar) {
      await each(entry);
      entry.resume();
    }
  } catch (error) {
    tar.destroy();
    const why = await told;
    throw [error, why].find((each) => each instanceof BadArchive) ?? readable(why ?? error);
  }
  const why = await told;
  if (why !== undefined) throw why instanceof BadArchive ? why : readable(why);
}

/** What zlib and the reader of tar say of something that is none. */
function readable(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code = "" } = error as { code?: string };
  if (code.startsWith("Z_") || /tar header|tar|unexpected end/i.test(error.message)) {
    return new BadArchive(`it is no whole tar archive, compressed by gzip (${error.message})`);
  }
  return error;
}

/** Passes on so many bytes and no more. */
function counter(limit: number): Transform {
  let count = 0;
  return new Transform({
    transform(data: Buffer, _encoding, done) {
      count += data.length;
      if (count > limit) done(new BadArchive(`it has more than ${limit} bytes when it is unpacked`));
      else done(undefined, data);
    },
  });
}
