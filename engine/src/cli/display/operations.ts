/** How steps are named. */
import type { StepOp } from "../../deploy/types.ts";
import type { Style } from "../terminal.ts";

interface OperationWords {
  /** Three characters before a step's line. */
  readonly sign: string;
  readonly style: Style | undefined;
  /** In a preview, while it runs, when it is done. */
  readonly planned: string;
  readonly running: string;
  readonly done: string;
  /** In the count at the end; undefined: not counted. */
  readonly counted?: { readonly sign: string; readonly planned: string; readonly done: string };
}

const words = (
  sign: string,
  style: Style | undefined,
  [planned, running, done]: readonly [string, string, string],
  counted?: readonly [sign: string, planned: string, done: string],
): OperationWords => ({
  sign,
  style,
  planned,
  running,
  done,
  ...(counted === undefined ? {} : { counted: { sign: counted[0], planned: counted[1], done: counted[2] } }),
});

/** In the order in which they are counted. */
export const OPERATIONS: Readonly<Record<StepOp, OperationWords>> = {
  create: words(" + ", "green", ["create", "creating", "created"], ["+ ", "to create", "created"]),
  update: words(" ~ ", "yellow", ["update", "updating", "updated"], ["~ ", "to update", "updated"]),
  delete: words(" - ", "red", ["delete", "deleting", "deleted"], ["- ", "to delete", "deleted"]),
  replace: words(" +-", "magenta", ["replace", "replacing", "replaced"], ["+-", "to replace", "replaced"]),
  "create-replacement": words(" ++", "green", ["create replacement", "creating replacement", "created replacement"]),
  "delete-replaced": words(" --", "red", ["delete original", "deleting original", "deleted original"]),
  read: words(" > ", undefined, ["read", "reading", "read"], ["> ", "to read", "read"]),
  "read-replacement": words(" >>", undefined, [
    "read for replacement",
    "reading for replacement",
    "read for replacement",
  ]),
  refresh: words(" ~ ", undefined, ["refreshing", "refreshing", "refresh"]),
  discard: words(" < ", "red", ["discard", "discarding", "discarded"], ["< ", "to discard", "discarded"]),
  "discard-replaced": words(" <<", "red", ["discard original", "discarding original", "discarded original"]),
  "remove-pending-replace": words("   ", undefined, [
    "completing deletion",
    "completing deletion",
    "completed deletion",
  ]),
  import: words(" = ", "green", ["import", "importing", "imported"], ["= ", "to import", "imported"]),
  "import-replacement": words(" =>", "green", ["import replacement", "importing replacement", "imported replacement"]),
  same: words("   ", undefined, ["", "", ""]),
};
