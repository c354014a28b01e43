/** So many to each doubling: a percentile is off by a fiftieth at most, and by what a millisecond is of it. */
const STEPS = 20;

/** What came of one app in one minute, while it lasts. */
export class Minute {
  requests = 0;
  /** Answers of 500 and above. */
  errors = 0;
  /** Of the longest answer, in milliseconds. */
  longest = 0;
  readonly #times: number[] = [];

  /** @param time of the answer in milliseconds; undefined: it says nothing, like a WebSocket's */
  add(status: number, time: number | undefined): void {
    this.requests++;
    if (status >= 500) this.errors++;
    if (time === undefined) return;
    this.longest = Math.max(this.longest, time);
    const step = Math.floor(Math.log2(time + 1) * STEPS);
    this.#times[step] = (this.#times[step] ?? 0) + 1;
  }

  /** Within how many milliseconds this share of the answers came. */
  within(share: number): number {
    const all = this.#times.reduce((sum, count) => sum + count, 0);
    let left = all * share;
    for (const [step, count] of this.#times.entries()) {
      left -= count ?? 0;
      if (all > 0 && left <= 0) return Math.min(this.longest, Math.round(2 ** ((step + 0.5) / STEPS) - 1));
    }
    return 0;
  }
}

/**
 * Status and time of a request.
 *
 * @param record the router's line after time and app; see `requestText` of `logs/requests/request-line.ts`
 */
export function outcomeOf(record: string): { readonly status: number; readonly time: number | undefined } {
  const fields = record.split("\t");
  const status = Number(fields[9]);
  const seconds = Number.parseFloat(fields[8] ?? "");
  const known = status !== 101 && Number.isFinite(seconds);
  return { status: Number.isFinite(status) ? status : 0, time: known ? Math.round(seconds * 1000) : undefined };
}
