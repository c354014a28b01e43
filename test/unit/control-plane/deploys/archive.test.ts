import assert from "node:assert/strict";
import { createWriteStream } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { after, before, test } from "node:test";
import { createGzip, gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { storeArchive } from "../../../../services/control-plane/deploys/archive.ts";
import { LIMITS, type Limits } from "../../../../services/control-plane/deploys/limits.ts";
import { git } from "../../../../sources/git/git.ts";
import { Repository } from "../../../../sources/git/repository.ts";

let folder: string;
let repository: Repository;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "archive-"));
  repository = new Repository(join(folder, "git", "shop.git"));
});
after(() => rm(folder, { recursive: true, force: true }));

type Given = Partial<Header> & Pick<Header, "name"> & { readonly text?: string };

async function archive(entries: readonly Given[]): Promise<string> {
  const tar = pack();
  for (const { text, ...header } of entries) tar.entry(header, text ?? "");
  tar.finalize();
  const file = join(folder, "source.tgz");
  await pipeline(tar as AsyncIterable<Uint8Array>, createGzip(), createWriteStream(file));
  return file;
}

async function store(entries: readonly Given[], limits?: Limits): Promise<string> {
  return storeArchive(repository, await archive(entries), "v1\n", limits);
}

const listed = async (commit: string) =>
  (await git(repository.path, ["ls-tree", "-r", commit]))
    .trim()
    .split("\n")
    .map((line) => line.replace(/^(\d+) blob \w+\t/, "$1 "));

test("files, modes, links and names of all kinds become a commit", async () => {
  const commit = await store([
    { name: "./", type: "directory" },
    { name: "./Procfile", text: "web: run\n" },
    { name: "bin/run", mode: 0o755, text: "#!/bin/sh\n" },
    { name: `${"long/".repeat(40)}"quoted"\nütf`, text: "x" },
    { name: "empty", text: "" },
    { name: "lib/link", type: "symlink", linkname: "../bin/run" },
    { name: "copy", type: "link", linkname: "./Procfile" },
    { name: ".git/config", text: "[core]" },
    { name: "sub/.GIT/hooks/post-checkout", text: "evil" },
    { name: "Procfile", text: "web: other\n" },
  ]);
  assert.deepEqual(await listed(commit), [
    "100644 Procfile",
    "100755 bin/run",
    "100644 copy",
    "100644 empty",
    "120000 lib/link",
    `100644 "${"long/".repeat(40)}\\"quoted\\"\\n\\303\\274tf"`,
  ]);
  assert.equal(await git(repository.path, ["cat-file", "-p", `${commit}:Procfile`]), "web: other\n");
  assert.equal(await git(repository.path, ["cat-file", "-p", `${commit}:copy`]), "web: run\n");
  assert.equal((await git(repository.path, ["log", "-1", "--format=%s", commit])).trim(), "v1");
  assert.equal(
    (await git(repository.path, ["for-each-ref", "--format=%(refname)"])).trim(),
    `refs/snapshots/${commit}`,
  );
});

test("the one folder in which all lies is left out, as of archives of GitHub", async () => {
  const commit = await store([
    { name: "shop-1234/", type: "directory" },
    { name: "shop-1234/Procfile", text: "web: run\n" },
    { name: "shop-1234/a/b", text: "x" },
  ]);
  assert.deepEqual(await listed(commit), ["100644 Procfile", "100644 a/b"]);
});

test("what lies or leads out of it is refused, and so is what is no file", async () => {
  const cases: readonly [Given | readonly Given[], RegExp][] = [
    [{ name: "../evil", text: "x" }, /"\.\.\/evil" leads out of it/],
    [{ name: "a/../../evil", text: "x" }, /leads out of it/],
    [{ name: "/etc/passwd", text: "x" }, /"\/etc\/passwd" is an absolute path/],
    [{ name: "link", type: "symlink", linkname: "/etc/passwd" }, /the link "link" leads out of it, to "\/etc\/passwd"/],
    [{ name: "a/link", type: "symlink", linkname: "../../x" }, /the link "a\/link" leads out of it/],
    [
      [
        { name: "root/link", type: "symlink", linkname: "../x" },
        { name: "root/file", text: "x" },
      ],
      /the link "root\/link" leads out of it/,
    ],
    [
      [
        { name: "here", type: "symlink", linkname: "." },
        { name: "link", type: "symlink", linkname: "here/../x" },
      ],
      /the link "link" leads out of it/,
    ],
    [{ name: "hard", type: "link", linkname: "/etc/passwd" }, /is an absolute path/],
    [{ name: "hard", type: "link", linkname: "none" }, /the hard link "hard" is of no file before it/],
    [{ name: "device", type: "character-device" }, /"device" is no file, folder or link \(character-device\)/],
    [{ name: "pipe", type: "fifo" }, /\(fifo\)/],
    [{ name: `${"d/".repeat(101)}f`, text: "x" }, /lies more than 100 folders deep/],
    [{ name: ".git/config", text: "x" }, /there is no file in it/],
    [[], /there is no file in it/],
  ];
  for (const [entries, why] of cases) {
    const given = Array.isArray(entries) ? (entries as readonly Given[]) : [entries as Given];
    await assert.rejects(store(given), (error: Error) => {
      assert.equal(error.name, "BadArchive");
      assert.match(error.message, /^The source archive cannot be taken: .*\.$/);
      assert.match(error.message, why);
      return true;
    });
  }
});

test("it is bounded, however it is packed, and must be whole", async () => {
  const small = { ...LIMITS, unpacked: 20_000, entries: 5 };
  const bomb = { name: "zeros", text: "\0".repeat(1_000_000) };
  await assert.rejects(store([bomb], small), /it has more than 20000 bytes when it is unpacked/);
  const many = Array.from({ length: 6 }, (_, index) => ({ name: `f${index}`, text: "" }));
  await assert.rejects(store(many, small), /it has more than 5 entries/);
  await assert.rejects(store([{ name: "x".repeat(256), text: "" }]), /has too long a name/);

  const file = join(folder, "other.tgz");
  const whole = await archive([bomb]);
  const bytes = await readFile(whole);
  for (const content of [
    Buffer.from("no archive at all"),
    bytes.subarray(0, bytes.length - 200),
    gzipSync("no tar".repeat(1000)),
  ]) {
    await writeFile(file, content);
    await assert.rejects(storeArchive(repository, file, "x"), /it is no whole tar archive, compressed by gzip/);
  }
});

test("nothing of what was refused is left, but objects that nobody names", async () => {
  const refs = await git(repository.path, ["for-each-ref", "--format=%(refname)"]);
  assert.doesNotMatch(refs, /refs\/uploads/);
  assert.deepEqual(
    (await readdir(repository.path)).filter((name) => name.startsWith("fast_import_crash")),
    [],
  );
});
