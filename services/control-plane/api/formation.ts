import type { DynoSizeName } from "../../../model/app/sizes.ts";
import type { AppOutputs } from "../apps/outputs.ts";
import type { DeclaredApp, DeclaredFormation } from "../apps/ports.ts";

/** A process type of an app. */
export interface Formation {
  readonly type: string;
  readonly quantity: number;
  /** As in the stack file. */
  readonly size: string;
  /** Empty when nothing was deployed yet. */
  readonly command: string;
}

/** Dynos that a type may have, which is what stack files allow. */
export const HIGHEST_QUANTITY = 100;

const DEFAULT_SIZE: DynoSizeName = "free";

/** What an app runs, `web` first: the types of its Procfile, with what its stack file says of them. */
export function formationOf(app: DeclaredApp, outputs: AppOutputs): Formation[] {
  const deployed = new Map(outputs.formation.map((entry) => [entry.type, entry]));
  const processes = outputs.releases.at(-1)?.processes ?? {};
  const types = new Set([...Object.keys(processes), ...deployed.keys(), ...Object.keys(app.formation)]);
  types.delete("release");
  return [...types].sort(webFirst).map((type) => ({
    type,
    ...declared(type, app.formation[type]),
    command: deployed.get(type)?.command ?? processes[type] ?? "",
  }));
}

/** What holds for a type of which the stack file says this, or nothing. */
export function declared(type: string, formation: DeclaredFormation | undefined): { quantity: number; size: string } {
  const absent = type === "web" ? 1 : 0;
  return {
    quantity: formation === undefined ? absent : (formation.quantity ?? 1),
    size: formation?.size ?? DEFAULT_SIZE,
  };
}

function webFirst(a: string, b: string): number {
  if (a === "web" || b === "web") return a === b ? 0 : a === "web" ? -1 : 1;
  return a < b ? -1 : 1;
}
