/** What commands print, in the words and the layout of Heroku's own command line. */

/**
 * `Scaling dynos... done, now running web at 2:Free`: what goes on, and then how it ended. It goes to standard error,
 * so that standard output has only what was asked for.
 *
 * @param end what follows "done"
 */
export async function action<T>(
  text: string,
  work: () => Promise<T>,
  end: (result: T) => string = () => "",
): Promise<T> {
  process.stderr.write(`${text}... `);
  try {
    const result = await work();
    process.stderr.write(`done${end(result)}\n`);
    return result;
  } catch (error) {
    process.stderr.write("!\n");
    throw error;
  }
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** ` ›   Warning: …`, on standard error. */
export function warn(text: string): void {
  process.stderr.write(` ›   Warning: ${text}\n`);
}

/** Rows with columns under each other, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}

/** `NAME: value` lines, the values under each other. */
export function variables(values: Readonly<Record<string, string>>): string {
  return table(Object.entries(values).map(([name, value]) => [`${name}:`, value]));
}

/** `2026/01/02 03:04:05 +0000 (~ 5s ago)`, in the user's own time zone. */
export function timeAgo(iso: string, now = Date.now()): string {
  const time = new Date(iso);
  const two = (value: number) => String(Math.abs(value)).padStart(2, "0");
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("/");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  const offset = -time.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.trunc(offset / 60))}${two(offset % 60)}`;
  return `${day} ${clock} ${zone}${ago(Math.floor((now - time.getTime()) / 1000))}`;
}

/** Nothing for what is older than 25 hours. */
function ago(seconds: number): string {
  if (seconds < 60) return ` (~ ${Math.max(0, seconds)}s ago)`;
  if (seconds < 3600) return ` (~ ${Math.floor(seconds / 60)}m ago)`;
  return seconds < 25 * 3600 ? ` (~ ${Math.floor(seconds / 3600)}h ago)` : "";
}

/** `12h 30m` */
export function hours(seconds: number): string {
  return `${Math.floor(seconds / 3600)}h ${Math.floor((seconds % 3600) / 60)}m`;
}
