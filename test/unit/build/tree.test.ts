import assert from "node:assert/strict";
import { chmodSync, mkdirSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { SourceProblems } from "../../../sources/problems.ts";
import { digestTree, listTree } from "../../../sources/tree.ts";
import { type Content, sourceTree } from "./trees.ts";

function digestOf(path: string): string {
  return digestTree(listTree(path, new SourceProblems()));
}

function pathsOf(files: Readonly<Record<string, Content>>): string[] {
  using tree = sourceTree(files);
  return listTree(tree.path, new SourceProblems()).entries.map((entry) => entry.path);
}

const name = fc.stringMatching(/^[a-z]{1,3}\.txt$/);
const files = fc.dictionary(name, fc.string(), { minKeys: 1, maxKeys: 4 });

test("equal files have equal digests, whatever their dates, umask and order of making", () => {
  fc.assert(
    fc.property(files, (content) => {
      using a = sourceTree(content);
      using b = sourceTree(Object.fromEntries(Object.entries(content).reverse()));
      for (const file of Object.keys(content)) {
        utimesSync(join(b.path, file), 1, 1);
        chmodSync(join(b.path, file), 0o600);
      }
      mkdirSync(join(b.path, "empty"));
      assert.equal(digestOf(a.path), digestOf(b.path));
    }),
    { numRuns: 30 },
  );
});

test("different files have different digests", () => {
  fc.assert(
    fc.property(files, files, (one, other) => {
      fc.pre(JSON.stringify(Object.entries(one).sort()) !== JSON.stringify(Object.entries(other).sort()));
      using a = sourceTree(one);
      using b = sourceTree(other);
      assert.notEqual(digestOf(a.path), digestOf(b.path));
    }),
    { numRuns: 30 },
  );
});

test("a byte moved to the next file, an execute bit and a link's target count", () => {
  const trees: Record<string, Content>[] = [
    { a: "xy", b: "" },
    { a: "x", b: "y" },
    { a: { executable: "xy" }, b: "" },
    { a: { link: "b" }, b: "" },
    { a: { link: "./b" }, b: "" },
    { ab: "xy" },
  ];
  const digests = trees.map((content) => {
    using tree = sourceTree(content);
    return digestOf(tree.path);
  });
  assert.equal(new Set(digests).size, trees.length);
});

test("left out: .git, what Python leaves behind, and what .slugignore names", () => {
  const found = pathsOf({
    ".git/config": "",
    "sub/.git": "gitdir: elsewhere",
    "a/__pycache__/a.pyc": "",
    "venv/pyvenv.cfg": "",
    "venv/bin/python": { link: "/usr/bin/python3" },
    ".slugignore": "*.PSD\n/docs\nbuild/\n# a comment\n",
    "logo.psd": "",
    "logo.PSD": "",
    "docs/a.md": "",
    "a/docs/b.md": "",
    "a/build/c": "",
    "a/b.py": "",
  });
  assert.deepEqual(found, [".slugignore", "a/b.py", "a/docs/b.md", "logo.psd"]);
});

test("more bytes than the limit", () => {
  using tree = sourceTree({ "small.txt": "x" });
  writeFileSync(join(tree.path, "dump.sql"), "");
  truncateSync(join(tree.path, "dump.sql"), 301 * 2 ** 20);
  const problems = new SourceProblems();
  listTree(tree.path, problems);
  assert.throws(() => problems.check(), {
    message:
      "dump.sql: is the largest file (301 MiB) of a source tree of 302 MiB, and 300 MiB is the limit; " +
      "name what the app does not need in .slugignore",
  });
});
