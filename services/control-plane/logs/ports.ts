import type { LogLine, LogSink } from "../types.ts";

export interface LogFilter {
  readonly source?: string;
  /** `web.1`, or a process type. */
  readonly dyno?: string;
}

/** A line that the buffer has. */
export interface StoredLine extends LogLine {
  /** Grows from line to line of an app. */
  readonly id: number;
}

export interface Drain {
  readonly id: string;
  readonly url: string;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface Logs extends LogSink {
  /** The newest lines, the oldest of them first; with `after` only those that came later than that one. */
  read(app: string, filter: LogFilter & { readonly lines: number; readonly after?: number }): readonly StoredLine[];
  /** Calls the listener for each new line until disposed. */
  tail(app: string, filter: LogFilter, listener: (line: StoredLine) => void): Disposable;
  drains(app: string): readonly Drain[];
  /** @throws UserError for a URL that no drain can have */
  addDrain(app: string, url: string): Drain;
  /** @returns whether there was one with this id, URL or token */
  removeDrain(app: string, which: string): boolean;
}
