import type { Sample } from "./metrics.ts";

/** Samples of some minutes as one. `null`: nothing is known. */
export interface Slot {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly requests: number;
  readonly errors: number;
  readonly median: number | null;
  readonly p95: number | null;
  readonly memory: number | null;
}

const MINUTE_MS = 60_000;

/**
 * Evenly spaced slots up to now, empty ones too.
 *
 * @param minutes of each slot @param count of slots
 */
export function slots(samples: readonly Sample[], now: number, minutes: number, count: number): Slot[] {
  const length = minutes * MINUTE_MS;
  const first = Math.floor(now / length) * length - (count - 1) * length;
  const bySlot = Map.groupBy(samples, ({ at }) => Math.floor((at - first) / length));
  return Array.from({ length: count }, (_, index) => merge(first + index * length, bySlot.get(index) ?? []));
}

function merge(at: number, samples: readonly Sample[]): Slot {
  const sum = (of: (sample: Sample) => number) => samples.reduce((total, sample) => total + of(sample), 0);
  const requests = sum((sample) => sample.requests);
  const memory = samples.map((sample) => sample.memory).filter((bytes) => bytes !== null);
  return {
    at,
    requests,
    errors: sum((sample) => sample.errors),
    // By how many answers stand behind it.
    median: requests === 0 ? null : Math.round(sum((sample) => sample.median * sample.requests) / requests),
    p95: requests === 0 ? null : Math.max(...samples.map((sample) => sample.p95)),
    memory: memory.length === 0 ? null : Math.max(...memory),
  };
}
