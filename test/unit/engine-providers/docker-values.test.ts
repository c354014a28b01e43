import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { formatDuration, parseDuration } from "../../../engine/providers/docker/durations.ts";
import { contextDigest, goFileMode } from "../../../engine/providers/docker/image/context.ts";

test("durations are Go's, in the real provider's canonical form", () => {
  const forms: [string, string][] = [
    ["0", "0s"],
    ["0s", "0s"],
    ["60s", "1m"],
    ["1m0s", "1m"],
    ["1h0m0s", "1h"],
    ["90m", "1h30m"],
    ["1h0m5s", "1h5s"],
    ["1500ms", "1.5s"],
    ["0.1s", "100ms"],
    ["2m3.5s", "2m3.5s"],
    ["250us", "250µs"],
  ];
  for (const [given, canonical] of forms)
    assert.equal(formatDuration(parseDuration(given) ?? Number.NaN), canonical, given);
  for (const wrong of ["", "5", "1 s", "s", "-1s", "1d", "1m x"]) assert.equal(parseDuration(wrong), undefined, wrong);
});

test("file modes are printed as Go prints them", () => {
  assert.equal(goFileMode(0o100644), "-rw-r--r--");
  assert.equal(goFileMode(0o104755), "urwxr-xr-x");
  assert.equal(goFileMode(0o120777), "Lrwxrwxrwx");
  assert.equal(goFileMode(0o010600), "prw-------");
});

test("contextDigest is the real provider's", async () => {
  const folder = await mkdtemp(join(tmpdir(), "digest-"));
  const before = process.cwd();
  try {
    process.chdir(folder);
    const files: Record<string, [string, number]> = {
      Dockerfile: ["FROM scratch\n", 0o644],
      "a/1": ["1\n", 0o755],
      "a/b/2": ["2\n", 0o4755],
      "a.txt": ["a\n", 0o644],
      "a-b/x": ["x\n", 0o644],
      "node_modules/x/n": ["n\n", 0o644],
      "node_modules/x/keep.js": ["s\n", 0o644],
      "keep/k.log": ["k\n", 0o644],
      "keep/important.log": ["K\n", 0o644],
      "é.txt": ["é\n", 0o644],
      Z: ["Z\n", 0o644],
      "sp ace/f": ["sp\n", 0o644],
    };
    const write = async (name: string, content: string, mode: number) => {
      await mkdir(join("ctx", name, ".."), { recursive: true });
      await writeFile(join("ctx", name), content);
      await chmod(join("ctx", name), mode);
    };
    for (const [name, [content, mode]] of Object.entries(files)) await write(name, content, mode);
    await symlink("a/1", "ctx/link");
    await symlink("a", "ctx/linkdir");

    // The digests of pulumi-docker's algorithm (its hashContext with moby's fsutil and patternmatcher) for this folder.
    const digests: [string | undefined, string][] = [
      [undefined, "589b11aa57c5890f3f5880720fcc722aaa967aa19fdbe2907cbbfe6e71fc4652"],
      [
        "# comment\nnode_modules\n!node_modules/x/keep.js\n**/*.log\n!keep/important.log\n/a.txt\n",
        "c55d82cb8d9382fd356e1011a4428dcaec90fab2aaed80454791ffeba51c7e66",
      ],
      ["*\n!a\n!Dockerfile\n", "8d137a420579226a5b027fa110e0a65360afc7bc1d065eae760c5b4219e1f7b3"],
      ["a/*/2\n?.txt\n./keep\n a-b/ \n", "79c1df7bf5569d226d8b317e7da3114952dd289c48d881fc0df19c4dbb7d759d"],
    ];
    for (const [rules, expected] of digests) {
      if (rules !== undefined) await write(".dockerignore", rules, 0o644);
      assert.equal(await contextDigest("ctx", "ctx/Dockerfile"), expected, rules);
    }
  } finally {
    process.chdir(before);
    await rm(folder, { recursive: true, force: true });
  }
});
