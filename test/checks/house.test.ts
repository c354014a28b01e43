/** Each room of the house knows only those below it. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { type Module, readModule, readModules } from "./house/modules.ts";
import { PLAN } from "./house/plan.ts";
import { cycles, forbidden, mutualFolders, roomOf, unusedExports } from "./house/rules.ts";

/** What is imported by a path that is worked out. */
const LOADED_BY_PATH = ["engine/src/cli/main.ts", "test/e2e/cases/"];

let modules: readonly Module[];
let product: readonly Module[];

before(() => {
  modules = readModules();
  product = modules.filter(({ path }) => !/^(test|bench)\//.test(path));
  assert.ok(product.length > 600, `${product.length} modules`);
});

test("no module imports what its room may not know", () => {
  assert.deepEqual(forbidden(PLAN, modules), []);
});

test("no files import each other, whatever the way round", () => {
  assert.deepEqual(cycles(modules), []);
});

test("no two folders beside each other know each other", () => {
  assert.deepEqual(mutualFolders(product), []);
});

test("every exported value is named by another module", () => {
  assert.deepEqual(
    unusedExports(modules).filter((line) => !LOADED_BY_PATH.some((path) => line.startsWith(path))),
    [],
  );
});

test("any import that the plan does not have is found, from each room into each other", () => {
  const rooms = Object.keys(PLAN).filter((room) => !PLAN[room]?.knows.includes("*"));
  let tried = 0;
  for (const room of rooms) {
    const from = fileIn(room);
    for (const other of Object.keys(PLAN)) {
      if (other === room || other.startsWith(`${room}/`) || PLAN[room]?.knows.includes(other)) continue;
      const up = "../".repeat(from.split("/").length - 1) || "./";
      const module = readModule(from, `import { something } from "${up}${fileIn(other)}";`);
      assert.equal(forbidden(PLAN, [module]).length, 1, `${from} may import ${fileIn(other)}`);
      tried++;
    }
  }
  assert.ok(tried > 500, `${tried} imports`);
});

test("every way to import is seen", () => {
  for (const text of [
    'import "../infra/x.ts";',
    'import type { X } from "../infra/x.ts";',
    'export { x } from "../infra/x.ts";',
    'export * from "../infra/x.ts";',
    'const x = await import("../infra/x.ts");',
    'let x: import("../infra/x.ts").X;',
    'import x from "@pulumi/pulumi";',
  ]) {
    assert.equal(forbidden(PLAN, [readModule("lib/a.ts", text)]).length, 1, text);
  }
  assert.deepEqual(forbidden(PLAN, [readModule("other/a.ts", "")]), ["other/a.ts lies in no room of the plan"]);
});

test("cycles and mutual folders are found", () => {
  const texts = { "lib/a/x.ts": '"../b/y.ts"', "lib/b/y.ts": '"../c/z.ts"', "lib/c/z.ts": '"../a/x.ts"' };
  const round = Object.entries(texts).map(([path, to]) => readModule(path, `import type { X } from ${to};`));
  assert.deepEqual(cycles(round), ["lib/a/x.ts → lib/b/y.ts → lib/c/z.ts → lib/a/x.ts"]);
  assert.deepEqual(mutualFolders(round), []);
  const both = [readModule("lib/a/x.ts", 'import "../b/y.ts";'), readModule("lib/b/other.ts", 'import "../a/v.ts";')];
  assert.deepEqual(cycles(both), []);
  assert.equal(mutualFolders(both).length, 1);
});

/** A module that would lie in a room. */
function fileIn(room: string): string {
  if (room.endsWith(".ts")) return room;
  const path = `${room}/some-module.ts`;
  assert.equal(roomOf(PLAN, path), room);
  return path;
}
