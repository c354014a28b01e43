/** What must hold after each act, whatever went wrong in it. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { PendingOperation, ResourceState, Snapshot } from "../../../../engine/src/deploy/types.ts";
import { stripAll } from "../../../../engine/src/values/secrets.ts";
import { Secret } from "../../../../engine/src/values/values.ts";
import { type Land, type Thing, tokenOf } from "./land.ts";

export function isThing({ type }: ResourceState): boolean {
  return type.endsWith(":index:Thing");
}

/** A resource's name without what renames it. */
export function baseOf(urn: string): string {
  return (urn.split("::").at(-1) ?? "").replace(/b$/, "");
}

/**
 * Whoever uses something is deleted before it, once nothing is created any more: what is deleted first to be replaced
 * leaves those alone that it can be changed under.
 */
export function checkOrder({ changes, uncertain }: Land): void {
  for (const [index, { operation, thing }] of changes.entries()) {
    if (operation !== "delete") continue;
    const later = changes.slice(index + 1);
    if (later.some((other) => other.operation === "create")) continue;
    const late = later.find(
      (other) => other.operation === "delete" && uses(other.thing, thing) && !uncertain.has(other.thing.id),
    );
    assert.equal(late?.thing.id, undefined, `${thing.id} was deleted before what uses it`);
  }
}

/**
 * Nothing is lost, nothing is there twice, and all is as the state says.
 *
 * @param known what states have said before, in order
 * @param strict whether nothing is excused by what went wrong
 */
export function checkState(snapshot: Snapshot, land: Land, known: readonly ResourceState[], strict = false): void {
  const states = snapshot.resources.filter((state) => isThing(state) && !state.pendingReplacement);
  const ids = new Set(states.map(({ id }) => id ?? ""));
  assert.equal(ids.size, states.length, "nothing is in the state twice");
  checkLost(snapshot, land, ids, known);
  for (const state of states) {
    checkSecrets(state);
    checkThing(state, snapshot, land, strict);
  }
}

/** Every thing is known to the state, or let go of as its options say. */
function checkLost(
  { pendingOperations }: Snapshot,
  { things }: Land,
  ids: ReadonlySet<string>,
  known: readonly ResourceState[],
): void {
  const begun = pendingOperations.filter(({ type }) => type === "creating").map(({ resource }) => resource.urn);
  const released = (id: string): boolean => {
    const last = known.findLast((state) => isThing(state) && state.id === id);
    if (last?.retainOnDelete) return true;
    const token = last?.deletedWith && stripAll(last.inputs).owner;
    if (typeof token !== "string") return false;
    // What goes with something that is kept is kept with it.
    const owner = token.slice(tokenOf("").length);
    return !ids.has(owner) && released(owner);
  };
  for (const { id, urn } of [...things.values()]) {
    if (ids.has(id)) continue;
    const at = begun.indexOf(urn);
    if (released(id)) things.delete(id);
    else if (at >= 0) begun.splice(at, 1);
    else assert.fail(`${id} is there, and the state has lost it`);
  }
}

function checkThing(
  state: ResourceState,
  { resources, pendingOperations }: Snapshot,
  { things, uncertain, outputsOf }: Land,
  strict: boolean,
): void {
  const { id = "", provider } = state;
  const inputs = stripAll(state.inputs);
  const outputs = stripAll(state.outputs);
  const thing = things.get(id);
  const pending = (type: PendingOperation["type"]) =>
    pendingOperations.some((operation) => operation.type === type && operation.resource.id === id);
  if (!thing) {
    const excused = !strict && uncertain.has(id);
    assert.ok(excused || pending("deleting"), `${id} is in the state, and not there`);
    return;
  }
  const account = resources.find((other) => `${other.urn}::${other.id}` === provider)?.inputs.account ?? 0;
  assert.equal(account, thing.account, `${id} is in the account of its provider`);
  if (isDeepStrictEqual([inputs, outputs], [thing.inputs, outputsOf(thing)])) uncertain.delete(id);
  const excused = uncertain.has(id) || pending("updating") || state.initErrors?.length;
  if (excused && !strict) return;
  assert.deepEqual(inputs, thing.inputs, `the inputs of ${id}`);
  assert.deepEqual(outputs, outputsOf(thing), `the outputs of ${id}`);
}

function uses({ inputs }: Thing, { id }: Thing): boolean {
  return [inputs.tokens, inputs.key, inputs.owner].flat().includes(tokenOf(id));
}

function checkSecrets({ urn, inputs, outputs, additionalSecretOutputs = [] }: ResourceState): void {
  const keys = [...(inputs.hush instanceof Secret ? ["hush"] : []), ...additionalSecretOutputs];
  for (const key of keys) {
    if (outputs[key] !== undefined) assert.ok(outputs[key] instanceof Secret, `the ${key} of ${urn} stands in clear`);
  }
}
