import assert from "node:assert/strict";
import { test } from "node:test";
import { type Decision, decide, decideChange, type Facts } from "../../../engine/src/deploy/decide.ts";
import { plainGoal, stateOf } from "../../../engine/src/deploy/goal.ts";
import { Entry } from "../../../engine/src/deploy/journal.ts";
import type { ResourceState } from "../../../engine/src/deploy/types.ts";

const urn = "urn:pulumi:test::project::fake:index:Thing::a";
const parent = "urn:pulumi:test::project::fake:index:Group::group";
const from = "urn:pulumi:test::project::fake:index:Thing::from";
const provider = "urn:pulumi:test::project::pulumi:providers:fake::default::id";

/** An old resource. */
function oldOf(more: Partial<ResourceState> = {}): Entry {
  return new Entry({ urn, type: "fake:index:Thing", custom: true, id: "a-1", inputs: {}, outputs: {}, ...more });
}

interface Given {
  readonly goal?: Partial<Parameters<typeof plainGoal>[0]>;
  readonly old?: Entry;
  readonly facts?: Partial<Facts>;
}

function decided({ goal: more, old, facts }: Given): Decision {
  const goal = plainGoal({ type: "fake:index:Thing", name: "a", custom: true, properties: {}, provider, ...more });
  return decide({
    deployment: "update",
    goal,
    state: stateOf(goal, urn, {}),
    old,
    deleted: false,
    included: true,
    skipped: new Set(),
    ...facts,
  });
}

test("an update makes what is new, compares what is old, and makes anew what is gone or was not ours", () => {
  const old = oldOf();
  const external = oldOf({ external: true });
  assert.deepEqual(decided({}), { kind: "create" });
  assert.deepEqual(decided({ old }), { kind: "compare", old });
  assert.deepEqual(decided({ old, facts: { deleted: true } }), { kind: "remake", old, deleted: true });
  assert.deepEqual(decided({ old: external }), { kind: "remake", old: external, deleted: false });
  assert.deepEqual(decided({ goal: { readId: "x" }, old }), { kind: "read", id: "x", old });
});

test("an import takes over what has another id than the old one, by whatever form that was named", () => {
  const goal = { importId: "path/x" };
  const imported = oldOf({ importID: "path/x" });
  const other = oldOf();
  const external = oldOf({ id: "path/x", external: true });
  assert.deepEqual(decided({ goal }), { kind: "import", id: "path/x", old: undefined, deleted: false });
  assert.deepEqual(decided({ goal, old: imported }), { kind: "compare", old: imported });
  assert.deepEqual(decided({ goal, old: oldOf({ id: "path/x" }) }).kind, "compare");
  assert.deepEqual(decided({ goal, old: other }), { kind: "import", id: "path/x", old: other, deleted: false });
  assert.deepEqual(decided({ goal, old: external }), { kind: "import", id: "path/x", old: external, deleted: false });
  assert.equal(decided({ goal: { ...goal, custom: false } }).kind, "create");
});

test("what is not meant stays as it is, or is not made; what needs it then cannot be had", () => {
  const old = oldOf();
  const excluded = { included: false };
  assert.deepEqual(decided({ facts: excluded }), { kind: "skip" });
  assert.deepEqual(decided({ old, facts: excluded }), { kind: "keep", old });
  const skipped = new Set([parent, from]);
  assert.deepEqual(decided({ goal: { dependencies: [from] }, facts: { skipped } }), { kind: "refuse", missing: from });
  assert.deepEqual(decided({ goal: { parent }, old, facts: { skipped } }), { kind: "refuse", missing: parent });
  // It stays with the dependencies that it had, but it cannot stay below a parent that there is not.
  const kept = { skipped, ...excluded };
  assert.deepEqual(decided({ goal: { dependencies: [from] }, old, facts: kept }), { kind: "keep", old });
  assert.deepEqual(decided({ goal: { parent }, old, facts: kept }), { kind: "refuse", missing: parent });
});

test("a refresh with its program makes nothing, and reads what a provider manages and is meant", () => {
  const old = oldOf();
  const group = { custom: false, provider: undefined };
  const deployment = "refresh" as const;
  assert.deepEqual(decided({ facts: { deployment } }), { kind: "skip" });
  assert.deepEqual(decided({ old, facts: { deployment } }), { kind: "leave", old, reads: true });
  assert.deepEqual(decided({ old, facts: { deployment, included: false } }), { kind: "leave", old, reads: false });
  assert.deepEqual(decided({ goal: group, facts: { deployment } }), { kind: "create" });
  const skipped = new Set([parent]);
  const below = { ...group, parent };
  assert.deepEqual(decided({ goal: below, facts: { deployment, skipped } }), { kind: "skip" });
  const component = oldOf({ custom: false, id: undefined });
  assert.deepEqual(decided({ goal: below, old: component, facts: { deployment, skipped } }), {
    kind: "leave",
    old: component,
    reads: false,
  });
});

test("a destroy with its program deletes by the provider that the program names, unless there is none of that", () => {
  const old = oldOf();
  const deployment = "destroy" as const;
  assert.deepEqual(decided({ facts: { deployment } }), { kind: "skip" });
  assert.deepEqual(decided({ old, facts: { deployment } }), { kind: "mark", old });
  const skipped = new Set([provider.slice(0, provider.lastIndexOf("::"))]);
  assert.deepEqual(decided({ old, facts: { deployment, skipped } }), { kind: "leave", old, reads: false });
});

test("a difference is an update or a replacement, and the program's word on which goes first wins", () => {
  assert.deepEqual(decideChange({ kind: "none" }, {}, {}), { kind: "same" });
  assert.deepEqual(decideChange({ kind: "update" }, {}, {}), { kind: "update" });
  const replace = { kind: "replace" as const, deleteBeforeReplace: true };
  const kind = "replace";
  assert.deepEqual(decideChange({ kind }, {}, {}), { kind, deleteFirst: false, refused: undefined });
  assert.deepEqual(decideChange(replace, {}, {}), { kind, deleteFirst: true, refused: undefined });
  assert.deepEqual(decideChange(replace, {}, { deleteBeforeReplace: false }), {
    kind,
    deleteFirst: false,
    refused: undefined,
  });
});

test("what is protected, before and now, or is still imported is not replaced", () => {
  const refused = (old: { protect?: boolean }, goal: { protect?: boolean; importId?: string }) => {
    const change = decideChange({ kind: "replace" }, old, goal);
    return change.kind === "replace" && change.refused;
  };
  assert.equal(refused({ protect: true }, { protect: true }), "protected");
  assert.equal(refused({ protect: true }, {}), undefined);
  assert.equal(refused({}, { protect: true }), undefined);
  assert.equal(refused({}, { importId: "x" }), "imported");
});
