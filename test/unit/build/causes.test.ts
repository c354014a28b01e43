import assert from "node:assert/strict";
import { test } from "node:test";
import { Causes } from "../../../provider/build/causes.ts";
import { failureOf } from "../../../provider/build/steps.ts";

const COMPILED =
  "has no wheel for this Python, and does not compile for it; ask for a newer version of it, or by .python-version for the Python that it was made for";

const CAUSES: readonly [name: string, lines: string[], cause: string | undefined][] = [
  [
    "pip, of a package that does not compile",
    [
      "      psycopg/utils.c:397:12: error: implicit declaration of function ‘_PyInterpreterState_Get’",
      "  ERROR: Failed building wheel for psycopg2",
      "Failed to build psycopg2",
      "error: failed-wheel-build-for-install",
      "╰─> psycopg2",
    ],
    `psycopg2 ${COMPILED}`,
  ],
  [
    "pip, of two",
    ["  ERROR: Failed building wheel for psycopg2", "ERROR: Failed building wheel for pydantic_core"],
    `psycopg2, pydantic_core ${COMPILED}`,
  ],
  [
    "pip, of a package whose setup.py fails",
    ["      KeyError: '__version__'", "ERROR: Failed to build 'pillow' when getting requirements to build wheel"],
    `pillow ${COMPILED}`,
  ],
  ["uv", ["   Building psycopg2==2.9.9", "error: Failed to build `psycopg2==2.9.9`"], `psycopg2==2.9.9 ${COMPILED}`],
  ["uv, of a package that another needs", ["  × Failed to build `lxml==4.9.1`"], `lxml==4.9.1 ${COMPILED}`],
  [
    "headers that are not there",
    [
      "      src/_cffi.c:575:10: fatal error: sodium.h: No such file or directory",
      "      src/other.c:1:10: fatal error: other.h: No such file or directory",
      "  ERROR: Failed building wheel for pynacl",
    ],
    "pynacl has no wheel for this Python, and to compile it takes sodium.h, which builds do not have; ask for a version of it that has a wheel",
  ],
  [
    "what pip itself says in one line",
    ["ERROR: No matching distribution found for psycopg2==0.0.0", "fatal error: a.h: No such file or directory"],
    undefined,
  ],
];

for (const [name, lines, cause] of CAUSES) {
  test(`the cause: ${name}`, () => {
    const causes = new Causes();
    for (const line of lines) causes.read(line);
    assert.equal(causes.found, cause);
  });
}

test("what is known of a cause stands behind the step that failed", () => {
  const step = { kind: "packages", text: "" } as const;
  assert.equal(failureOf(step, 1), "the requirements could not be installed (exit status 1)");
  assert.equal(
    failureOf(step, 1, "a does not b"),
    "the requirements could not be installed (exit status 1): a does not b",
  );
});
