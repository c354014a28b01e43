import assert from "node:assert/strict";
import { test } from "node:test";
import { findPython } from "../../../images/pythons.ts";
import type { PythonSource } from "../../../model/platform/settings.ts";
import { usingPython } from "../../../provider/build/packages.ts";

const LINES: readonly [asked: string | undefined, file: string, source: PythonSource, had: string, line: string][] = [
  [undefined, "", "debian", "3.13.5", "Using Python 3.13.5 (the app asks for none; a file .python-version would)"],
  ["3.9", "runtime.txt", "debian", "3.9.2", "Using Python 3.9.2"],
  ["3.9.2", "runtime.txt", "debian", "3.9.2", "Using Python 3.9.2"],
  [
    "3.9.5",
    "runtime.txt",
    "debian",
    "3.9.2",
    "Using Python 3.9.2 (runtime.txt asks for 3.9.5; Debian bullseye has 3.9.2)",
  ],
  [
    "3.11.9",
    "Pipfile",
    "debian",
    "3.11.2",
    "Using Python 3.11.2 (Pipfile asks for 3.11.9; Debian bookworm has 3.11.2)",
  ],
  [
    "3.13",
    ".python-version",
    "debian",
    "3.13.5",
    "Using Python 3.13.5 (Debian's testing suite has 3.13.15; .python-version gets that by asking for 3.13.15)",
  ],
  ["3.13.15", ".python-version", "debian", "3.13.15", "Using Python 3.13.15 of Debian's testing suite, forky"],
  ["3.14", ".python-version", "debian", "3.14.8", "Using Python 3.14.8 of Debian's testing suite, forky"],
  [
    "3.14.2",
    ".python-version",
    "debian",
    "3.14.8",
    "Using Python 3.14.8 of Debian's testing suite, forky (.python-version asks for 3.14.2; Debian forky has 3.14.8)",
  ],
  ["3.12", ".python-version", "uv", "3.12.16", "Using Python 3.12.16"],
  ["3.12.3", ".python-version", "uv", "3.12.3", "Using Python 3.12.3"],
];

for (const [asked, file, source, had, line] of LINES) {
  test(`${asked} of ${source} gets: ${line}`, () => {
    const python = findPython(asked ?? "3.13", source);
    assert.ok(python);
    assert.equal(usingPython({ ...python, ...(asked === undefined ? {} : { asked, file }) }, had), line);
  });
}
