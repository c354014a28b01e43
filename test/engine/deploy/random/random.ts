import fc from "fast-check";
import { cases } from "./faults.ts";
import type { Fault } from "./hand.ts";
import { Trial } from "./trial.ts";

export type { Fault };

interface RandomOptions {
  readonly seed: number;
  /** How many stacks. */
  readonly runs: number;
  /** Where in the seed's cases to begin: what a failure was told with. @default the first */
  readonly path?: string | undefined;
  /** Whether a failure is made smaller before it is told. @default false */
  readonly shrink?: boolean;
  /** Put in by hand. @default "none" */
  readonly fault?: Fault;
}

/** Tries random stacks. @throws Error with the case, its path, and (`cause`) what was not as it has to be */
export async function randomStacks({ seed, runs, path = "", shrink = false, fault }: RandomOptions): Promise<void> {
  await using trial = await Trial.start(fault);
  const property = fc.asyncProperty(cases, (given) => trial.run(given));
  await fc.assert(property, { seed, path, numRuns: runs, endOnFailure: !shrink });
}
