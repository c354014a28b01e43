import { alternatives } from "../../../lib/validation/problems.ts";
import { DYNO_SIZE_NAMES, type DynoSizeName } from "../../../model/app/sizes.ts";
import { invalid } from "./errors.ts";

/** A size as Heroku shows it: `Free`, `Standard-1X`. */
export function shownSize(size: string): string {
  return size
    .split("-")
    .map((part) => (/^\d/.test(part) ? part.toUpperCase() : part.charAt(0).toUpperCase() + part.slice(1)))
    .join("-");
}

/** The size of this name, however it is written. */
export function readSize(value: unknown): DynoSizeName {
  const name = typeof value === "string" ? value.toLowerCase() : "";
  const found = DYNO_SIZE_NAMES.find((size) => size === name);
  if (found !== undefined) return found;
  throw invalid(
    "size",
    `${JSON.stringify(value)} is not a dyno size; use ${alternatives(DYNO_SIZE_NAMES.map(shownSize))}.`,
  );
}
