import assert from "node:assert/strict";
import { test } from "node:test";
import { isCurrent } from "../../../cli/bootstrap.mjs";

const lock = {
  "": { version: "0.1.0" },
  engine: { version: "0.1.0" },
  "node_modules/a": { version: "1.0.0" },
  "node_modules/a/node_modules/b": { version: "2.0.0" },
  "node_modules/other-system": { version: "1.0.0", optional: true },
};
const installed = { "node_modules/a": { version: "1.0.0" }, "node_modules/a/node_modules/b": { version: "2.0.0" } };

test("node_modules that holds what the lock file names is used", () => {
  assert.equal(isCurrent(lock, installed), true);
});

test("missing and outdated packages are installed", () => {
  assert.equal(isCurrent(lock, {}), false);
  assert.equal(isCurrent(lock, { ...installed, "node_modules/a": { version: "1.0.1" } }), false);
  assert.equal(isCurrent(lock, { ...installed, "node_modules/other-system": { version: "0.9.0" } }), false);
});
