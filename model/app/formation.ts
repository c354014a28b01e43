import type { Problems } from "../../lib/validation/problems.ts";
import { integer } from "../../lib/validation/readers.ts";
import { DEFAULT_DYNO_SIZE, type DynoSizeName } from "./sizes.ts";

/** Dynos that a process type may have. */
export const MAX_QUANTITY = 100;

/** How many dynos of a process type, and of what size, as it is written. */
export interface Scale {
  readonly quantity?: number;
  /** E.g. `standard-1x`. */
  readonly size?: string;
}

/** What holds for a process type of which this is declared, or nothing: one free `web` dyno, and none of the others. */
export function scaleOf<S extends Scale>(
  type: string,
  declared: S | undefined,
): { readonly quantity: number; readonly size: NonNullable<S["size"]> | typeof DEFAULT_DYNO_SIZE } {
  const absent = type === "web" ? 1 : 0;
  return {
    quantity: declared === undefined ? absent : (declared.quantity ?? 1),
    size: declared?.size ?? DEFAULT_DYNO_SIZE,
  };
}

/** The dynos of one process type, as they are declared. */
export interface FormationEntry {
  readonly type: string;
  readonly quantity: number;
  readonly size: DynoSizeName;
  readonly command: string;
}

/**
 * What runs of each type of the Procfile, `release` excepted. Each declared type must be in the Procfile.
 */
export function formationOf(
  declared: Readonly<Record<string, FormationSettings>> = {},
  source: { readonly processes: Readonly<Record<string, string>> } | undefined,
  at: string,
  problems: Problems,
): FormationEntry[] {
  if (source === undefined) return [];
  const { processes } = source;
  const there = Object.keys(processes).join(", ") || "none";
  for (const type of Object.keys(declared)) {
    if (processes[type] !== undefined) continue;
    problems.add(`${at}.${type}`, `is no process type of the Procfile; it has ${there}`);
  }
  const types = Object.entries(processes).filter(([type]) => type !== "release");
  return types.map(([type, command]) => ({ type, ...scaleOf(type, declared[type]), command }));
}

export interface FormationSettings {
  /**
   * 0 to 100.
   * @default 1
   */
  readonly quantity?: number;
  /** @default "free" */
  readonly size?: DynoSizeName;
}

export const quantity = integer(0, MAX_QUANTITY);
