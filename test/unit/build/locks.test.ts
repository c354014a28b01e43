import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "smol-toml";
import type { Source } from "../../../sources/index.ts";
import { pipfileHash } from "../../../sources/package-managers/pipfile.ts";
import { lock, PINNED, PIPFILE, UV } from "./lock-files.ts";
import { read } from "./read-source.ts";
import type { Content } from "./trees.ts";

const LOCKS: readonly [files: Record<string, Content>, expected: Partial<Source["requirements"]>][] = [
  [
    { Pipfile: PIPFILE, "Pipfile.lock": lock(PINNED) },
    { manager: "pipenv", files: ["Pipfile", "Pipfile.lock"], local: false, command: ["pipenv", "sync"] },
  ],
  [{ Pipfile: PIPFILE, "Pipfile.lock": lock({ own: { path: "own" } }), "own/setup.py": "" }, { local: true }],
  [
    { "poetry.lock": "", "pyproject.toml": "[tool.poetry]\npackage-mode = false\n" },
    {
      manager: "poetry",
      files: ["poetry.lock", "pyproject.toml"],
      local: false,
      command: ["poetry", "sync", "--only", "main", "--compile", "--no-ansi", "--no-interaction"],
    },
  ],
  [{ "poetry.lock": "", "pyproject.toml": '[project]\nname = "a"\n' }, { local: true }],
  [
    {
      "poetry.lock": '[[package]]\nname = "a"\n[package.source]\ntype = "file"\nurl = "wheels/a.whl"\n',
      "pyproject.toml": "[tool.poetry]\npackage-mode = false\n",
      "poetry.toml": "",
      "wheels/a.whl": "",
    },
    { files: ["poetry.lock", "pyproject.toml", "poetry.toml", "wheels/a.whl"], local: false },
  ],
  [
    { ...UV, "uv.lock": '[[package]]\nname = "greeter"\nsource = { virtual = "." }\n' },
    {
      manager: "uv",
      files: ["uv.lock", "pyproject.toml"],
      local: false,
      command: ["uv", "sync", "--locked", "--no-default-groups", "--compile-bytecode", "--no-progress"],
    },
  ],
  [{ ...UV, "uv.lock": '[[package]]\nname = "greeter"\nsource = { editable = "." }\n' }, { local: true }],
  [{ ...UV, "pyproject.toml": '[project]\ndynamic = ["version"]\n' }, { local: true }],
  [
    {
      ...UV,
      "uv.lock": `[[package]]
name = "a"
source = { path = "a.whl" }
[[package]]
name = "b"
source = { registry = "wheels" }
[[package]]
name = "c"
source = { virtual = "c" }
[[package]]
name = "d"
source = { registry = "https://pypi.org/simple" }
`,
      "a.whl": "",
      "wheels/b.whl": "",
      "c/pyproject.toml": "",
      "c/app.py": "",
    },
    { files: ["uv.lock", "pyproject.toml", "a.whl", "wheels/b.whl", "c/pyproject.toml"], local: false },
  ],
];

for (const [files, expected] of LOCKS) {
  test(`locked: ${JSON.stringify(files)}`, () => {
    const { requirements } = read({ Procfile: "web: x", ...files });
    for (const [key, value] of Object.entries(expected))
      assert.deepEqual(requirements[key as keyof typeof requirements], value);
  });
}

test("Pipfile.lock says which Python, before the Pipfile", () => {
  const pipfile = '[packages]\n[requires]\npython_version = "3.11"\n';
  const meta = { hash: { sha256: pipfileHash(parse(pipfile)) }, requires: { python_version: "3.11" } };
  const { python } = read({
    Procfile: "web: x",
    Pipfile: pipfile,
    "Pipfile.lock": JSON.stringify({ _meta: meta, default: {} }),
  });
  assert.deepEqual([python.id, python.asked, python.file], ["3.11", "3.11", "Pipfile.lock"]);
});
