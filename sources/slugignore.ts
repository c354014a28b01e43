import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ignore from "ignore";
import type { SourceProblems } from "./problems.ts";

/** Wildcards in a pattern, and milliseconds for all patterns on all files: some take for ever, and others wait. */
const MOST_WILDCARDS = 4;
const MATCHING_MS = 10_000;

/**
 * What an app's `.slugignore` leaves out, by Heroku's rules: patterns as in .gitignore, but none with `!`.
 * The returned function takes a path relative to the root; a folder's ends in a slash.
 */
export function readSlugignore(root: string, problems: SourceProblems): (path: string) => boolean {
  const text = readRegular(join(root, ".slugignore"), problems);
  if (text === undefined) return () => false;
  const lines = text.split(/\r?\n/).map((line, index) => {
    const where = `.slugignore:${index + 1}`;
    if (line.startsWith("!")) {
      problems.add(where, "a pattern that begins with ! means nothing here; name only what to leave out");
    }
    if ((line.match(/\*+/g)?.length ?? 0) <= MOST_WILDCARDS || line.startsWith("#")) return line;
    problems.add(where, `a pattern has ${MOST_WILDCARDS} wildcards (*) at most; write a shorter one`);
    return "";
  });
  const patterns = ignore({ ignorecase: false }).add(lines);
  let spent = 0;
  return (path) => {
    if (spent > MATCHING_MS) return false;
    const started = performance.now();
    const ignored = patterns.ignores(path);
    spent += performance.now() - started;
    if (spent > MATCHING_MS)
      problems.add(".slugignore", "takes too long on this many files; write fewer or simpler patterns");
    return ignored;
  };
}

/** What a link leads to may be no file, or have no end. */
function readRegular(file: string, problems: SourceProblems): string | undefined {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (stats.isFile()) return readFileSync(file, "utf8");
  problems.add(".slugignore", "is no plain file; put the file itself in its place");
  return undefined;
}
