import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../../lib/package-root.ts";
import { readSource } from "../../../sources/index.ts";
import { lock, PINNED, PIPFILE, UV } from "./lock-files.ts";
import { problemsOf, read } from "./read-source.ts";
import { type Content, MINIMAL } from "./trees.ts";

const WARNINGS: readonly [files: Record<string, Content>, warnings: string[]][] = [
  [{ ".python-version": "3.14" }, []],
  [
    { "runtime.txt": "python-3.9.5" },
    ["runtime.txt: asks for Python 3.9, which gets no security updates any more; Heroku refuses it since 2026"],
  ],
  [
    { Pipfile: '[packages]\nsix = "*"\n' },
    [
      "Pipfile: has no Pipfile.lock, so another build may get other versions, and Heroku refuses it; run pipenv lock and commit it",
    ],
  ],
  [{ Procfile: "# later\n" }, ["Procfile: names no process type, so nothing runs; add one, e.g. web: uwsgi uwsgi.ini"]],
  [
    { Procfile: "web: a\npython manage.py migrate\nworker:\nclock: a\nclock: b\n" },
    [
      "Procfile:5: clock is there already, and this one holds; remove the other",
      'Procfile:2: "python manage.py migrate" is no process type; write <type>: <command>, e.g. web: uwsgi uwsgi.ini',
      "Procfile:3: worker has no command; write it after the colon",
    ],
  ],
  [{ "Runtime.txt": "python-3.11" }, ["Runtime.txt: is not read; the name that is would be runtime.txt"]],
];

for (const [files, warnings] of WARNINGS) {
  test(`warnings of ${JSON.stringify(files)}`, () =>
    assert.deepEqual(read({ ...MINIMAL, ...files }).warnings, warnings));
}

const EACH =
  "each say which packages the app needs, and only one of them can; keep that of the tool you use, and delete the others";
