import assert from "node:assert/strict";
import { test } from "node:test";
import { readSource, type Source } from "../../../sources/index.ts";
import { read } from "./read-source.ts";
import { type Content, MINIMAL, sourceTree } from "./trees.ts";

const PROCFILES: readonly [text: string, processes: Record<string, string>][] = [
  ["web: uwsgi uwsgi.ini", { web: "uwsgi uwsgi.ini" }],
  ["web:uwsgi uwsgi.ini\r\nworker:   python work.py  \r\n", { web: "uwsgi uwsgi.ini", worker: "python work.py" }],
  ["# what runs\n\nweb: a:b --x=1 # kept, as it is the shell's\n", { web: "a:b --x=1 # kept, as it is the shell's" }],
  ["# later\n", {}],
  ["web: a\npython manage.py migrate\nworker:\nclock: a\nclock: b\n", { web: "a", clock: "b" }],
  ["\uFEFFrelease: flask db upgrade\nmail_2-x: ./mail", { release: "flask db upgrade", "mail_2-x": "./mail" }],
];

test("without a Procfile nothing runs, and each build says so", () => {
  const { processes, warnings } = read({ "requirements.txt": "flask\n" });
  assert.deepEqual(processes, {});
  assert.deepEqual(warnings, [
    "Procfile: is missing, so nothing runs; add a file of that name to the source's folder that says what does, e.g. web: uwsgi uwsgi.ini",
  ]);
});

for (const [text, processes] of PROCFILES) {
  test(`Procfile ${JSON.stringify(text)}`, () => {
    assert.deepEqual(read({ ...MINIMAL, Procfile: text }).processes, processes);
  });
}

const VERSIONS: readonly [files: Record<string, Content>, id: string, asked?: string, file?: string][] = [
  [{}, "3.13"],
  [{ "runtime.txt": "python-3.9.5\n" }, "3.9", "3.9.5", "runtime.txt"],
  [{ "runtime.txt": "python-3.11" }, "3.11", "3.11", "runtime.txt"],
  [{ "runtime.txt": "# keep in step with CI\r\n\r\n  python-3.11.9  \r\n" }, "3.11", "3.11.9", "runtime.txt"],
  [{ "runtime.txt": { link: "ci/python" }, "ci/python": "python-3.11" }, "3.11", "3.11", "runtime.txt"],
  [{ ".python-version": "# ours\n\n3.11.2 # yes\r\n" }, "3.11", "3.11.2", ".python-version"],
  [{ ".python-version": "\uFEFF3.14\n" }, "3.14", "3.14", ".python-version"],
  [{ ".python-version": "3.13.5" }, "3.13", "3.13.5", ".python-version"],
  [{ ".python-version": "3.13.6" }, "3.13-forky", "3.13.6", ".python-version"],
  [{ ".python-version": "3.13.99" }, "3.13-forky", "3.13.99", ".python-version"],
  [{ "runtime.txt": "python-3.9.2", ".python-version": "3.13" }, "3.9", "3.9.2", "runtime.txt"],
  [{ "runtime.txt": "python-3.9.2", "python-version": "3.13" }, "3.9", "3.9.2", "runtime.txt"],
  [{ Pipfile: '[requires]\npython_version = "3.11"\n' }, "3.11", "3.11", "Pipfile"],
  [{ Pipfile: '[requires]\npython_version = "3.9"\npython_full_version = "3.9.7"\n' }, "3.9", "3.9.7", "Pipfile"],
  [{ ".python-version": "3.9", Pipfile: '[requires]\npython_version = "3.11"\n' }, "3.9", "3.9", ".python-version"],
  [{ Pipfile: '[packages]\nsix = "*"\n[requires]\npython_version = "*"\n' }, "3.13"],
];

for (const [files, id, asked, file] of VERSIONS) {
  test(`Python of ${JSON.stringify(files)} is ${id}`, () => {
    const { python } = read({ ...MINIMAL, ...files });
    assert.deepEqual([python.id, python.asked, python.file], [id, asked, file]);
  });
}

test("where uv downloads Pythons, a minor version is its newest patch, and a patch is itself", () => {
  const idOf = (text: string) => {
    using tree = sourceTree({ ...MINIMAL, ".python-version": text });
    return readSource(tree.path, "uv").python.id;
  };
  assert.deepEqual(["3.10", "3.12", "3.12.3", "3.14"].map(idOf), ["3.10.22", "3.12.16", "3.12.3", "3.14.10"]);
});

