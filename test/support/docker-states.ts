import { readFileSync } from "node:fs";
import type { PropertyMap } from "../../engine/src/values/values.ts";

/** States that the real docker plugin 5.2.0 wrote: right after creates and no-op updates, and after a refresh. */
export interface RecordedState {
  readonly type: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
}

interface Recorded {
  readonly created: Readonly<Record<"net" | "bnet" | "vol" | "svc" | "ctr", RecordedState>>;
  readonly refreshed: Readonly<Record<"dynos" | "web.1-abc" | "router", RecordedState>>;
  readonly image: RecordedState;
}

export const recorded: Recorded = JSON.parse(
  readFileSync(new URL("../fixtures/docker-states.json", import.meta.url), "utf8"),
);

/** What the program had said: the recorded inputs without what the provider's check added. */
export function programOf(inputs: PropertyMap): PropertyMap {
  const { __defaults: defaults, ...rest } = inputs;
  const added = Array.isArray(defaults) ? defaults : [];
  return Object.fromEntries(
    Object.entries(rest)
      .filter(([key]) => !added.includes(key))
      .map(([key, value]) => [key, withoutAdded(value)]),
  );
}

function withoutAdded(value: PropertyMap[string]): PropertyMap[string] {
  if (Array.isArray(value)) return value.map(withoutAdded);
  return typeof value === "object" && value !== null ? programOf(value as PropertyMap) : value;
}
