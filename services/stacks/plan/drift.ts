import type { Planned } from "./planned.ts";

/** Something that is not as it is declared. */
export interface Drift {
  readonly type: string;
  readonly name: string;
  /** The property; absent: it is about the whole thing. */
  readonly path?: string;
  readonly declared: string;
  readonly there: string;
}

/** The `pulumi` command's option that has what is there read before it is compared. */
export const READ_AGAIN = "--refresh";

/** Differences between what is declared and what is there, from a preview that has read it. */
export function driftOf(planned: readonly Planned[]): Drift[] {
  return planned.flatMap(({ act, type, name, differences }): Drift[] => {
    if (act === "create") return [{ type, name, declared: "there is one", there: "missing" }];
    if (act === "delete") return [{ type, name, declared: "not declared", there: "there is one" }];
    if (differences.length === 0) return [{ type, name, declared: "as the program says", there: "another" }];
    return differences.map(({ path, is, was }) =>
      // What is compared outside of the state, such as the router's table, has no value there.
      ({ type, name, path, declared: is ?? "none", there: was === is ? "another" : (was ?? "none") }),
    );
  });
}
