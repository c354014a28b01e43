import assert from "node:assert/strict";
import { test } from "node:test";
import { usingPython } from "../../../provider/build/packages.ts";

const LINES: readonly [choice: Parameters<typeof usingPython>[0], had: string, line: string][] = [
  [{ minor: "3.13" }, "3.13.5", "Using Python 3.13.5 (the app asks for none; a file .python-version would)"],
  [{ minor: "3.9", asked: "3.9", file: "runtime.txt" }, "3.9.2", "Using Python 3.9.2"],
  [{ minor: "3.9", asked: "3.9.2", file: "runtime.txt" }, "3.9.2", "Using Python 3.9.2"],
  [
    { minor: "3.9", asked: "3.9.5", file: "runtime.txt" },
    "3.9.2",
    "Using Python 3.9.2 (runtime.txt asks for 3.9.5; Debian bullseye has 3.9.2)",
  ],
  [
    { minor: "3.11", asked: "3.11.9", file: "Pipfile" },
    "3.11.2",
    "Using Python 3.11.2 (Pipfile asks for 3.11.9; Debian bookworm has 3.11.2)",
  ],
];

for (const [choice, had, line] of LINES) {
  test(`${JSON.stringify(choice)} gets: ${line}`, () => assert.equal(usingPython(choice, had), line));
}
