import type { Dispatcher } from "../api/dispatcher.ts";
import type { Logs } from "../logs/ports.ts";
import type { Clock } from "../types.ts";
import type { AppState } from "./app-states.ts";
import type { LastReleases } from "./last-releases.ts";
import type { AppMetrics } from "./metrics/metrics.ts";

/** Something that was done to an app, or is being done. Times are milliseconds since 1970. */
export interface Activity {
  readonly id: number;
  readonly user: string;
  readonly description: string;
  readonly startedAt: number;
  /** Undefined: it goes on. */
  readonly endedAt: number | undefined;
  readonly result: "running" | "succeeded" | "failed";
  /** Why it failed. */
  readonly message: string | undefined;
  /** The end of what Pulumi printed. */
  readonly log: string | undefined;
}

/** What the dashboard asks of the control plane's other parts, besides the API, through which every act goes. */
export interface DashboardPorts {
  readonly dispatcher: Pick<Dispatcher, "dispatch">;
  readonly logs: Pick<Logs, "read" | "tail">;
  /** The newest first. */
  activity(app: string, limit?: number): readonly Activity[];
  /** What is printed by the change that an app is going through; empty: nothing, or there is none. */
  progress(app: string): Promise<string>;
  /** The states of those that have one. @param app only this one's @default every app's */
  states(app?: string): Promise<ReadonlyMap<string, AppState>>;

  readonly releases: Pick<LastReleases, "of" | "note">;
  readonly metrics: Pick<AppMetrics, "of">;
  /** Seconds that an app's dynos ran on each day of a month. */
  daily(app: string, month: string): readonly number[];
  /** Has the memory of an app's dynos seen now. */
  lookAtMemory(app: string): Promise<void>;
  /** Of the platform, for instructions. */
  readonly platform: { readonly domain: string; readonly apiPort: number; readonly httpsPort: number | null };
  readonly clock: Clock;
}
