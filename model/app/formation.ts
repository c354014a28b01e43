import type { Problems } from "../../lib/validation/problems.ts";
import type { FormationSettings } from "./settings.ts";
import type { DynoSizeName } from "./sizes.ts";

/** The dynos of one process type, as they are declared. */
export interface FormationEntry {
  readonly type: string;
  readonly quantity: number;
  readonly size: DynoSizeName;
  readonly command: string;
}

/**
 * What runs of each type of the Procfile, `release` excepted: one free `web` dyno where nothing is declared, and none
 * of the others. Each declared type must be in the Procfile.
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
  return types.map(([type, command]) => {
    const { quantity = 1, size = "free" } = declared[type] ?? (type === "web" ? {} : { quantity: 0 });
    return { type, quantity, size, command };
  });
}
