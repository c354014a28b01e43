/** A calendar month in UTC, as `2026-01`. */
export type Month = string;

/** @param time milliseconds since 1970 */
export function monthOf(time: number): Month {
  return new Date(time).toISOString().slice(0, 7);
}

/** Its first moment and that of the next one, in milliseconds since 1970. */
export function boundsOf(month: Month): { readonly from: number; readonly to: number } {
  const [, year, index] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month) ?? [];
  if (year === undefined) throw new Error(`not a month: ${month}; write it as 2026-01`);
  return { from: Date.UTC(Number(year), Number(index) - 1), to: Date.UTC(Number(year), Number(index)) };
}

/** `January 2026` */
export function monthName(month: Month): string {
  const { from } = boundsOf(month);
  return new Intl.DateTimeFormat("en-US", { month: "long", year: "numeric", timeZone: "UTC" }).format(from);
}
