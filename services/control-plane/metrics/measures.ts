import type { AppFollower, AppNames } from "../apps/followers.ts";
import { requestOutcome } from "../logs/requests/outcome.ts";
import { Tallies } from "./tally.ts";

/** Seconds. OpenTelemetry's for HTTP, and the 30 after which the router gives a request up. */
const REQUEST_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30];
const WAKE_BOUNDS = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60];
const DEPLOYMENT_BOUNDS = [5, 10, 20, 30, 60, 120, 300, 600, 1200];

type Result = "succeeded" | "failed";

/**
 * Counts what is told once only, from the start of the process on. It knows nothing of Prometheus: that is loaded by
 * whoever asks first.
 */
export class Measures implements AppFollower {
  /** `class`: `2xx`. `code`: the router's own, e.g. `H12`, or empty. */
  readonly requests = new Tallies<{ readonly class: string; readonly code: string }>(REQUEST_BOUNDS);
  readonly wakes = new Tallies<{ readonly result: Result }>(WAKE_BOUNDS);
  readonly deployments = new Tallies<{ readonly result: Result }>(DEPLOYMENT_BOUNDS);

  /** A request was answered. @param record as the router wrote it */
  request(app: string, record: string): void {
    const { code, status, seconds } = requestOutcome(record);
    this.requests.add(app, { class: classOf(status), code }, seconds);
  }

  /** An app that slept serves again, or could not be woken. */
  woken(app: string, result: Result, seconds: number): void {
    this.wakes.add(app, { result }, seconds);
  }

  /** A commit was deployed, or was not. */
  deployed(app: string, result: Result, seconds: number): void {
    this.deployments.add(app, { result }, seconds);
  }

  making({ name }: AppNames): void {
    this.gone({ name });
  }

  renamed({ name }: AppNames, to: string): void {
    for (const tallies of this.#all) tallies.rename(name, to);
  }

  gone({ name }: Pick<AppNames, "name">): void {
    for (const tallies of this.#all) tallies.forget(name);
  }

  get #all() {
    return [this.requests, this.wakes, this.deployments];
  }
}

/** An app may answer with any number of three digits; what it makes of that is no label. */
function classOf(status: number): string {
  return status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : "other";
}
