import { type Html, html } from "../../web/html.ts";
import type { ApiRelease } from "../answers.ts";
import { path } from "../api.ts";
import { ago, duration } from "../format.ts";
import type { Activity } from "../ports.ts";

/** A release, or an act that made none. Times are milliseconds since 1970. */
type TimelineEntry =
  | { readonly at: number; readonly release: ApiRelease }
  | { readonly at: number; readonly activity: Activity };

/** Milliseconds that a release may be older than the act that made it: its number comes before the end of the `up`. */
const SLACK_MS = 60_000;

/** What happened to an app, the newest first: each release once, and what made none. */
export function timeline(releases: readonly ApiRelease[], activities: readonly Activity[]): TimelineEntry[] {
  const made = releases.map((release) => ({ at: Date.parse(release.created_at), release }));
  const others = activities
    .filter((activity) => !made.some(({ at, release }) => isOf(release, at, activity)))
    .map((activity) => ({ at: activity.startedAt, activity }));
  return [...made, ...others].sort((a, b) => b.at - a.at);
}

function isOf({ description }: ApiRelease, at: number, activity: Activity): boolean {
  if (activity.result !== "succeeded" || activity.description !== description) return false;
  return at >= activity.startedAt - 1000 && at <= (activity.endedAt ?? at) + SLACK_MS;
}

export function newestFirst(releases: readonly ApiRelease[]): ApiRelease[] {
  return releases.toSorted((a, b) => b.version - a.version);
}

/** One line of it. */
export function timelineRow(app: string, entry: TimelineEntry, now: number): Html {
  if ("release" in entry) {
    const { version, description, user, current, created_at: time } = entry.release;
    return html`<li><div class="grow"><a class="title" href="${path`/apps/${app}/releases/${version}`}">v${version}</a> ${description}<br><span class="soft small">${user.email} · ${ago(time, now)}</span></div>${current && html`<span class="badge good">current</span>`}</li>`;
  }
  const { description, user, startedAt, endedAt, result, id } = entry.activity;
  const shown =
    result === "failed"
      ? html`<a class="title" href="${path`/apps/${app}/activity/${id}`}">${description}</a>`
      : description;
  return html`<li><div class="grow">${shown}<br><span class="soft small">${user} · ${ago(startedAt, now)}${endedAt !== undefined && endedAt - startedAt >= 1000 && ` · took ${duration(endedAt - startedAt)}`}</span></div>${outcome(result)}</li>`;
}

function outcome(result: Activity["result"]): Html | undefined {
  if (result === "running") return html`<span class="badge busy">running</span>`;
  if (result === "failed") return html`<span class="badge bad">failed</span>`;
  return undefined;
}
