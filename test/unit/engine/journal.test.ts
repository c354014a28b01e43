import assert from "node:assert/strict";
import { test } from "node:test";
import { type Entry, Journal } from "../../../engine/src/deploy/journal.ts";
import type { ResourceState } from "../../../engine/src/deploy/types.ts";
import { contradictionIn } from "../../../engine/src/state/integrity.ts";

function urnOf(name: string): string {
  return `urn:pulumi:test::project::fake:index:Thing::${name}`;
}

/** A resource, with the names of others that it refers to. */
function stateOf(name: string, refers: { parent?: string; from?: string; with?: string } = {}): ResourceState {
  const { parent, from, with: owner } = refers;
  return {
    urn: urnOf(name),
    type: "fake:index:Thing",
    custom: true,
    id: name,
    inputs: {},
    outputs: {},
    ...(parent && { parent: urnOf(parent) }),
    ...(from && { dependencies: [urnOf(from)], propertyDependencies: { from: [urnOf(from)] } }),
    ...(owner && { deletedWith: urnOf(owner) }),
  };
}

function journalOf(...resources: ResourceState[]): Journal {
  return new Journal({ resources, pendingOperations: [] });
}

/** What the program gives another name, as a refresh with the program does. */
function rename(journal: Journal, from: string, to: string): Entry {
  const entry = journal.base.find(({ state }) => state.urn === urnOf(from)) as Entry;
  journal.rename(urnOf(from), urnOf(to));
  entry.state = { ...entry.state, urn: urnOf(to) };
  return entry;
}

test("what has another name now and is gone is not referred to by its old name either", () => {
  const journal = journalOf(stateOf("old"), stateOf("from", { from: "old" }), stateOf("with", { with: "old" }));
  journal.vanish(rename(journal, "old", "new"));
  const { resources } = journal.snapshot();
  assert.equal(contradictionIn(resources), undefined);
  assert.deepEqual(
    resources.map(({ urn, dependencies, deletedWith }) => [urn, dependencies, deletedWith]),
    [
      [urnOf("from"), [], undefined],
      [urnOf("with"), undefined, undefined],
    ],
  );
});

test("children of what is gone go below the nearest ancestor that is there, by the name that it has now", () => {
  const journal = journalOf(
    stateOf("top"),
    stateOf("middle", { parent: "top" }),
    stateOf("bottom", { parent: "middle" }),
    stateOf("child", { parent: "bottom" }),
  );
  rename(journal, "top", "top2");
  journal.vanish(rename(journal, "middle", "middle2"));
  journal.vanish(rename(journal, "bottom", "bottom2"));
  const { resources } = journal.snapshot();
  assert.equal(contradictionIn(resources), undefined);
  assert.deepEqual(
    resources.map(({ urn, parent }) => [urn, parent]),
    [
      [urnOf("top2"), undefined],
      [urnOf("child"), urnOf("top2")],
    ],
  );
});

test("what was replaced keeps its old name until it is gone, and is referred to by it", () => {
  const journal = journalOf(stateOf("old"), stateOf("from", { from: "old" }));
  const [old, from] = journal.base as [Entry, Entry];
  journal.rename(urnOf("old"), urnOf("new"));
  const made = { ...stateOf("new"), id: "made" };
  journal.add({ state: made });
  old.state = { ...old.state, delete: true };
  assert.deepEqual(
    journal.snapshot().resources.map(({ urn, dependencies }) => [urn, dependencies]),
    [
      [urnOf("new"), undefined],
      [urnOf("old"), undefined],
      [urnOf("from"), [urnOf("old")]],
    ],
  );
  journal.settle(old);
  assert.deepEqual(journal.snapshot().resources.at(-1)?.dependencies, [urnOf("new")]);
  assert.ok(!journal.isSettled(from));
});
