import type { PropertyMap, PropertyValue } from "../values/values.ts";
import type { ResourceState } from "./types.ts";

/** An earlier name of a resource: whole, or what of it was different. */
export type Alias =
  | string
  | {
      readonly name?: string;
      readonly type?: string;
      readonly stack?: string;
      readonly project?: string;
      /** Undefined: the same as now; "": none. */
      readonly parent?: string;
    };

/** What a program wants a resource to be. */
export interface Goal {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  /** Read, not managed: the id of something that exists. */
  readonly readId?: string;
  readonly properties: PropertyMap;
  readonly parent?: string;
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  /** `URN::ID`; undefined for components and providers. */
  readonly provider?: string;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly deleteBeforeReplace?: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly hideDiff: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  readonly aliases: readonly Alias[];
  readonly importId?: string;
  readonly customTimeouts?: ResourceState["customTimeouts"];
  readonly deletedWith?: string;
  readonly replaceWith: readonly string[];
  readonly replacementTrigger?: PropertyValue;
  readonly hooks?: ResourceState["resourceHooks"];
  readonly sourcePosition?: string;
  readonly stackTrace?: ResourceState["stackTrace"];
}

/** A goal with nothing special about it. */
export function plainGoal(goal: Pick<Goal, "type" | "name" | "custom" | "properties"> & Partial<Goal>): Goal {
  return {
    dependencies: [],
    propertyDependencies: {},
    ignoreChanges: [],
    replaceOnChanges: [],
    hideDiff: [],
    additionalSecretOutputs: [],
    aliases: [],
    replaceWith: [],
    ...goal,
  };
}

/** The state that the goal would have with these inputs, before anything was done for it. */
export function stateOf(goal: Goal, urn: string, inputs: PropertyMap): ResourceState {
  const list = <T>(items: readonly T[]) => (items.length > 0 ? items : undefined);
  return {
    urn,
    custom: goal.custom,
    type: goal.type,
    inputs,
    outputs: {},
    parent: goal.parent,
    protect: goal.protect || undefined,
    external: goal.readId !== undefined || undefined,
    dependencies: list(goal.dependencies),
    provider: goal.provider,
    propertyDependencies: Object.keys(goal.propertyDependencies).length > 0 ? goal.propertyDependencies : undefined,
    additionalSecretOutputs: list(goal.additionalSecretOutputs),
    customTimeouts: goal.customTimeouts,
    importID: goal.importId,
    retainOnDelete: goal.retainOnDelete || undefined,
    deletedWith: goal.deletedWith,
    replaceWith: list(goal.replaceWith),
    replacementTrigger: goal.replacementTrigger,
    sourcePosition: goal.sourcePosition,
    stackTrace: goal.stackTrace,
    ignoreChanges: list(goal.ignoreChanges),
    hideDiff: list(goal.hideDiff),
    replaceOnChanges: list(goal.replaceOnChanges),
    resourceHooks: goal.hooks,
  };
}
