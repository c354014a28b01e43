import type { CallContext } from "../../engine/src/plugin/contract.ts";
import type { PropertyMap, PropertyValue } from "../../engine/src/values/values.ts";
import type { Shape } from "./shape.ts";

/** A function of the provider. The kit checks what it is given by their shapes. */
export interface FunctionDefinition {
  readonly inputs: Readonly<Record<string, Shape<PropertyValue>>>;
  invoke(args: PropertyMap, signal: AbortSignal): Promise<PropertyMap>;
}

/** A resource as the state has it. */
export interface ResourceState<Inputs, Outputs> {
  readonly id: string;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
}

/**
 * One resource type. The kit checks the inputs by their shapes, compares them, and answers previews;
 * a definition only ever sees plain, known, checked values, apart from `changed` (see there).
 * Errors: throw an `Error` whose message says what is wrong and how to mend it.
 */
export interface ResourceDefinition<Inputs extends PropertyMap, Outputs extends PropertyMap> {
  /** The shape of every input. */
  readonly inputs: { readonly [K in keyof Inputs]: Shape<PropertyValue & Inputs[K]> };
  /** Outputs that are not known before the real operation; every input is an output too. */
  readonly computed: readonly (keyof Outputs & string)[];
  /** Inputs whose change makes a new resource; "all" for a resource that is never updated. */
  readonly replaceOn: readonly (keyof Inputs & string)[] | "all";
  /** Whether a replacement is made only after the old one is gone. */
  readonly deleteBeforeReplace?: boolean;
  /**
   * Asked when the inputs are the same: which properties differ in the world, so that an update mends them.
   * The state's values are those of the last operation.
   */
  changed?(state: ResourceState<Inputs, Outputs>, call: CallContext): Promise<readonly (keyof Inputs & string)[]>;
  /**
   * What an update with these inputs will do, in one line that previews show; undefined: the properties say enough.
   * New inputs that are not known yet are `Unknown`.
   */
  sentence?(state: ResourceState<Inputs, Outputs>, news: PropertyMap & Inputs): string | undefined;
  create(inputs: Inputs, call: CallContext): Promise<{ readonly id: string; readonly outputs: PropertyMap & Outputs }>;
  /** Undefined: gone. Without it the state is believed. */
  read?(state: ResourceState<Inputs, Outputs>, call: CallContext): Promise<(PropertyMap & Outputs) | undefined>;
  /** Required unless `replaceOn` is "all". */
  update?(state: ResourceState<Inputs, Outputs>, news: Inputs, call: CallContext): Promise<PropertyMap & Outputs>;
  /** Without it nothing outside the state belongs to the resource. */
  delete?(state: ResourceState<Inputs, Outputs>, call: CallContext): Promise<void>;
  /** What an interrupted create with these inputs left behind. Left out where to create once more does no harm. */
  recover?(
    inputs: Inputs,
    call: CallContext,
  ): Promise<{ readonly id: string; readonly outputs: PropertyMap & Outputs } | undefined>;
}
