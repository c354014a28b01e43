import { type Html, html } from "../web/html.ts";

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
] as const;

/** `5 minutes ago`, with the exact time for those who ask for it. @param time ISO 8601, or milliseconds since 1970 */
export function ago(time: string | number, now: number): Html {
  const at = new Date(time);
  const seconds = Math.max(0, (now - at.getTime()) / 1000);
  const unit = UNITS.find(([, length]) => seconds >= length);
  const text = unit === undefined ? "just now" : `${count(Math.floor(seconds / unit[1]), unit[0])} ago`;
  return html`<time datetime="${at.toISOString()}" title="${exact(at)}">${text}</time>`;
}

/** `1 Jan 2026, 13:05:09 UTC` */
export function exact(at: Date): string {
  const date = at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  return `${date}, ${at.toISOString().slice(11, 19)} UTC`;
}

/** `1 dyno`, `2 dynos` */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** `12.5 s`, `3 min 20 s` @param milliseconds */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** `412 MB` */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2).toLocaleString("en")} MB`;
}

/** `12.4`, `0.05` @param seconds */
export function hours(seconds: number): string {
  return (seconds / 3600).toLocaleString("en", { maximumFractionDigits: seconds < 3600 ? 2 : 1 });
}

/** The first seven digits of a commit. */
export function shortCommit(commit: string | null | undefined): string | undefined {
  return commit === null || commit === undefined || commit === "" ? undefined : commit.slice(0, 7);
}
