import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { outcomeOf } from "../../../../services/stacks/engine.ts";
import { previewLog, urn } from "../../cli/ci/planned.ts";

const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "[secret]" };
const DATABASE = "postgresql:index/database:Database";
const VOLUME = "docker:index/volume:Volume";

const state = (inputs: object, more = {}) => ({ custom: true, inputs, outputs: inputs, ...more });

function read(...steps: readonly object[]) {
  return outcomeOf(previewLog(steps)).planned;
}

test("a replacement is one entry, and says which property makes it one", () => {
  const at = { urn: urn("shop", DATABASE, "shop.DATABASE"), type: DATABASE };
  const old = state({ name: "a", owner: "o" });
  const next = state({ name: "b", owner: "p" });
  const detailedDiff = {
    name: { kind: "update-replace", inputDiff: true },
    owner: { kind: "update", inputDiff: true },
  };
  const replaced = read(
    { op: "create-replacement", ...at, old, new: next, keys: ["name"], detailedDiff },
    { op: "replace", ...at, old, new: next, keys: ["name"], detailedDiff },
    { op: "delete-replaced", ...at, old },
  );
  assert.deepEqual(replaced, [
    {
      act: "replace",
      name: "shop.DATABASE",
      ...at,
      loses: "database",
      differences: [
        { path: "name", was: '"a"', is: '"b"', replaces: true },
        { path: "owner", was: '"o"', is: '"p"' },
      ],
    },
  ]);
  const deletedFirst = read(
    { op: "delete-replaced", ...at, old },
    { op: "create-replacement", ...at, old, new: next, keys: ["name"] },
  );
  assert.deepEqual(deletedFirst?.[0]?.differences, [{ path: "name", was: '"a"', is: '"b"', replaces: true }]);
});

test("nothing of a secret is shown, and long values are cut", () => {
  const type = "docker:index/container:Container";
  const at = { urn: urn("platform", type, "web"), type };
  const [found] =
    read({
      op: "update",
      ...at,
      old: state({ envs: [SECRET], deep: SECRET, text: "x".repeat(500), gone: 1 }),
      new: state({ envs: ["A=1"], deep: { a: SECRET }, text: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }),
      detailedDiff: Object.fromEntries(
        ["envs[0]", "deep.a.b", "text", "gone"].map((path) => [path, { kind: "update", inputDiff: true }]),
      ),
    }) ?? [];
  assert.deepEqual(found?.differences, [
    { path: "envs[0]", was: '"[secret]"', is: '"A=1"' },
    { path: "deep.a.b", was: '"[secret]"', is: '"[secret]"' },
    { path: "text", was: `"${"x".repeat(78)}…`, is: "(not known yet)" },
    { path: "gone", was: "1" },
  ]);
});

test("what is kept on the machine is not lost; components and providers are left out", () => {
  const one = (op: string, type: string, more = {}) => ({ op, urn: urn("p", type, "x"), type, old: state({}, more) });
  assert.deepEqual(
    read(one("delete", VOLUME, { retainOnDelete: true }), one("same", DATABASE))?.map(({ loses }) => loses),
    [undefined],
  );
  assert.equal(read(one("delete", VOLUME))?.[0]?.loses, "volume");
  const component = { ...one("delete", "dynoform:index:App"), old: { inputs: {} } };
  assert.deepEqual(read(component, one("update", "pulumi:providers:docker")), []);
});

test("the real CLI's own log is read alike", () => {
  const log = readFileSync(new URL("../../../fixtures/pulumi/events-preview-replace.jsonl", import.meta.url), "utf8");
  const { planned = [], changes } = outcomeOf(log);
  assert.deepEqual(changes, { replace: 3, same: 1, update: 1 });
  assert.deepEqual(
    planned.map(({ act, name, differences }) => [act, name, differences.filter(({ replaces }) => replaces)]),
    [
      ["replace", "p-a", [{ path: "length", was: "8", is: "9", replaces: true }]],
      ["replace", "c", [{ path: "length", was: "8", is: "9", replaces: true }]],
      ["replace", "p-b", [{ path: "length", was: "8", is: "9", replaces: true }]],
    ],
  );
});
