/** States before and after a step. */
import { equal, equalMaps } from "../values/equality.ts";
import type { Outcome } from "./instance.ts";
import { needs } from "./order.ts";
import { PartialFailure } from "./step.ts";
import type { ResourceState } from "./types.ts";

/** @throws PartialFailure when it did not end in order */
export function failIfPartial(outcome: Outcome | undefined): void {
  if (outcome?.errors) throw new PartialFailure(outcome.errors.join("\n"));
}

/** The state with what the provider returned. A component has no outputs until it registers them. */
export function withOutcome(state: ResourceState, outcome: Outcome | undefined): ResourceState {
  if (!outcome) return state;
  return {
    ...state,
    id: outcome.id,
    inputs: outcome.inputs ?? state.inputs,
    outputs: outcome.outputs,
    initErrors: outcome.errors && [...outcome.errors],
  };
}

export function timestamp(): string {
  return new Date().toISOString();
}

/** When it was made and changed. */
export function times(state: ResourceState): Pick<ResourceState, "created" | "modified"> {
  return { created: state.created, modified: state.modified };
}

export function protectedMessage({ urn }: ResourceState): string {
  return (
    `resource "${urn}" cannot be deleted\n` +
    "because it is protected. To unprotect the resource, either remove the `protect` flag from the resource in your " +
    `Pulumi program and run \`pulumi up\`, or use the command:\n\`pulumi state unprotect '${urn}'\``
  );
}

/** Whether writing the new state instead of the old one would change nothing that anyone acts on. */
export function sameMeaning(old: ResourceState, state: ResourceState): boolean {
  const set = (urns: readonly string[] | undefined) => [...new Set(urns)].sort().join("\n");
  const facts = (from: ResourceState) =>
    JSON.stringify([
      from.urn,
      from.type,
      from.parent,
      from.protect,
      from.provider,
      from.retainOnDelete,
      from.deletedWith,
      from.customTimeouts,
      Object.entries(from.resourceHooks ?? {}).sort(),
      set(from.replaceWith),
      set(from.dependencies),
      set(from.additionalSecretOutputs),
      [...needs(from)].sort(),
      Boolean(from.delete || from.pendingReplacement || from.external || from.initErrors?.length),
    ]);
  return (
    facts(old) === facts(state) &&
    equalMaps(old.inputs, state.inputs) &&
    equalMaps(old.outputs, state.outputs) &&
    equal(old.replacementTrigger, state.replacementTrigger)
  );
}
