/** What is to be done for a goal: decided by what is known of it alone, without asking anybody. */
import type { Difference } from "./diffing.ts";
import type { Goal } from "./goal.ts";
import type { Entry } from "./journal.ts";
import { needs } from "./order.ts";
import type { DeploymentKind, ResourceState } from "./types.ts";
import { isProviderType } from "./urn.ts";

export interface Facts {
  /** A refresh or destroy makes and changes no resources of the program's, but for providers and components. */
  readonly deployment: DeploymentKind;
  readonly goal: Pick<Goal, "type" | "custom" | "readId" | "importId">;
  /** The state that the goal would have. */
  readonly state: ResourceState;
  /** What it was until now. */
  readonly old: Entry | undefined;
  /** Whether the old one has been deleted to be made again. */
  readonly deleted: boolean;
  /** Whether the deployment is about it: `--target` and `--exclude`. */
  readonly included: boolean;
  /** URNs of what the program registered and there is none of, since it is new and not included. */
  readonly skipped: ReadonlySet<string>;
}

export type Decision =
  /** It is new and not meant: nothing is done and nothing is known of it. */
  | { readonly kind: "skip" }
  /** It cannot be had without something that is skipped. */
  | { readonly kind: "refuse"; readonly missing: string }
  /** It is not meant: it stays as it is. */
  | { readonly kind: "keep"; readonly old: Entry }
  /** A refresh or destroy deals with it by what the state says. `reads`: a refresh looks at it now. */
  | { readonly kind: "leave"; readonly old: Entry; readonly reads: boolean }
  /** It will be deleted, by the provider and with the hooks that the program names now. */
  | { readonly kind: "mark"; readonly old: Entry }
  | { readonly kind: "read"; readonly id: string; readonly old: Entry | undefined }
  /** What exists is taken over. An old one is another thing, and goes. */
  | { readonly kind: "import"; readonly id: string; readonly old: Entry | undefined; readonly deleted: boolean }
  | { readonly kind: "create" }
  /** The old one is gone, or was not ours: it is made anew without comparing. */
  | { readonly kind: "remake"; readonly old: Entry; readonly deleted: boolean }
  /** What differs says what is done: see `decideChange`. */
  | { readonly kind: "compare"; readonly old: Entry };

export function decide({ deployment, goal, state, old, deleted, included, skipped }: Facts): Decision {
  const missing = [...needs(state)].find((urn) => skipped.has(urn));
  if (deployment !== "update" && (isManaged(goal) || missing !== undefined)) {
    if (!old) return { kind: "skip" };
    if (deployment === "destroy" && state.provider !== undefined && missing === undefined) return { kind: "mark", old };
    const read = deployment === "refresh" && included && old.state.custom && !isProviderType(old.state.type);
    return { kind: "leave", old, reads: read };
  }
  if (!included) {
    if (!old) return { kind: "skip" };
    const { parent } = state;
    return parent !== undefined && skipped.has(parent) ? { kind: "refuse", missing: parent } : { kind: "keep", old };
  }
  if (missing !== undefined) return { kind: "refuse", missing };
  if (goal.readId !== undefined) return { kind: "read", id: goal.readId, old };
  if (goal.importId && goal.custom && !isImported(old, goal.importId)) {
    return { kind: "import", id: goal.importId, old, deleted };
  }
  if (!old) return { kind: "create" };
  return deleted || old.state.external ? { kind: "remake", old, deleted } : { kind: "compare", old };
}

/** Whether a provider makes it and the deployment may change it. */
export function isManaged({ type, custom, readId }: Facts["goal"]): boolean {
  return custom && !isProviderType(type) && readId === undefined;
}

function isImported(old: Entry | undefined, id: string): boolean {
  return old !== undefined && !old.state.external && (old.state.importID ?? old.state.id) === id;
}

export type Change =
  | { readonly kind: "same" }
  | { readonly kind: "update" }
  | {
      readonly kind: "replace";
      /** Whether the old one goes first; else it goes at the end. */
      readonly deleteFirst: boolean;
      /** Why it may not be: it is protected, or the program still names what it was imported from. */
      readonly refused: "protected" | "imported" | undefined;
    };

/** What a difference to the old resource asks for. */
export function decideChange(
  difference: Difference,
  old: Pick<ResourceState, "protect">,
  goal: Pick<Goal, "protect" | "importId" | "deleteBeforeReplace">,
): Change {
  if (difference.kind === "none") return { kind: "same" };
  if (difference.kind === "update") return { kind: "update" };
  return {
    kind: "replace",
    deleteFirst: goal.deleteBeforeReplace ?? difference.deleteBeforeReplace ?? false,
    refused: old.protect && goal.protect ? "protected" : goal.importId ? "imported" : undefined,
  };
}