const THERE = "there are 3.9, 3.11, 3.13 and 3.14";
const PROBLEMS: readonly [name: string, files: Record<string, Content>, problems: string[]][] = [
  [
    "nothing there",
    { "run.py": "" },
    [
      "requirements.txt: is missing, and so are Pipfile.lock, poetry.lock and uv.lock; add one of them to the source's folder, an empty requirements.txt if the app needs no packages",
    ],
  ],
  [
    "names misspelt",
    { procfile: "web: x", "requirement.txt": "flask" },
    [
      "procfile: is not read; its name must be Procfile, with a capital P and no ending",
      "requirement.txt: is not read; its name must be requirements.txt",
    ],
  ],
  [
    "what pip freeze writes of conda's packages",
    {
      ...MINIMAL,
      "requirements.txt":
        "certifi @ file:///croot/certifi_1690232220950/src/certifi\na[x] @ file:///C:/a.whl\nb @ file:///C:/b.whl ; sys_platform == 'win32'\n",
    },
    [
      'requirements.txt:1: certifi and 1 more are files of another computer ("file:///croot/certifi_1690232220950/src/certifi"); write versions: pip list --format=freeze > requirements.txt',
    ],
  ],
  [
    "a Procfile of nothing but syntax errors",
    { ...MINIMAL, Procfile: "web uwsgi\n\nworker:\n2nd: c\n" },
    [
      'Procfile:1: "web uwsgi" is no process type; write <type>: <command>, e.g. web: uwsgi uwsgi.ini',
      "Procfile:3: worker has no command; write it after the colon",
      'Procfile:4: "2nd: c" is no process type; write <type>: <command>, e.g. web: uwsgi uwsgi.ini',
    ],
  ],
  ...["Requirements.txt", "requeriments.txt", "requirments.txt", "requirements", "requirements.text"].map(
    (name): [string, Record<string, Content>, string[]] => [
      name,
      { Procfile: "web: x", [name]: "flask" },
      [`${name}: is not read; its name must be requirements.txt`],
    ],
  ),
  ...[".python_version", "python-version", ".python-version.txt", ".python-version "].map(
    (name): [string, Record<string, Content>, string[]] => [
      name,
      { ...MINIMAL, [name]: "3.13" },
      [`${JSON.stringify(name)}: is not read; rename it to .python-version`],
    ],
  ),
  [
    "setup.py alone",
    { Procfile: "web: x", "setup.py": "" },
    ['setup.py: is not installed by itself; add a requirements.txt with the line "--editable ."'],
  ],
  [
    "pyproject.toml alone",
    { Procfile: "web: x", "pyproject.toml": "" },
    ["pyproject.toml: has no lock beside it; run uv lock or poetry lock and commit what it writes"],
  ],
  [
    "two of them",
    { ...MINIMAL, Pipfile: PIPFILE, "Pipfile.lock": lock(PINNED) },
    [`requirements.txt and Pipfile.lock: ${EACH}`],
  ],
  [
    "a Pipfile beside another tool's lock",
    { Procfile: "web: x", Pipfile: PIPFILE, ...UV },
    [`Pipfile and uv.lock: ${EACH}`],
  ],
  [
    "all of them",
    { ...MINIMAL, ...UV, Pipfile: PIPFILE, "Pipfile.lock": lock(PINNED), "poetry.lock": "" },
    [`requirements.txt, Pipfile.lock, poetry.lock and uv.lock: ${EACH}`],
  ],
  [
    "locks without what they were made of",
    { Procfile: "web: x", ".python-version": "3.13", "uv.lock": "" },
    ["uv.lock: has no pyproject.toml beside it; commit that too"],
  ],
  [
    "a poetry.lock without what it was made of",
    { Procfile: "web: x", "poetry.lock": "" },
    ["poetry.lock: has no pyproject.toml beside it; commit that too"],
  ],
  [
    "a Pipfile.lock without what it was made of",
    { Procfile: "web: x", "Pipfile.lock": lock(PINNED) },
    ["Pipfile.lock: has no Pipfile beside it; commit that too"],
  ],
  [
    "a lock with a conflict",
    { Procfile: "web: x", ...UV, "uv.lock": "version = 1\n<<<<<<< HEAD\n" },
    ["uv.lock:2: is no TOML (illegal character in key); make it again with: uv lock"],
  ],
  [
    "uv without .python-version",
    { Procfile: "web: x", "pyproject.toml": "", "uv.lock": "" },
    [
      ".python-version: is missing, and uv needs it; run uv python pin 3.13, or with the version that the app needs, and commit .python-version",
    ],
  ],
  [
    "uv with runtime.txt",
    { Procfile: "web: x", ...UV, "runtime.txt": "python-3.13" },
    [
      "runtime.txt: is not read by uv; delete it, run uv python pin 3.13, or with the version that the app needs, and commit .python-version",
    ],
  ],
  [
    "a Python that is not there",
    { ...MINIMAL, "runtime.txt": "python-3.10.4" },
    [
      `runtime.txt: asks for Python 3.10.4, but ${THERE}; write one line like python-3.13, or have 3.10.4 downloaded: pythons: uv below dynoform:platform in the platform's stack file`,
    ],
  ],
  [
    "a Python that is nowhere",
    { ...MINIMAL, ".python-version": "3.27" },
    [`.python-version: asks for Python 3.27, but ${THERE}; write one line like 3.13`],
  ],
  [
    "no Python at all",
    { ...MINIMAL, "runtime.txt": "Python 3.9" },
    [`runtime.txt: "Python 3.9" is no Python version; write one line like python-3.13 (${THERE})`],
  ],
  [
    "a version without python-",
    { ...MINIMAL, "runtime.txt": "3.11" },
    [`runtime.txt: "3.11" is no Python version; write one line like python-3.13 (${THERE})`],
  ],
  [
    "nothing but comments",
    { ...MINIMAL, ".python-version": "# 3.11\n" },
    [`.python-version: "" is no Python version; write one line like 3.13 (${THERE})`],
  ],
  [
    "two Pythons",
    { ...MINIMAL, ".python-version": "3.9\n3.11\n" },
    [".python-version: holds more than one version (3.9, 3.11); leave one line of them"],
  ],
  [
    "a Pipfile that asks for Python 2",
    { ...MINIMAL, Pipfile: '[requires]\npython_version = "2.7"' },
    [`Pipfile: asks for Python 2.7, but ${THERE}; write python_version = "3.13" into the Pipfile below [requires]`],
  ],
  [
    "a Pipfile that asks for a range",
    { ...MINIMAL, Pipfile: '[requires]\npython_version = ">=3"' },
    [`Pipfile: ">=3" is no Python version; write python_version = "3.13" into the Pipfile below [requires] (${THERE})`],
  ],
  [
    "a Pipfile that is no TOML",
    { ...MINIMAL, Pipfile: "[packages]\nrequests *\n" },
    ["Pipfile:2: is no TOML (illegal character in key); mend the line"],
  ],
  [
    "packages that are none",
    {
      ...MINIMAL,
      Pipfile:
        '[packages]\n"a b" = "*"\nc = 1\nd = "new"\ne = {version = "*", url = "x"}\nf = {version = "*", ref = "a\\nb"}\n',
    },
    [
      "Pipfile: a b is no name of a package; use letters, digits, dots, dashes and underscores",
      'Pipfile: c has no version; write c = "*"',
      'Pipfile: d has the version "new", which is none; write e.g. "*", "==1.2.3" or ">=1.2,<2"',
      "Pipfile: e has a key url, which is not supported; use requirements.txt for it",
      "Pipfile: f has a line break in ref; remove it",
    ],
  ],
  [
    "a source without an address",
    { ...MINIMAL, Pipfile: '[[source]]\nname = "a"\n' },
    ['Pipfile: [[source]] number 1 has no url; write e.g. url = "https://pypi.org/simple"'],
  ],
  [
    "a lock of another Pipfile",
    { Procfile: "web: x", Pipfile: PIPFILE, "Pipfile.lock": lock(PINNED, "0".repeat(64)) },
    ["Pipfile.lock: does not agree with the Pipfile; make it again with: pipenv lock"],
  ],
  [
    "a lock that is no JSON",
    { Procfile: "web: x", Pipfile: PIPFILE, "Pipfile.lock": "<<<<<<< HEAD" },
    ["Pipfile.lock: is no JSON; make it again with: pipenv lock"],
  ],
  [
    "an include that is not there",
    { ...MINIMAL, "requirements.txt": "flask\n-r dev.txt\n" },
    ["requirements.txt:2: includes dev.txt, which is not there; add the file or remove the line"],
  ],
  [
    "UTF-16",
    { ...MINIMAL, ".python-version": Buffer.from("\uFEFF3.13\n", "utf16le") },
    [".python-version: is not UTF-8 text; save it in that encoding (PowerShell: | Out-File -Encoding utf8)"],
  ],
  [
    "links that leave the tree",
    { ...MINIMAL, "a/up": { link: "../../b" }, abs: { link: "/etc/passwd" }, "a/in": { link: "../Procfile" } },
    [
      "a/up: is a link out of the source tree, to ../../b; put a copy in its place or name it in .slugignore",
      "abs: is a link out of the source tree, to /etc/passwd; put a copy in its place or name it in .slugignore",
    ],
  ],
  [
    "links that lead to no file of the tree",
    {
      ...MINIMAL,
      Procfile: { link: "deploy" },
      "deploy/x": "",
      ".slugignore": "own",
      ".python-version": { link: "own" },
      own: "3.13",
    },
    [
      "Procfile: is a link to deploy, which is no file of the source; put the file in its place",
      ".python-version: is a link to own, which is no file of the source; put the file in its place",
    ],
  ],
  [
    "links that lead one another out of the tree",
    {
      ...MINIMAL,
      "a/b/way": { link: "../../a" },
      "a/b/c/Procfile": { link: "../way/../../outside" },
      Procfile: { link: "a/b/c/Procfile" },
    },
    ["Procfile: is a link to a/b/c/Procfile, which is no file of the source; put the file in its place"],
  ],
  [
    "a negated pattern",
    { ...MINIMAL, ".slugignore": "*.psd\n!logo.psd\n" },
    [".slugignore:2: a pattern that begins with ! means nothing here; name only what to leave out"],
  ],
  [
    "a pattern that would take for ever",
    { ...MINIMAL, ".slugignore": "**/a/**/a/**/a/**/a/**/b\n", [`${"a/".repeat(45)}c`]: "" },
    [".slugignore:1: a pattern has 4 wildcards (*) at most; write a shorter one"],
  ],
  [
    "patterns that lead to what has no end",
    { ...MINIMAL, ".slugignore": { link: "/dev/zero" } },
    [
      ".slugignore: is a link out of the source tree, to /dev/zero; put a copy in its place or name it in .slugignore",
      ".slugignore: is no plain file; put the file itself in its place",
    ],
  ],
  [
    "files very deep",
    { ...MINIMAL, [`${"d/".repeat(51)}c`]: "" },
    [`${"d/".repeat(50)}: …: files lie 50 folders deep at most`],
  ],
];

for (const [name, files, problems] of PROBLEMS) {
  test(`refused: ${name}`, () => assert.deepEqual(problemsOf(files).toSorted(), problems.toSorted()));
}

test("forms of files that others brought", () => {
  const cases = join(packageRoot(), "test/fixtures/cases/12-file-forms");
  assert.equal(readSource(join(cases, "runtime-comment")).python.asked, "3.11.9");
  assert.deepEqual(readSource(join(cases, "utf16")).requirements.files, ["requirements.txt"]);
});

test("a folder that is not there", () => {
  assert.throws(() => readSource("/nonexistent/app"), {
    message: "/nonexistent/app: is no folder; give the folder that holds the app's Procfile",
  });
});
