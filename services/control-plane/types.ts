import type { IncomingMessage, ServerResponse } from "node:http";
/** What the parts of the control plane tell each other. */

/** A dyno's container, as Docker has it: which dyno of which app it is stands in its labels. */
export interface DynoContainer {
  /** Docker's id. */
  readonly container: string;
  readonly app: string;
  /** `web.1`; of a one-off dyno `run.1234`. */
  readonly dyno: string;
  /** The process type: `web`; of one-off dynos `run`, of release tasks `release`. */
  readonly type: string;
  /** The dyno's size, e.g. `free`. */
  readonly size: string;
  /** The Swarm service; undefined for one-off dynos and release tasks, which are plain containers. */
  readonly service: string | undefined;
  /** Docker's StartedAt in milliseconds since 1970; undefined: not started yet. */
  readonly startedAt: number | undefined;
  /** Docker's FinishedAt in milliseconds since 1970; undefined: it runs. */
  readonly finishedAt: number | undefined;
  readonly exitCode: number | undefined;
  readonly outOfMemory: boolean;
}

/**
 * What happened to a dyno's container. `found` and `lost`: seen, or missed, when all of Docker was read again. `paused`: its
 * processes were frozen; `resumed`: they go on.
 */
export interface DynoEvent {
  readonly kind: "started" | "ended" | "removed" | "found" | "lost" | "paused" | "resumed";
  readonly dyno: DynoContainer;
}

/** The sources of Logplex: what the app wrote, and what the platform says of it. */
export type LogSource = "app" | "heroku";

/** A line of an app's log. `2026-01-01T00:00:00.000000+00:00 <source>[<process>]: <text>` shows it. */
export interface LogLine {
  /** Microseconds since 1970. */
  readonly time: number;
  readonly source: LogSource;
  /** `web.1`, `router`, `api`, … */
  readonly process: string;
  /** Without a line break. */
  readonly text: string;
}

/** Takes lines of the platform's own: `heroku[web.1]: State changed from starting to up`, `app[api]: Release v3 created`. */
export interface LogSink {
  write(app: string, line: Omit<LogLine, "time"> & { readonly time?: number }): void;
}

/** One act at a time on an app: `up`, sleep, wake, restart. */
export interface AppLock {
  /**
   * @param what is shown to those who have to wait, e.g. "an up"
   * @throws when more than 10 wait already, or it took longer than 60 seconds to get the turn
   */
  run<T>(app: string, what: string, work: () => Promise<T>): Promise<T>;
  /** Whether somebody has the turn. */
  busy(app: string): boolean;
}

/** Milliseconds since 1970; tests move it. */
export type Clock = () => number;

/** Who did what: recorded with releases and activity. */
export interface Act {
  /** An e-mail address, or the user's name on the host. */
  readonly user: string;
  /** As Heroku words it: "Set GREETING config vars", "Scaled to web@2:Free". */
  readonly description: string;
}

/** Serves what is no part of the API; false: it is not its own. */
export type Aside = (request: IncomingMessage, response: ServerResponse) => boolean;
