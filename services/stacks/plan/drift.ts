import type { Planned } from "./planned.ts";

/** Something that is not as it is declared. */
export interface Drift {
  readonly type: string;
  readonly name: string;
  /** The property; absent: it is about the whole thing. */
  readonly path?: string;
  readonly declared: string;
  readonly there: string;
  /** ISO 8601: when it was changed last, by whomever. Absent: nobody knows. */
  readonly changedAt?: string;
}

/** When Docker changed something last, by its id there. */
export type LastChange = (kind: "service" | "container", id: string) => Promise<string | undefined>;

const KINDS: Readonly<Record<string, "service" | "container">> = {
  "docker:index/service:Service": "service",
  "docker:index/container:Container": "container",
};

/** The `pulumi` command's option that has what is there read before it is compared. */
export const READ_AGAIN = "--refresh";

/**
 * Differences between what is declared and what is there, from a preview that has read it.
 *
 * @param lastChange asked where Docker may know
 */
export async function driftOf(planned: readonly Planned[], lastChange: LastChange): Promise<Drift[]> {
  const drift = planned.map(async (each) => {
    const kind = KINDS[each.type];
    const changedAt = kind === undefined || each.id === undefined ? undefined : await lastChange(kind, each.id);
    return rowsOf(each).map((row) => ({ ...row, ...(changedAt !== undefined && { changedAt }) }));
  });
  return (await Promise.all(drift)).flat();
}

function rowsOf({ act, type, name, differences }: Planned): Drift[] {
  if (act === "create") return [{ type, name, declared: "there is one", there: "missing" }];
  if (act === "delete") return [{ type, name, declared: "not declared", there: "there is one" }];
  if (differences.length === 0) return [{ type, name, declared: "as the program says", there: "another" }];
  return differences.map(({ path, is, was }) =>
    // What is compared outside of the state, such as the router's table, has no value there.
    ({ type, name, path, declared: is ?? "none", there: was === is ? "another" : (was ?? "none") }),
  );
}
