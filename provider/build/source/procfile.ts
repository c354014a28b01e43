import { quote, type SourceProblems } from "./problems.ts";
import { readText } from "./text.ts";
import type { SourceTree } from "./tree.ts";

const LINE = /^([A-Za-z][A-Za-z0-9_-]{0,29})\s*:\s*(.*)$/;

/** Process types to their commands, in the Procfile's order. */
export type Processes = Readonly<Record<string, string>>;

/** Reads a tree's Procfile: what the app runs. Problems: none there, or no good one. */
export function readProcfile(tree: SourceTree, problems: SourceProblems): Processes {
  const text = readText(tree, "Procfile", problems);
  if (text !== undefined) return parseProcfile(text, problems);
  if (tree.entries.some((entry) => entry.path === "Procfile")) return {};
  const misspelt = tree.entries.find((entry) => /^procfile(\.txt)?$/i.test(entry.path));
  problems.add(
    misspelt?.path ?? "Procfile",
    misspelt
      ? "is not read; its name must be Procfile, with a capital P and no ending"
      : "is missing; add a file of that name to the source's folder that says what runs, e.g. web: uwsgi uwsgi.ini",
  );
  return {};
}

/**
 * Parses a Procfile: a line a process type, `<type>: <command>`. Blank lines and lines that begin with # are skipped.
 */
export function parseProcfile(text: string, problems: SourceProblems): Processes {
  const processes = new Map<string, string>();
  const lines = text.split(/\r?\n/);
  for (const [index, raw] of lines.entries()) {
    const where = `Procfile:${index + 1}`;
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [, type = "", command = ""] = LINE.exec(line) ?? [];
    if (type === "") {
      problems.add(where, `${quote(line)} is no process type; write <type>: <command>, e.g. web: uwsgi uwsgi.ini`);
    } else if (command === "") {
      problems.add(where, `${type} has no command; write it after the colon`);
    } else if (processes.has(type)) {
      problems.add(where, `${type} is there already; remove one of the two`);
    } else {
      processes.set(type, command);
    }
  }
  if (lines.every((line) => line.trim() === "" || line.trim().startsWith("#"))) {
    problems.add("Procfile", "names no process type; add one, e.g. web: uwsgi uwsgi.ini");
  }
  return Object.fromEntries(processes);
}
