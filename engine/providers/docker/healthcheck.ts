import type { HealthConfig } from "dockerode";
import type { PropertyMap } from "../../src/values/values.ts";
import { atLeast, int, list, type Properties, string } from "../bridge/index.ts";
import { duration, formatDuration, nanoseconds } from "./durations.ts";
import { number, strings } from "./values.ts";

/** A health check as containers and services have it; a container's has `startInterval` besides. */
export const healthcheckProperties: Properties = {
  tests: list("string", { tf: "test" }),
  interval: string({ default: "0s", ...duration }),
  timeout: string({ default: "0s", ...duration }),
  startPeriod: string({ default: "0s", ...duration }),
  retries: int({ check: atLeast(0) }),
};

/** A health check for Docker's API. */
export function toHealthcheck(check: PropertyMap): HealthConfig {
  const startInterval = nanoseconds(check.startInterval);
  return {
    Test: strings(check.tests),
    Interval: nanoseconds(check.interval),
    Timeout: nanoseconds(check.timeout),
    StartPeriod: nanoseconds(check.startPeriod),
    Retries: number(check.retries),
    ...(startInterval > 0 && { StartInterval: startInterval }),
  };
}

/** A health check as Docker's API gives it back. */
export function fromHealthcheck(check: HealthConfig | null | undefined): PropertyMap {
  return {
    tests: check?.Test ?? [],
    interval: formatDuration(check?.Interval ?? 0),
    timeout: formatDuration(check?.Timeout ?? 0),
    startPeriod: formatDuration(check?.StartPeriod ?? 0),
    startInterval: formatDuration(check?.StartInterval ?? 0),
    retries: check?.Retries ?? 0,
  };
}
