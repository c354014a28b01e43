/** When a name may be ordered again. Times are milliseconds since 1970. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Orders that may fail in an hour, one less than what authorities allow. */
const MOST = 4;

/** The longest wait between two orders of a name that fail and fail. */
const LONGEST_MS = HOUR_MS;

/**
 * @param failed when orders of the name failed, oldest first, without one that succeeded in between
 * @param changed whether its DNS has changed since the last, so that only the authority's limit is waited for
 */
export function mayOrderAt(failed: readonly number[], changed: boolean): number {
  const last = failed.at(-1);
  if (last === undefined) return 0;
  const oldest = failed.at(-MOST);
  const limit = oldest === undefined ? 0 : oldest + HOUR_MS;
  const patience = last + Math.min(MINUTE_MS * 2 ** (failed.length - 1), LONGEST_MS);
  return Math.max(limit, changed ? last : patience);
}

/** Those that still say something. */
export function recent(failed: readonly number[]): readonly number[] {
  return failed.slice(-12);
}

/** When an authority says that its limit is over: `retry after 2026-01-02 03:04:05 UTC`. */
export function retryAfter(text: string): number | undefined {
  const [, day, time] = /retry after (\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)/i.exec(text) ?? [];
  const at = day === undefined ? Number.NaN : Date.parse(`${day}T${time}Z`);
  return Number.isNaN(at) ? undefined : at;
}
