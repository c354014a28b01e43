import { equalMaps } from "../values/equality.ts";
import { messageOf } from "./errors.ts";
import type { Outcome } from "./instance.ts";
import { forget } from "./order.ts";
import type { Registry } from "./registry.ts";
import { timestamp } from "./step-states.ts";
import type { PendingOperation, ResourceState, Snapshot } from "./types.ts";

const interrupted = "an earlier update was interrupted";

/**
 * Finds out what came of the operations that a killed deployment had begun, so that nothing is orphaned and
 * nothing made twice. Creates that no provider can look for are kept, as the real CLI keeps them, and told. Throws a
 * line if an interrupted create cannot be looked into: forgetting it could orphan what it made.
 */
export async function settleOperations(
  snapshot: Snapshot,
  registry: Registry,
  warn: (urn: string, message: string) => void,
): Promise<Snapshot> {
  let resources = [...snapshot.resources];
  const kept: PendingOperation[] = [];
  /** Deletes that nobody can tell of now: the next deployment asks again. */
  const open: PendingOperation[] = [];
  for (const operation of snapshot.pendingOperations) {
    const { provider } = operation.resource;
    const instance = provider && registry.has(provider) ? await registry.instance(provider) : undefined;
    if (operation.type === "creating" && provider && !instance?.provider.recover) kept.push(operation);
    if (!instance) continue;
    if (operation.type === "creating") {
      const found = await recover(operation, () => instance.recover(operation.resource));
      const known = found && (await isKnown(resources, operation.resource, found, registry));
      if (found && !known) resources = adopt(resources, operation.resource, found);
    } else if (operation.type !== "reading") {
      const index = resources.findIndex((state) => isSame(state, operation));
      const state = resources[index];
      if (!state?.id) continue;
      try {
        const found = await instance.read(state, state.id);
        if (found) resources[index] = afterRead(state, operation, found);
        else resources = without(resources, state);
      } catch (error) {
        warn(state.urn, `cannot tell what an interrupted operation has left: ${messageOf(error)}`);
        if (operation.type === "updating") resources[index] = { ...state, initErrors: [interrupted] };
        else open.push(operation);
      }
    }
  }
  if (kept.length > 0) warn("", keptMessage(kept));
  return { resources, pendingOperations: [...kept, ...open] };
}

function keptMessage(kept: readonly PendingOperation[]): string {
  return (
    `Attempting to deploy or update resources with ${kept.length} pending operations from previous deployment.\n` +
    kept.map(({ resource }) => `  * ${resource.urn}, interrupted while creating\n`).join("") +
    "Their provider cannot tell whether they were made. Look yourself, and remove or import what you find; " +
    "`pulumi refresh --clear-pending-creates` then forgets them."
  );
}

async function recover(
  { resource }: PendingOperation,
  call: () => Promise<Outcome | undefined>,
): Promise<Outcome | undefined> {
  try {
    return await call();
  } catch (error) {
    throw new Error(
      `cannot find out whether an interrupted operation made ${resource.urn}: ${messageOf(error)}. ` +
        "Once that is mended, try again; `pulumi refresh --clear-pending-creates` forgets it",
    );
  }
}

/** The resource that an update or delete was about: its URN and id, or those of what replaces it. */
function isSame(state: ResourceState, { type, resource }: PendingOperation): boolean {
  // Updates that the real CLI has begun are recorded without the id.
  if (type === "updating" && !resource.id) return state.urn === resource.urn && !state.delete;
  if (state.id !== resource.id) return false;
  // The update was to give it the name of the record.
  const renamed = type === "updating" && state.type === resource.type && !state.delete;
  return renamed || state.urn === resource.urn;
}

/** Whether what was found by its name is what the state has already, be it by another URN: then nothing was made. */
async function isKnown(
  resources: readonly ResourceState[],
  { type, provider = "" }: ResourceState,
  { id }: Outcome,
  registry: Registry,
): Promise<boolean> {
  const alike = resources.filter((state) => state.type === type && state.id === id && !state.pendingReplacement);
  for (const state of alike) if (await registry.meanTheSame(state.provider ?? "", provider)) return true;
  return false;
}

/** Takes what an interrupted create made into the state, with the inputs that it was made from. */
function adopt(resources: readonly ResourceState[], resource: ResourceState, found: Outcome): ResourceState[] {
  const now = timestamp();
  const { id, outputs, errors } = found;
  const made = { ...resource, id, outputs, initErrors: errors, created: now, modified: now };
  const result: ResourceState[] = [];
  for (const state of resources) {
    if (state.urn !== resource.urn) result.push(state);
    // A replacement was made: its predecessor is deleted at the end of the next deployment.
    else if (!state.pendingReplacement) result.push({ ...state, delete: true });
  }
  // It stands before everything that needs it, and after all that it needs: where the old one was, or at the end.
  const place = resources.findIndex((state) => state.urn === resource.urn && !state.delete);
  const needed = Math.max(-1, ...[...neededBy(made)].map((urn) => result.findIndex((state) => state.urn === urn)));
  result.splice(place < 0 ? result.length : Math.max(Math.min(place, result.length), needed + 1), 0, made);
  return result;
}

function neededBy(state: ResourceState): Set<string> {
  const provider = state.provider?.slice(0, state.provider.lastIndexOf("::"));
  const urns = [...(state.dependencies ?? []), state.parent, provider, state.deletedWith];
  return new Set(urns.filter((urn) => urn !== undefined));
}

function afterRead(state: ResourceState, operation: PendingOperation, found: Outcome): ResourceState {
  const inputs = found.inputs ?? state.inputs;
  const read = { ...state, id: found.id, outputs: found.outputs, inputs, modified: timestamp() };
  if (operation.type !== "updating") return read;
  if (found.inputs && equalMaps(found.inputs, operation.resource.inputs)) {
    // What would have taken it along may not do so any more.
    return { ...read, deletedWith: operation.resource.deletedWith && read.deletedWith, initErrors: undefined };
  }
  // Inputs that a provider cannot tell, or hands back as it got them, prove nothing about what was done.
  const proven = found.inputs && !equalMaps(found.inputs, state.inputs);
  return { ...read, initErrors: proven ? found.errors : [interrupted] };
}

/** The resources without one of them, and without references to it when it was the last of its name. */
function without(resources: readonly ResourceState[], gone: ResourceState): ResourceState[] {
  const rest = resources.filter((state) => state !== gone);
  return rest.some(({ urn }) => urn === gone.urn) ? rest : rest.map((state) => forget(state, gone));
}
