import { stripVTControlCharacters } from "node:util";

/** Lines that are shown of each reason. */
const LINES = 30;

/**
 * Why an `up` failed, in the words of whoever found it: the errors among the diagnostics that Pulumi prints at its end.
 *
 * @param log all that it printed
 * @returns lines; none when nothing says why
 */
export function reasonsOf(log: string): string[] {
  const lines = stripVTControlCharacters(log).split("\n");
  const start = lines.findIndex((line) => line.trimEnd() === "Diagnostics:");
  if (start < 0) return [];
  const reasons: string[] = [];
  let taken = 0;
  for (const line of lines.slice(start + 1)) {
    // The next part: outputs, counts.
    if (/^\S/.test(line)) break;
    const error = /^ {4}error: (?!(?:update|preview) failed$)(.*)$/.exec(line)?.[1];
    if (error !== undefined) {
      reasons.push(error);
      taken = 1;
    } else if (!/^ {4}/.test(line) || /^ {4}\w+: /.test(line)) {
      taken = 0;
    } else if (taken > 0 && taken < LINES) {
      reasons.push(line.slice(4));
      taken++;
    }
  }
  return reasons;
}
