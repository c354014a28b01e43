/** What is done to a stack, and what goes wrong while it is. */
import fc from "fast-check";
import type { DeploymentOptions } from "../../../../engine/src/deploy/types.ts";
import type { DiskFault } from "./disk.ts";
import type { CallFault } from "./land.ts";
import { edits, type Program, programs, size } from "./programs.ts";

/** One run of the engine. */
export interface Act {
  /** Which of the case's programs. */
  readonly program: number;
  readonly kind: DeploymentOptions["kind"];
  readonly dryRun: boolean;
  readonly refresh: boolean;
  readonly runProgram: boolean;
  readonly continueOnError: boolean;
  readonly parallel: number;
  readonly aim:
    | { readonly by: "targets" | "excludes"; readonly chosen: readonly number[]; readonly dependents: boolean }
    | undefined;
  readonly calls: readonly CallFault[];
  readonly disk: DiskFault | undefined;
  /** A thing that goes behind the engine's back before it. */
  readonly lost: number | undefined;
  /** One that is changed. */
  readonly drifted: number | undefined;
}

export interface Case {
  readonly programs: readonly Program[];
  readonly acts: readonly Act[];
  readonly last: Program;
  /** What is done in the end, when all is as the last program says. */
  readonly ending: "again" | "destroy";
}

function maybe<T>(arbitrary: fc.Arbitrary<T>, never: number): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: never, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

const places = fc.nat(size - 1);

const calls: fc.Arbitrary<CallFault> = fc
  .record({
    operation: fc.constantFrom<CallFault["operation"][]>(
      "create",
      "create",
      "update",
      "update",
      "delete",
      "delete",
      "read",
      "recover",
    ),
    place: places,
    renamed: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    mode: fc.constantFrom<CallFault["mode"][]>(
      "refuse",
      "refuse",
      "hide",
      "partial",
      "cutBefore",
      "cutAfter",
      "cutAfter",
      "cancel",
    ),
  })
  .map(({ place, renamed, ...call }) => ({ ...call, name: `r${place}${renamed ? "b" : ""}` }));

const disk: fc.Arbitrary<DiskFault> = fc.record({
  kind: fc.constantFrom<DiskFault["kind"][]>("cut", "cut", "full", "readOnly"),
  at: fc.nat(100),
});

const acts: fc.Arbitrary<Act> = fc.record({
  program: fc.nat(1),
  kind: fc.constantFrom<Act["kind"][]>(
    "update",
    "update",
    "update",
    "update",
    "update",
    "update",
    "refresh",
    "destroy",
  ),
  dryRun: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  refresh: fc.oneof({ weight: 2, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  runProgram: fc.boolean(),
  continueOnError: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  parallel: fc.constantFrom(1, 8, 8),
  aim: maybe(
    fc.record({
      by: fc.constantFrom("targets" as const, "excludes" as const),
      chosen: fc.uniqueArray(places, { minLength: 1, maxLength: 2 }),
      dependents: fc.boolean(),
    }),
    4,
  ),
  calls: fc.array(calls, { maxLength: 3 }),
  disk: maybe(disk, 2),
  lost: maybe(places, 6),
  drifted: maybe(places, 6),
});

export const cases: fc.Arbitrary<Case> = fc
  .tuple(programs, edits, edits, fc.array(acts, { minLength: 1, maxLength: 3 }), fc.constantFrom("again", "destroy"))
  .map(([first, second, last, list, ending]) => {
    return { programs: [first, second(first)], acts: list, last: last(first), ending };
  });
