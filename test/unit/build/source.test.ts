import assert from "node:assert/strict";
import { test } from "node:test";
import { readSource, type Source, SourceError } from "../../../provider/build/source/index.ts";
import { type Content, MINIMAL, sourceTree } from "./trees.ts";

function read(files: Readonly<Record<string, Content>>): Source {
  using tree = sourceTree(files);
  return readSource(tree.path);
}

function problemsOf(files: Readonly<Record<string, Content>>): readonly string[] {
  try {
    read(files);
  } catch (error) {
    assert.ok(error instanceof SourceError, `${error}`);
    return error.problems;
  }
  return [];
}

const PROCFILES: readonly [text: string, processes: Record<string, string>][] = [
  ["web: uwsgi uwsgi.ini", { web: "uwsgi uwsgi.ini" }],
  ["web:uwsgi uwsgi.ini\r\nworker:   python work.py  \r\n", { web: "uwsgi uwsgi.ini", worker: "python work.py" }],
  ["# what runs\n\nweb: a:b --x=1 # kept, as it is the shell's\n", { web: "a:b --x=1 # kept, as it is the shell's" }],
  ["\uFEFFrelease: flask db upgrade\nmail_2-x: ./mail", { release: "flask db upgrade", "mail_2-x": "./mail" }],
];

for (const [text, processes] of PROCFILES) {
  test(`Procfile ${JSON.stringify(text)}`, () => {
    assert.deepEqual(read({ ...MINIMAL, Procfile: text }).processes, processes);
  });
}

const VERSIONS: readonly [files: Record<string, string>, minor: string, asked?: string, file?: string][] = [
  [{}, "3.13"],
  [{ "runtime.txt": "python-3.9.5\n" }, "3.9", "3.9.5", "runtime.txt"],
  [{ "runtime.txt": "python-3.11" }, "3.11", "3.11", "runtime.txt"],
  [{ ".python-version": "# ours\n3.11.2 # yes\r\n" }, "3.11", "3.11.2", ".python-version"],
  [{ "runtime.txt": "python-3.9.2", ".python-version": "3.13" }, "3.9", "3.9.2", "runtime.txt"],
  [{ Pipfile: '[requires]\npython_version = "3.11"\n' }, "3.11", "3.11", "Pipfile"],
  [{ Pipfile: '[requires]\npython_version = "3.9"\npython_full_version = "3.9.7"\n' }, "3.9", "3.9.7", "Pipfile"],
  [{ ".python-version": "3.9", Pipfile: '[requires]\npython_version = "3.11"\n' }, "3.9", "3.9", ".python-version"],
  [{ Pipfile: '[packages]\nsix = "*"\n' }, "3.13"],
];

for (const [files, minor, asked, file] of VERSIONS) {
  test(`Python of ${JSON.stringify(files)} is ${minor}`, () => {
    const python = read({ ...MINIMAL, ...files }).python;
    assert.deepEqual({ asked: undefined, file: undefined, ...python }, { minor, asked, file });
  });
}

