import { readFileSync, realpathSync } from "node:fs";
import { join, relative } from "node:path";
import type { SourceProblems } from "./problems.ts";
import type { SourceTree } from "./tree.ts";

/** Whether a tree has a file, or a link that is to be one. */
export function hasFile(tree: SourceTree, path: string): boolean {
  return tree.entries.some((entry) => entry.path === path) || fileOf(tree, path) !== undefined;
}

/**
 * The text of one of the files that say how an app is built; undefined when it is not there.
 * Problems: a link to what is no file of the tree, or not UTF-8.
 */
export function readText(tree: SourceTree, path: string, problems: SourceProblems): string | undefined {
  const bytes = readBytes(tree, path, problems);
  if (bytes === undefined) return undefined;
  const text = bytes.toString("utf8");
  if (text.includes("\0") || !Buffer.from(text).equals(bytes)) {
    problems.add(path, "is not UTF-8 text; save it in that encoding (PowerShell: | Out-File -Encoding utf8)");
    return undefined;
  }
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** The bytes that a file of the tree has, or a link leads to; problems as those of {@link readText}. */
export function readBytes(tree: SourceTree, path: string, problems: SourceProblems): Buffer | undefined {
  const file = fileOf(tree, path);
  if (file !== undefined) return readFileSync(join(tree.root, file));
  const link = tree.entries.find((entry) => entry.path === path);
  if (link)
    problems.add(path, `is a link to ${link.target}, which is no file of the source; put the file in its place`);
  return undefined;
}

/**
 * The file that a path means, through links of files and folders. Only what the tree lists counts: links may lead one
 * another out of it.
 */
function fileOf(tree: SourceTree, path: string): string | undefined {
  const kindOf = (path: string) => tree.entries.find((entry) => entry.path === path)?.kind;
  const kind = kindOf(path);
  if (kind === "file" || kind === "executable") return path;
  const ways = path.split("/").map((_, index, parts) => parts.slice(0, index + 1).join("/"));
  if (!ways.some((way) => kindOf(way) === "link")) return undefined;
  try {
    const real = relative(realpathSync(tree.root), realpathSync(join(tree.root, path)));
    return kindOf(real) === undefined || kindOf(real) === "link" ? undefined : real;
  } catch {
    return undefined; // leads nowhere, or in a circle
  }
}
