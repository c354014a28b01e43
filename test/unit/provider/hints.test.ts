import assert from "node:assert/strict";
import { test } from "node:test";
import { exited, withLines } from "../../../provider/route/failure.ts";

const HINTS: readonly [module: string, hint: string | undefined][] = [
  [
    "pkg_resources",
    "setuptools has no pkg_resources since version 82: add setuptools<82 to the requirements, or ask for a newer version of what imports it",
  ],
  [
    "cgi",
    "Python has no cgi since 3.13: ask for a newer version of what imports it, or by .python-version for Python 3.11",
  ],
  [
    "imp",
    "Python has no imp since 3.12: ask for a newer version of what imports it, or by .python-version for Python 3.11",
  ],
  ["shop.views", undefined],
];

for (const [module, hint] of HINTS) {
  test(`what is said of an app that misses ${module}`, () => {
    const lines = ["    import it", `ModuleNotFoundError: No module named '${module}'`, "[INFO] Shutting down: Master"];
    const [reason, ...more] = withLines(exited("web.1 of shop", 3), lines).split("\n");
    assert.equal(reason, "web.1 of shop exited 3 times: exit status 3. Its last lines:");
    assert.deepEqual(more, [...lines.map((line) => `    ${line}`), ...(hint === undefined ? [] : [hint])]);
  });
}

test("an app that wrote nothing is said to", () => {
  assert.equal(withLines("web.1 of shop exited 3 times", []), "web.1 of shop exited 3 times. It wrote nothing");
});