const REQUIREMENTS: readonly [files: Record<string, string>, expected: Partial<Source["requirements"]>][] = [
  [{ "requirements.txt": "Flask==2.2.5\n" }, { files: ["requirements.txt"], local: false }],
  [
    {
      "requirements.txt": "-r deps/base.txt # more\n",
      "deps/base.txt": "-c limits.txt\nsix\n",
      "deps/limits.txt": "six<2\n",
    },
    { files: ["requirements.txt", "deps/base.txt", "deps/limits.txt"], local: false },
  ],
  [
    { "requirements.txt": "--requirement=more.txt", "more.txt": "-rrequirements.txt" },
    { files: ["requirements.txt", "more.txt"] },
  ],
  [{ "requirements.txt": "-e ." }, { local: true }],
  [{ "requirements.txt": "./lib\n", "lib/setup.py": "" }, { local: true }],
  [{ "requirements.txt": "lib/a \\\n  ; python_version > '3'\n", "lib/a/setup.py": "" }, { local: true }],
  [{ "requirements.txt": "own @ file:///app/own\n" }, { local: true }],
  [{ "requirements.txt": "flask\n", "flask/x.py": "" }, { local: false }],
  [{ "requirements.txt": "-e git+https://example.org/a.git#egg=a\n" }, { local: false }],
  [
    { Pipfile: '[packages]\nrequests = "*"\nurllib3 = "*"\n' },
    { files: [], pipfile: "requests\nurllib3\n", local: false },
  ],
  [
    { "requirements.txt": "flask\n", Pipfile: '[packages]\nrequests = "*"\n' },
    { files: ["requirements.txt"], pipfile: "requests\n" },
  ],
  [{ Pipfile: '[packages]\nown = {path = "./own", editable = true}\n' }, { pipfile: "-e ./own\n", local: true }],
  [
    {
      Pipfile: `[packages]
a = ">=1.2, <2"
b = "1.0"
c = {version = "~=3.1", extras = ["x", "y"], markers = "python_version < '3.12'", sys_platform = "== 'linux'"}
d = {git = "https://example.org/d.git", ref = "v1"}
`,
    },
    {
      pipfile:
        "a>=1.2, <2\nb==1.0\nc[x,y]~=3.1 ; (python_version < '3.12') and (sys_platform == 'linux')\n" +
        "d @ git+https://example.org/d.git@v1\n",
    },
  ],
  [
    {
      Pipfile: `[[source]]
name = "ours"
url = "https://pypi.example.org/simple"
verify_ssl = false
[[source]]
name = "pypi"
url = "https://pypi.org/simple"
verify_ssl = true
[packages]
a = {version = "*", index = "ours"}
`,
    },
    {
      pipfile:
        "--index-url https://pypi.example.org/simple\n--trusted-host pypi.example.org\n" +
        "--extra-index-url https://pypi.org/simple\na\n",
    },
  ],
];

for (const [files, expected] of REQUIREMENTS) {
  test(`requirements of ${JSON.stringify(files)}`, () => {
    const { requirements } = read({ Procfile: MINIMAL.Procfile, ...files });
    for (const [key, value] of Object.entries(expected))
      assert.deepEqual(requirements[key as keyof typeof requirements], value);
  });
}

const PIPFILE = '[packages]\nrequests = "*"\nurllib3 = "*"\n';
/** The hash that Pipenv 2026.10 writes for this Pipfile. */
const HASH = "532fd3d99d62a27d9a4aa240e5bba2b603d80c5d23131fa2de9923023a4d7455";
const lock = (packages: object, hash = HASH) =>
  JSON.stringify({ _meta: { hash: { sha256: hash } }, default: packages });
const PINNED = {
  requests: { version: "==2.34.2", hashes: ["sha256:aa", "sha256:bb"], markers: "python_version >= '3.10'" },
};

test("a lock that agrees pins the packages, with hashes when nothing else is installed", () => {
  const alone = read({ Procfile: "web: x", Pipfile: PIPFILE, "Pipfile.lock": lock(PINNED) });
  const line = "requests==2.34.2 ; (python_version >= '3.10')";
  assert.equal(alone.requirements.pipfile, `${line} --hash=sha256:aa --hash=sha256:bb\n`);
  const beside = read({ ...MINIMAL, Pipfile: PIPFILE, "Pipfile.lock": lock(PINNED) });
  assert.equal(beside.requirements.pipfile, `${line}\n`);
});

