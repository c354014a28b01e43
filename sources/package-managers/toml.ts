import { parse, type TomlTable } from "smol-toml";
import { messageOf } from "../../lib/errors.ts";
import type { SourceProblems } from "../problems.ts";
import { readText } from "../text.ts";
import type { SourceTree } from "../tree.ts";

/**
 * Reads a TOML file of a tree; undefined when it is not there. Problem: it is no TOML.
 *
 * @param mend what to do about that
 */
export function readToml(
  tree: SourceTree,
  path: string,
  mend: string,
  problems: SourceProblems,
): TomlTable | undefined {
  const text = readText(tree, path, problems);
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch (error) {
    const message = messageOf(error);
    const line = error instanceof Error && "line" in error && typeof error.line === "number" ? `:${error.line}` : "";
    const [first = ""] = message.split("\n");
    problems.add(`${path}${line}`, `is no TOML (${first.replace(/^Invalid TOML document: /, "")}); ${mend}`);
    return undefined;
  }
}

export function isTable(value: unknown): value is TomlTable {
  return isRecord(value) && !(value instanceof Date);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
