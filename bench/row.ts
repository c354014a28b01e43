/** Two things measured side by side in one run; only their ratio means anything on another machine. */
export interface Row {
  readonly name: string;
  readonly ours: number;
  /** What ours is held against. */
  readonly beside: string;
  readonly theirs: number;
  readonly unit: "s" | "ms" | "µs" | "requests/s";
}

/** A file of rows that share what they need. */
export type Bench = (say: (line: string) => void) => Promise<readonly Row[]>;

/** Seconds that `work` takes. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ name, ours, beside, theirs, unit }) => [
    name,
    `${ours.toFixed(2)} ${unit}`,
    `${theirs.toFixed(2)} ${unit}`,
    (ours / theirs).toFixed(2),
    beside,
  ]);
  const all = [["", "ours", "beside", "ratio", "beside what"], ...lines];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? [];
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
