import type { PropertyValue } from "../../src/values/values.ts";
import type { PropertyOptions } from "../bridge/index.ts";
import { text } from "./values.ts";

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** Nanoseconds of a duration as Go writes it ("1m30s", "500ms"); undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  let total = 0;
  const part = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/y;
  for (let at = 0; at < text.length; at = part.lastIndex) {
    part.lastIndex = at;
    const found = part.exec(text);
    if (!found) return undefined;
    total += Number(found[1]) * (UNITS[found[2] ?? ""] ?? Number.NaN);
  }
  return text === "" ? undefined : Math.round(total);
}

/** Nanoseconds of a checked property; none is 0. */
export function nanoseconds(value: PropertyValue | undefined): number {
  return parseDuration(text(value)) ?? 0;
}

/** A duration the way the real provider's state has it: "1m", "1.5s", "100ms", "0s". */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < 1e9) {
    const [unit, size] = nanoseconds >= 1e6 ? ["ms", 1e6] : nanoseconds >= 1e3 ? ["µs", 1e3] : ["ns", 1];
    return `${nanoseconds / Number(size)}${unit}`;
  }
  const hours = Math.floor(nanoseconds / 3600e9);
  const minutes = Math.floor((nanoseconds % 3600e9) / 60e9);
  const seconds = (nanoseconds % 60e9) / 1e9;
  const parts = [hours && `${hours}h`, minutes && `${minutes}m`, seconds && `${seconds}s`];
  return parts.filter(Boolean).join("");
}

/** For properties that are durations: two spellings of one are no change, and "0s" is as good as none. */
export const duration: PropertyOptions = {
  check: (value) =>
    parseDuration(String(value)) === undefined
      ? `must be a duration such as 30s, 1m30s or 500ms, not ${JSON.stringify(value)}`
      : undefined,
  same: (left, right) => (parseDuration(left) ?? 0) === (parseDuration(right) ?? 0),
};
