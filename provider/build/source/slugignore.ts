import { readFileSync } from "node:fs";
import { join } from "node:path";
import ignore from "ignore";
import type { SourceProblems } from "./problems.ts";

/**
 * What an app's `.slugignore` leaves out, by Heroku's rules: patterns as in .gitignore, but none with `!`.
 * The returned function takes a path relative to the root; a folder's ends in a slash.
 */
export function readSlugignore(root: string, problems: SourceProblems): (path: string) => boolean {
  let text: string;
  try {
    text = readFileSync(join(root, ".slugignore"), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return () => false;
    throw error;
  }
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.startsWith("!")) {
      problems.add(
        `.slugignore:${index + 1}`,
        "a pattern that begins with ! means nothing here; name only what to leave out",
      );
    }
  });
  const patterns = ignore({ ignorecase: false }).add(text);
  return (path) => patterns.ignores(path);
}