const REQUIREMENTS: readonly [files: Record<string, Content>, expected: Partial<Source["requirements"]>][] = [
  [
    { "requirements.txt": "Flask==2.2.5\n" },
    {
      manager: "pip",
      files: ["requirements.txt"],
      local: false,
      command: ["pip", "install", "--requirement", "requirements.txt"],
    },
  ],
  [{ "requirements.txt": "" }, { files: ["requirements.txt"], local: false }],
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
  [{ "requirements.txt": "-r /app/more.txt", "more.txt": "six" }, { files: ["requirements.txt", "more.txt"] }],
  [
    { "requirements.txt": { link: "deps/all.txt" }, "deps/all.txt": "-r deps/own.txt", "deps/own.txt": "six" },
    { files: ["requirements.txt", "deps/own.txt"], local: false },
  ],
  [
    { "requirements.txt": "-r now/web.txt", now: { link: "deps" }, "deps/web.txt": "six" },
    { files: ["requirements.txt", "now/web.txt"] },
  ],
  ...(["utf16le", "utf8"] as const).map((encoding): [Record<string, Content>, Partial<Source["requirements"]>] => [
    { "requirements.txt": Buffer.from("\uFEFF-r more.txt\r\n", encoding), "more.txt": "six" },
    { files: ["requirements.txt", "more.txt"], local: false },
  ]),
  [
    {
      "requirements.txt": Buffer.from("# -*- coding: latin-1 -*-\n# gr\xfcn\n-r more.txt", "latin1"),
      "more.txt": "six",
    },
    { files: ["requirements.txt", "more.txt"] },
  ],
  [{ "requirements.txt": "-e ." }, { local: true }],
  [{ "requirements.txt": "." }, { local: true }],
  [{ "requirements.txt": "--editable=./lib[fast]\n", "lib/setup.py": "" }, { local: true }],
  [{ "requirements.txt": "./lib\n", "lib/setup.py": "" }, { local: true }],
  [{ "requirements.txt": "lib/a \\\n  ; python_version > '3'\n", "lib/a/setup.py": "" }, { local: true }],
  [{ "requirements.txt": "own @ file:///app/own\n", "own/setup.py": "" }, { local: true }],
  [{ "requirements.txt": "own @ file:///tmp/own\n", "bin/pre_compile": "" }, { local: false }],
  [{ "requirements.txt": "./own", own: { link: "lib" }, "lib/setup.py": "" }, { local: true }],
  [{ "requirements.txt": "flask\n", "flask/x.py": "" }, { local: false }],
  [{ "requirements.txt": "-e git+https://example.org/a.git#egg=a\n" }, { local: false }],
  [{ "requirements.txt": "a @ https://example.org/a.whl\n" }, { files: ["requirements.txt"], local: false }],
  [{ "requirements.txt": "a-1-py3-none-any.whl" }, { files: ["requirements.txt"] }],
  ...[
    "a-1.whl",
    "./a-1.whl ; python_version > '3'",
    "file:a-1.whl",
    "file:///app/a-1.whl#sha256=00",
    "a[x] @ file:///app/a-1.whl",
    "/app/a-1.whl[x]",
  ].map((line): [Record<string, Content>, Partial<Source["requirements"]>] => [
    { "requirements.txt": line, "a-1.whl": "" },
    { files: ["requirements.txt", "a-1.whl"], local: false },
  ]),
  ...["--no-index --find-links wheels", "-f wheels", "--find-links='./wheels'", "-f file:///app/wheels"].map(
    (line): [Record<string, Content>, Partial<Source["requirements"]>] => [
      { "requirements.txt": `${line}\na`, "wheels/a.whl": "", "wheels/b.whl": "", "wheels.txt": "" },
      { files: ["requirements.txt", "wheels/a.whl", "wheels/b.whl"], local: false },
    ],
  ),
  [
    { "requirements.txt": "-r deps/a.txt", "deps/a.txt": "-f wheels\n./c.whl", "deps/wheels/b.whl": "", "c.whl": "" },
    { files: ["requirements.txt", "deps/a.txt", "deps/wheels/b.whl", "c.whl"], local: false },
  ],
  [
    { Pipfile: '[packages]\nrequests = "*"\nurllib3 = "*"\n' },
    {
      manager: "pip",
      files: [],
      pipfile: "requests\nurllib3\n",
      local: false,
      command: ["pip", "install", "--requirement", "/opt/requirements/pipfile.txt"],
    },
  ],
  [
    { "requirements.txt": "flask\n", Pipfile: '[packages]\nrequests = "*"\n' },
    {
      files: ["requirements.txt"],
      pipfile: "requests\n",
      command: [
        "pip",
        "install",
        "--requirement",
        "requirements.txt",
        "--requirement",
        "/opt/requirements/pipfile.txt",
      ],
    },
  ],
  [
    { Pipfile: '[packages]\nown = {path = "./own", editable = true}\n', "own/setup.py": "" },
    { pipfile: "-e ./own\n", local: true },
  ],
  [
    { Pipfile: '[packages]\nown = {file = "own.whl"}\n', "own.whl": "" },
    { pipfile: "own.whl\n", files: ["own.whl"] },
  ],
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
