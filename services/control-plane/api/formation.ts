import { scaleOf } from "../../../model/app/formation.ts";
import type { AppOutputs } from "../apps/outputs.ts";
import type { DeclaredApp } from "../apps/ports.ts";

/** A process type of an app. */
export interface Formation {
  readonly type: string;
  readonly quantity: number;
  /** As in the stack file. */
  readonly size: string;
  /** Empty when nothing was deployed yet. */
  readonly command: string;
}

/** What an app runs, `web` first: the types of its Procfile, with what its stack file says of them. */
export function formationOf(app: DeclaredApp, outputs: AppOutputs): Formation[] {
  const deployed = new Map(outputs.formation.map((entry) => [entry.type, entry]));
  const processes = outputs.releases.at(-1)?.processes ?? {};
  const types = new Set([...Object.keys(processes), ...deployed.keys(), ...Object.keys(app.formation)]);
  types.delete("release");
  return [...types].sort(webFirst).map((type) => ({
    type,
    ...scaleOf(type, app.formation[type]),
    command: deployed.get(type)?.command ?? processes[type] ?? "",
  }));
}

function webFirst(a: string, b: string): number {
  if (a === "web" || b === "web") return a === b ? 0 : a === "web" ? -1 : 1;
  return a < b ? -1 : 1;
}
