import type { Difference } from "./diffing.ts";
import type { Entry } from "./journal.ts";
import type { StepOp } from "./types.ts";

/** One thing to do for one resource. */
export interface Step {
  readonly op: StepOp;
  readonly urn: string;
  /** False for the parts of a replacement that are not counted on their own. */
  readonly logical: boolean;
  readonly old?: Entry;
  readonly entry?: Entry;
  readonly difference?: Difference;
  /** Does it, and saves what came of it. The operation that it turned out to be, where that differs. */
  apply(): Promise<StepOp | undefined>;
}

/** The resource was made or changed and its state is saved, but it is not in order. */
export class PartialFailure extends Error {}
