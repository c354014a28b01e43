import assert from "node:assert/strict";
import { test } from "node:test";
import { withNewName, withoutResources, withProtection } from "../../../engine/src/state/edit.ts";
import { contradictionIn } from "../../../engine/src/state/integrity.ts";
import type { RawResource } from "../../../engine/src/state/resource-json.ts";

const urn = (type: string, name: string) => `urn:pulumi:s::p::${type}::${name}`;
const provider = urn("pulumi:providers:fake", "own");
const [a, b, c] = [urn("fake:i:T", "a"), urn("fake:i:T$fake:i:T", "b"), urn("fake:i:T", "c")];

const resources: RawResource[] = [
  { urn: provider, custom: true, type: "pulumi:providers:fake", id: "1" },
  { urn: a, custom: true, type: "fake:i:T", id: "a", provider: `${provider}::1`, protect: true },
  { urn: b, custom: true, type: "fake:i:T", id: "b", provider: `${provider}::1`, parent: a },
  {
    urn: c,
    custom: true,
    type: "fake:i:T",
    id: "c",
    provider: `${provider}::1`,
    dependencies: [a],
    propertyDependencies: { from: [a], none: null },
    deletedWith: a,
    replaceWith: [a],
  },
];
const urns = (list: readonly RawResource[]) => list.map((resource) => resource.urn);

test("what others need, and what is protected, is not taken out of a state unless it is said so", () => {
  const none = { dependents: false, force: false };
  assert.throws(() => withoutResources(resources, [a], none), /::a can't be safely deleted because it is protected/);
  assert.throws(
    () => withoutResources(resources, [a], { ...none, force: true }),
    /the following resources depend on it:\n \* "b" .*\n \* "c" .*\n\nDelete those resources first/,
  );
  assert.throws(() => withoutResources(resources, [provider], { ...none, dependents: true }), /it is protected/);
  assert.deepEqual(urns(withoutResources(resources, [b, c], none)), [provider, a]);
  assert.deepEqual(urns(withoutResources(resources, [a], { dependents: true, force: true })), [provider]);
  assert.throws(() => withoutResources(resources, ["nope"], none), /No such resource "nope" exists/);
  const twice = [...resources, { ...resources[3], delete: true } as RawResource];
  assert.throws(() => withoutResources(twice, [c], none), /names 2 resources/);
});

test("a new name is known to all that refer to it", () => {
  for (const [old, name] of [
    [a, "new"],
    [provider, "other::own"],
  ] as const) {
    const renamed = withNewName(resources, old, name);
    assert.equal(contradictionIn(renamed as never), undefined);
    assert.ok(!JSON.stringify(renamed).includes(`${old}"`) && !JSON.stringify(renamed).includes(`${old}::`));
    assert.ok(urns(renamed).some((other) => other.endsWith(`::${name}`)));
  }
  assert.throws(() => withNewName(resources, a, "c"), /already existing resource/);
  assert.deepEqual(withNewName(resources, a, "a"), resources);
});

test("resources are protected and unprotected, one or all", () => {
  const protectedOnes = (list: RawResource[]) => urns(list.filter(({ protect }) => protect === true));
  assert.deepEqual(protectedOnes(withProtection(resources, [b], true)), [a, b]);
  assert.deepEqual(protectedOnes(withProtection(resources, "all", false)), []);
  assert.equal(protectedOnes(withProtection(resources, "all", true)).length, 4);
});
