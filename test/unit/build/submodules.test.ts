import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkOut } from "../../../sources/git/checkout.ts";
import { Repository, repositoryPath } from "../../../sources/git/repository.ts";
import { readSource, SourceError } from "../../../sources/index.ts";

const folder = await mkdtemp(join(tmpdir(), "submodules-"));
after(() => rm(folder, { recursive: true }));
const COMMIT = "1234567890123456789012345678901234567890";

const git = (work: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", ...args], {
    cwd: work,
    encoding: "utf8",
  }).trim();

let counter = 0;

/** A commit with submodules, as it is checked out for a build. */
async function checkedOut(gitmodules: string | undefined, submodules: Readonly<Record<string, string>>) {
  const root = join(folder, String(++counter));
  const work = join(root, "work");
  await mkdir(work, { recursive: true });
  git(work, "init", "--quiet");
  for (const [path, text] of Object.entries({ Procfile: "web: run\n", "requirements.txt": "" })) {
    await writeFile(join(work, path), text);
  }
  if (gitmodules !== undefined) await writeFile(join(work, ".gitmodules"), gitmodules);
  git(work, "add", ".");
  for (const [path, commit] of Object.entries(submodules)) {
    git(work, "update-index", "--add", "--cacheinfo", `160000,${commit},${path}`);
  }
  git(work, "commit", "--quiet", "--message", "x");
  const runtime = join(root, "runtime");
  const repository = new Repository(repositoryPath(runtime, "shop"));
  await mkdir(join(runtime, "git"), { recursive: true });
  git(work, "clone", "--quiet", "--bare", work, repository.path);
  return { runtime, repository, out: checkOut(runtime, "shop", repository.path, git(work, "rev-parse", "HEAD")) };
}

const named = (path: string, url: string) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`;

test("a commit's submodules are part of its source: each at its commit, which comes back and changes the digest", async () => {
  const gitmodules = named("lib/wid gets", "https://example.com/widgets.git") + named("gone", "../left-over");
  const { runtime, repository, out } = await checkedOut(gitmodules, { "lib/wid gets": COMMIT });
  const source = readSource(out);
  assert.deepEqual(source.submodules, [{ path: "lib/wid gets", commit: COMMIT }]);
  assert.equal(await readFile(join(out, "lib/wid gets/.git"), "utf8"), `commit ${COMMIT}\n`);

  await repository.store(source.tree, source.snapshot);
  const back = readSource(checkOut(runtime, "shop", repository.path, source.snapshot));
  assert.deepEqual([back.digest, back.snapshot], [source.digest, source.snapshot]);

  const other = await checkedOut(gitmodules, { "lib/wid gets": COMMIT.replace("1", "2") });
  assert.notEqual(readSource(other.out).digest, source.digest);
});

const LINES: readonly [gitmodules: string | undefined, line: RegExp][] = [
  [undefined, /^widgets: is a submodule, but there is no submodule mapping found in \.gitmodules for path 'widgets'; /],
  [named("others", "https://example.com/x"), /^widgets: .* no submodule mapping found/],
  [named("widgets", "../widgets.git"), /^widgets: .*relative to a repository that is not known here; name a public/],
  [named("widgets", "/tmp/sub/widgets"), /^widgets: is a submodule from \/tmp\/sub\/widgets, which is relative/],
  [named("widgets", "git@github.com:a/b.git"), /^widgets: .*no key of yours, and takes nothing but https; name/],
  [named("widgets", "ssh://git@example.com/b.git"), /nothing but https/],
  [named("widgets", "http://example.com/b.git"), /nothing but https/],
  [
    named("widgets", "https://user:token@10.1.2.3/b.git"),
    /from https:\/\/\*\*\*\*@10\.1\.2\.3\/b\.git, which is a private/,
  ],
  [named("widgets", "https://0x7f.1/b.git"), /private address/],
  [named("widgets", "https://localhost/b.git"), /private address/],
  [named("widgets", "https://[::1]/b.git"), /no IPv6/],
  ["[submodule", /^\.gitmodules: Git cannot read it: /],
];

for (const [gitmodules, line] of LINES) {
  test(`refused: ${gitmodules?.trim().split("\n").at(-1)?.trim() ?? "no .gitmodules"}`, async () => {
    const { out } = await checkedOut(gitmodules, { widgets: COMMIT });
    assert.throws(
      () => readSource(out),
      (error) => error instanceof SourceError && error.problems.length === 1 && line.test(error.problems[0] ?? ""),
    );
  });
}

test("a private network that builds may reach is no reason to refuse, and what slugs leave out is not fetched", async () => {
  const { out } = await checkedOut(named("widgets", "https://10.1.2.3/b.git"), { widgets: COMMIT });
  process.env.DYNOFORM_BUILD_EGRESS = "192.168.1.0/24,10.1.0.0/16";
  try {
    assert.equal(readSource(out).submodules.length, 1);
  } finally {
    delete process.env.DYNOFORM_BUILD_EGRESS;
  }
  await writeFile(join(out, ".slugignore"), "widgets\n");
  assert.deepEqual(readSource(out).submodules, []);
});

test("a submodule that somebody has cloned is files like others", async () => {
  const { out } = await checkedOut(named("widgets", "../x"), {});
  await mkdir(join(out, "widgets"));
  await writeFile(join(out, "widgets", ".git"), "gitdir: ../.git/modules/widgets\n");
  await writeFile(join(out, "widgets", "__init__.py"), "");
  const { tree, submodules } = readSource(out);
  assert.deepEqual(submodules, []);
  assert.ok(tree.entries.some(({ path }) => path === "widgets/__init__.py"));
  assert.ok((await readdir(out)).includes("widgets"));
});
