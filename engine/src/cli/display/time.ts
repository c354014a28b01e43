/** Times as people say them. */

const UNITS: readonly [seconds: number, name: string][] = [
  [365 * 86_400, "year"],
  [30 * 86_400, "month"],
  [7 * 86_400, "week"],
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** "5 minutes ago". */
export function ago(time: Date, now = new Date()): string {
  const seconds = Math.floor((now.getTime() - time.getTime()) / 1000);
  for (const [size, name] of UNITS) {
    const count = Math.floor(seconds / size);
    if (count > 0) return `${count} ${name}${count === 1 ? "" : "s"} ago`;
  }
  return "now";
}

/** The length of a step: "0.05s", "12s", "2m5s". */
export function stepDuration(milliseconds: number): string {
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(2)}s`;
  return roundDuration(milliseconds);
}

/** The length of an operation in whole seconds, at least one. */
export function roundDuration(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
