import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { checkOut, removeCheckOuts } from "../../../sources/git/checkout.ts";
import { GitError } from "../../../sources/git/git.ts";
import { Repository, repositoryPath } from "../../../sources/git/repository.ts";
import { readSource } from "../../../sources/index.ts";

const folder = await mkdtemp(join(tmpdir(), "snapshot-"));
after(() => rm(folder, { recursive: true }));

let counter = 0;

/** A source tree, and a platform's runtime directory without anything. */
async function ground(files: Readonly<Record<string, string>> = {}) {
  const root = join(folder, String(++counter));
  const source = join(root, "source");
  for (const [path, text] of Object.entries({ Procfile: "web: run\n", "requirements.txt": "", ...files })) {
    await mkdir(dirname(join(source, path)), { recursive: true });
    await writeFile(join(source, path), text);
  }
  const runtime = join(root, "runtime");
  await mkdir(runtime);
  const repository = new Repository(repositoryPath(runtime, "shop"));
  return { source, runtime, repository };
}

const git = (repository: Repository, ...args: string[]) =>
  execFileSync("git", ["--git-dir", repository.path, ...args], { encoding: "utf8" });

test("a tree's commit is known before Git makes it, and its files come back as they were", async () => {
  const { source, runtime, repository } = await ground({
    ".gitattributes": "* text eol=crlf ident export-ignore\n",
    ".slugignore": "secret\n",
    secret: "not part of it",
    "a.b": "1",
    "a/b": "2\r\n$Id$\r\n",
    a0: "3",
    'odd "name"\\ with\nall/x': "4",
    empty: "",
    "deep/er/and/er": "\0\xff",
  });
  await chmod(join(source, "a0"), 0o755);
  await symlink("a0", join(source, "link"));
  await symlink("../a0", join(source, "deep", "up"));
  const { snapshot, digest, tree } = readSource(source);
  await repository.store(tree, snapshot);
  assert.equal(git(repository, "rev-parse", `refs/snapshots/${snapshot}`).trim(), snapshot);
  git(repository, "fsck", "--strict");

  const out = checkOut(runtime, "shop", repository.path, snapshot);
  assert.equal(out, join(runtime, "sources", "shop", snapshot));
  const back = readSource(out);
  assert.equal(back.digest, digest);
  assert.equal(back.snapshot, snapshot);
  assert.equal(await readlink(join(out, "deep", "up")), "../a0");
  assert.ok(!existsSync(join(out, "secret")));
});

test("any tree's commit is Git's", async () => {
  const name = fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" }).filter((text) => {
    return !/[/\0\ud800-\udfff]/.test(text) && ![".", "..", ".git", "__pycache__", ".slugignore"].includes(text);
  });
  const files = fc.dictionary(name, fc.string({ maxLength: 20 }), { maxKeys: 6, noNullPrototype: true });
  await fc.assert(
    fc.asyncProperty(files, files, async (above, below) => {
      const all = Object.fromEntries(Object.entries(below).map(([path, text]) => [`folder.x/${path}`, text]));
      const { source, runtime, repository } = await ground({ ...above, ...all });
      const { snapshot, digest, tree } = readSource(source);
      await repository.store(tree, snapshot);
      assert.equal(readSource(checkOut(runtime, "shop", repository.path, snapshot)).digest, digest);
    }),
    { numRuns: 15 },
  );
});

test("files that changed since are not stored, and nothing is left of the attempt", async () => {
  const { source, repository } = await ground();
  const { snapshot, tree } = readSource(source);
  await writeFile(join(source, "Procfile"), "web: two\n");
  await assert.rejects(repository.store(tree, snapshot), new GitError("its files have changed meanwhile"));
  await writeFile(join(source, "Procfile"), "web: longer than before\n");
  await assert.rejects(repository.store(tree, snapshot), new GitError("its files have changed meanwhile"));
  assert.equal(git(repository, "for-each-ref"), "");
});

test("releases pin their commits, and let go of them", async () => {
  const { source, repository } = await ground();
  const commits: string[] = [];
  for (const version of [1, 2, 3]) {
    await writeFile(join(source, "run.py"), String(version));
    const { snapshot, tree } = readSource(source);
    await repository.store(tree, snapshot);
    assert.equal(await repository.pin(version, snapshot), true);
    commits.push(snapshot);
  }
  assert.equal(await repository.pin(4, "0".repeat(40)), false);
  await repository.keepOnly([2, 3]);
  const refs = git(repository, "for-each-ref", "--format=%(refname) %(objectname)").trim().split("\n");
  assert.deepEqual(refs, [`refs/releases/v2 ${commits[1]}`, `refs/releases/v3 ${commits[2]}`]);
});

test("what cannot be had is said in one line", async () => {
  const { source, runtime, repository } = await ground();
  const commit = "1".repeat(40);
  const have = () => checkOut(runtime, "shop", repository.path, commit);
  assert.throws(have, new GitError(`the app has no repository yet (${repository.path})`));
  const { snapshot, tree } = readSource(source);
  await repository.store(tree, snapshot);
  assert.throws(have, new GitError(`commit ${commit} is not in the app's repository (${repository.path})`));
  assert.deepEqual(await readdir(runtime), ["git"]);

  checkOut(runtime, "shop", repository.path, snapshot);
  await removeCheckOuts(runtime, "shop", snapshot);
  assert.deepEqual(await readdir(join(runtime, "sources", "shop")), [snapshot]);
  await removeCheckOuts(runtime, "shop");
  assert.deepEqual(await readdir(join(runtime, "sources", "shop")), []);
});

test("a commit whose paths lead out of its folder, by name or through a link of its own, is refused", async () => {
  const { source, runtime, repository } = await ground();
  const { snapshot, tree } = readSource(source);
  await repository.store(tree, snapshot);
  const hash = (kind: string, input: Buffer | string) =>
    execFileSync("git", ["--git-dir", repository.path, "hash-object", "-w", "--literally", "-t", kind, "--stdin"], {
      input,
    })
      .toString()
      .trim();
  const treeOf = (...entries: readonly (readonly [mode: string, name: string, id: string])[]) =>
    hash(
      "tree",
      Buffer.concat(
        entries.map(([mode, name, id]) => Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, "hex")])),
      ),
    );
  const blob = hash("blob", "web: x");
  const outside = join(runtime, "outside");
  await mkdir(outside);
  const link = hash("blob", outside);
  const below = treeOf(["120000", "x", link]);
  for (const root of [
    treeOf(["100644", "../../../Procfile", blob]),
    treeOf(["100644", ".GIT", blob]),
    treeOf(["120000", "m", link], ["40000", "m", below]),
    treeOf(["40000", "m", below], ["120000", "m", link]),
    treeOf(["120000", "m", link], ["40000", "m", treeOf(["100644", "x", blob])]),
    treeOf(["120000", "m", link], ["100644", "m", blob]),
  ]) {
    const author = "A <a@b> 0 +0000";
    const commit = hash("commit", `tree ${root}\nauthor ${author}\ncommitter ${author}\n\nx\n`);
    assert.throws(
      () => checkOut(runtime, "shop", repository.path, commit),
      new GitError(`commit ${commit} has a path that no file can have`),
    );
    assert.deepEqual(await readdir(outside), []);
  }
});
