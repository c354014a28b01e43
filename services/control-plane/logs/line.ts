import type { LogLine } from "../types.ts";

/** A line that the buffer has, or that was just put there. */
export interface StoredLine extends LogLine {
  /** Grows from line to line; where a reader that was cut off goes on. */
  readonly id: number;
}

/** Which lines of an app's log are wanted; what is not named is not asked for. */
export interface LogFilter {
  /** `app` or `heroku`. */
  readonly source?: string;
  /** A dyno, `web.1`, or all of a type, `web`; `router` and `api` too. */
  readonly dyno?: string;
  /** All dynos of a process type: `web`. */
  readonly type?: string;
}

/** Whether a filter wants a line. */
export function matches({ source, dyno, type }: LogFilter, line: Pick<LogLine, "source" | "process">): boolean {
  if (source !== undefined && line.source !== source) return false;
  if (dyno !== undefined && line.process !== dyno && !isOfType(line.process, dyno)) return false;
  return type === undefined || isOfType(line.process, type);
}

function isOfType(process: string, type: string): boolean {
  return process.length > type.length && process[type.length] === "." && process.startsWith(type);
}

/** A line as Heroku shows it: `2026-01-01T00:00:00.000000+00:00 app[web.1]: text`. */
export function format({ time, source, process, text }: LogLine): string {
  return `${timestamp(time)} ${source}[${process}]: ${text}`;
}

let lastSecond = Number.NaN;
let lastText = "";

/** Microseconds since 1970 as `2026-01-01T00:00:00.000000+00:00`. */
export function timestamp(time: number): string {
  const second = Math.floor(time / 1e6);
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = new Date(second * 1000).toISOString().slice(0, 19);
  }
  return `${lastText}.${String(Math.floor(time - second * 1e6)).padStart(6, "0")}+00:00`;
}
