import assert from "node:assert/strict";
import { test } from "node:test";
import { remarks } from "../../../provider/build/remarks.ts";
import { readSource } from "../../../sources/index.ts";
import { MINIMAL, sourceTree } from "./trees.ts";

const POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";

function of(files: Parameters<typeof sourceTree>[0]): string[] {
  using tree = sourceTree({ ...MINIMAL, ...files });
  return remarks(readSource(tree.path).tree);
}

test("nothing is said of an app that has nothing of the kind", () => {
  assert.deepEqual(
    of({ "docs/Dockerfile": "", "static/package.json": "", big: "x".repeat(5000), "lfs.md": "version" }),
    [],
  );
});

test("what does less here than elsewhere is said, a line each", () => {
  const said = of({
    Aptfile: "libx\n",
    Dockerfile: "FROM x\n",
    "heroku.yml": "build: {}\n",
    "package.json": "{}",
    "node_modules/a/index.js": "",
    "node_modules/b/index.js": "",
    "venv/pyvenv.cfg": "",
    "venv/bin/python": "",
    "models/a.bin": POINTER,
    "models/b.bin": POINTER,
  });
  const begins = [
    "Aptfile is not read: an app cannot install Debian packages",
    "heroku.yml is not read: the app is built as a Python app",
    "Dockerfile is not used: the app is built as a Python app",
    "package.json is not read: a Python app gets no Node.js",
    "node_modules is taken as it is (2 files)",
    "venv/ is a virtual environment, which works on one machine only, so it is left out; take it out of the repository: git rm -r --cached venv",
    "models/a.bin and 1 more are pointers of Git LFS, whose contents are not fetched",
  ];
  assert.deepEqual(
    said.map((line, at) => line.slice(0, begins[at]?.length)),
    begins,
  );
});

test("one pointer is one", () => {
  assert.match(of({ "a.bin": POINTER })[0] ?? "", /^a\.bin is a pointer of Git LFS/);
});

test("a submodule that is not there, as in an archive of GitHub's, is said; one that is there is not", () => {
  const gitmodules = ["widgets", "gone"]
    .map((path) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ../x\n`)
    .join("");
  const said = of({ ".gitmodules": gitmodules, "widgets/__init__.py": "" });
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /^gone is named in \.gitmodules, but is no submodule of the source and not there; /);
});
