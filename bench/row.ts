/** Two things measured side by side in one run; only their ratio means anything on another machine. */
export interface Row {
  readonly name: string;
  readonly ours: number;
  /** What ours is held against. */
  readonly beside: string;
  readonly theirs: number;
  readonly unit: "s" | "ms" | "µs" | "MB" | "requests/s" | "lost";
  /** What must hold; a bench that does not keep to it fails. */
  readonly limit?: Limit;
}

/** One of these: at most so many times theirs, at least so many times, at most so much more than theirs, or ours at most. */
export type Limit = Readonly<Partial<Record<"ratio" | "least" | "more" | "ours", number>>>;

interface BenchOptions {
  /** How often is measured; each bench has its own number. */
  readonly rounds?: number | undefined;
}

/** A file of rows that share what they need. */
export type Bench = (say: (line: string) => void, options: BenchOptions) => Promise<readonly Row[]>;

/** Seconds that `work` takes. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** The least of the values that a share (0 to 1) of them does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Whether what must hold of a row does. */
export function holds({ ours, theirs, limit }: Row): boolean {
  if (limit?.ours !== undefined && !(ours <= limit.ours)) return false;
  if (limit?.more !== undefined && !(ours - theirs <= limit.more)) return false;
  if (limit?.least !== undefined && !(ours / theirs >= limit.least)) return false;
  return limit?.ratio === undefined || ours / theirs <= limit.ratio;
}

export function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.name,
    written(row.ours, row.unit),
    written(row.theirs, row.unit),
    row.theirs === 0 ? "" : (row.ours / row.theirs).toFixed(2),
    wanted(row),
    row.beside,
  ]);
  return columns([["", "ours", "beside", "ratio", "wanted", "beside what"], ...lines]);
}

/** Lines of cells below each other. */
export function columns(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  const padded = lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  return padded.map((line) => line.trimEnd()).join("\n");
}

function written(value: number, unit: Row["unit"]): string {
  return `${value.toFixed(unit === "lost" ? 0 : 2)} ${unit}`;
}

function wanted(row: Row): string {
  const { limit, unit } = row;
  if (limit === undefined) return "";
  const words = {
    ratio: `at most ratio ${limit.ratio}`,
    least: `at least ratio ${limit.least}`,
    more: `at most ${limit.more} ${unit} more`,
    ours: `at most ${limit.ours} ${unit}`,
  };
  const kind = Object.keys(limit)[0] as keyof Limit;
  return `${words[kind]}${holds(row) ? "" : ": FAILED"}`;
}