const THERE = "there are 3.9, 3.11 and 3.13";
const PROBLEMS: readonly [name: string, files: Record<string, Content>, problems: string[]][] = [
  [
    "nothing there",
    { "run.py": "" },
    [
      "Procfile: is missing; add a file of that name to the source's folder that says what runs, e.g. web: uwsgi uwsgi.ini",
      "requirements.txt: is missing, and so is a Pipfile; add one of them with the packages the app needs, a package a line",
    ],
  ],
  [
    "names misspelt",
    { procfile: "web: x", "requirement.txt": "flask" },
    [
      "procfile: is not read; its name must be Procfile, with a capital P and no ending",
      "requirement.txt: is not read; its name must be requirements.txt or Pipfile",
    ],
  ],
  [
    "syntax errors in the Procfile",
    { ...MINIMAL, Procfile: "web uwsgi\n\nworker:\nclock: a\nclock: b\n2nd: c\n" },
    [
      'Procfile:1: "web uwsgi" is no process type; write <type>: <command>, e.g. web: uwsgi uwsgi.ini',
      "Procfile:3: worker has no command; write it after the colon",
      "Procfile:5: clock is there already; remove one of the two",
      'Procfile:6: "2nd: c" is no process type; write <type>: <command>, e.g. web: uwsgi uwsgi.ini',
    ],
  ],
  [
    "an empty Procfile",
    { ...MINIMAL, Procfile: "# later\n" },
    ["Procfile: names no process type; add one, e.g. web: uwsgi uwsgi.ini"],
  ],
  [
    "a Python that is not there",
    { ...MINIMAL, "runtime.txt": "python-3.10.4" },
    [`runtime.txt: asks for Python 3.10.4; ${THERE}, e.g. python-3.13`],
  ],
  [
    "no Python at all",
    { ...MINIMAL, "runtime.txt": "Python 3.9" },
    [`runtime.txt: "Python 3.9" is no Python version; write one line like python-3.13 (${THERE})`],
  ],
  [
    "two Pythons",
    { ...MINIMAL, ".python-version": "3.9\n3.11\n" },
    [`.python-version: holds more than one version; write one line like 3.13 (${THERE})`],
  ],
  [
    "a Pipfile that asks for Python 2",
    { ...MINIMAL, Pipfile: '[requires]\npython_version = "2.7"' },
    [`Pipfile: asks for Python 2.7; ${THERE}, e.g. python_version = "3.13"`],
  ],
  [
    "a Pipfile that asks for a range",
    { ...MINIMAL, Pipfile: '[requires]\npython_version = ">=3"' },
    [`Pipfile: [requires] asks for no Python version; write e.g. python_version = "3.13" (${THERE})`],
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
        '[packages]\n"a b" = "*"\nc = 1\nd = "new"\ne = {version = "*", file = "x"}\nf = {version = "*", ref = "a\\nb"}\n',
    },
    [
      "Pipfile: a b is no name of a package; use letters, digits, dots, dashes and underscores",
      'Pipfile: c has no version; write c = "*"',
      'Pipfile: d has the version "new", which is none; write e.g. "*", "==1.2.3" or ">=1.2,<2"',
      "Pipfile: e has a key file, which is not supported; use requirements.txt for it",
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
    { ...MINIMAL, Pipfile: PIPFILE, "Pipfile.lock": lock(PINNED, "0".repeat(64)) },
    ["Pipfile.lock: does not agree with the Pipfile; delete it, or make it again with: pipenv lock"],
  ],
  [
    "a lock that is no JSON",
    { ...MINIMAL, Pipfile: PIPFILE, "Pipfile.lock": "<<<<<<< HEAD" },
    ["Pipfile.lock: is no JSON; delete it, or make it again with: pipenv lock"],
  ],
  [
    "an include that is not there",
    { ...MINIMAL, "requirements.txt": "flask\n-r dev.txt\n" },
    ["requirements.txt:2: includes dev.txt, which is not there; add the file or remove the line"],
  ],
  [
    "UTF-16",
    { ...MINIMAL, "requirements.txt": Buffer.from("\uFEFFflask\n", "utf16le") },
    ["requirements.txt: is not UTF-8 text; save it in that encoding (PowerShell: | Out-File -Encoding utf8)"],
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
    "a Procfile that is a link",
    { ...MINIMAL, Procfile: { link: "deploy/Procfile" }, "deploy/Procfile": "web: x" },
    ["Procfile: is a link to deploy/Procfile; put the file itself in its place"],
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

test("a folder that is not there", () => {
  assert.throws(() => readSource("/nonexistent/app"), {
    message: "/nonexistent/app: is no folder; give the folder that holds the app's Procfile",
  });
});
