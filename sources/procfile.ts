import { quote, type SourceProblems } from "./problems.ts";
import { readText } from "./text.ts";
import type { SourceTree } from "./tree.ts";

const LINE = /^([A-Za-z][A-Za-z0-9_-]{0,29})\s*:\s*(.*)$/;

/** Process types to their commands, in the Procfile's order. */
export type Processes = Readonly<Record<string, string>>;

/** Reads a tree's Procfile: what the app runs, which is nothing without one. Problem: no good one. */
export function readProcfile(tree: SourceTree, problems: SourceProblems): Processes {
  const text = readText(tree, "Procfile", problems);
  if (text !== undefined) return parseProcfile(text, problems);
  if (tree.entries.some((entry) => entry.path === "Procfile")) return {};
  const misspelt = tree.entries.find((entry) => /^procfile(\.txt)?$/i.test(entry.path));
  if (misspelt) {
    problems.add(misspelt.path, "is not read; its name must be Procfile, with a capital P and no ending");
  } else {
    problems.warn(
      "Procfile",
      "is missing, so nothing runs; add a file of that name to the source's folder that says what does, e.g. web: uwsgi uwsgi.ini",
    );
  }
  return {};
}

/**
 * Parses a Procfile: a line a process type, `<type>: <command>`. Blank lines and lines that begin with # are skipped. As
 * on Heroku, a line that says nothing keeps the others from nothing, and of two for one type the last holds.
 *
 * Problem: lines, and no process type in any of them.
 */
export function parseProcfile(text: string, problems: SourceProblems): Processes {
  const processes = new Map<string, string>();
  const unread: [where: string, line: string][] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const where = `Procfile:${index + 1}`;
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [, type = "", command = ""] = LINE.exec(line) ?? [];
    if (type === "") {
      unread.push([where, `${quote(line)} is no process type; write <type>: <command>, e.g. web: uwsgi uwsgi.ini`]);
    } else if (command === "") {
      unread.push([where, `${type} has no command; write it after the colon`]);
    } else {
      if (processes.has(type)) problems.warn(where, `${type} is there already, and this one holds; remove the other`);
      processes.set(type, command);
    }
  }
  for (const [where, line] of unread) {
    if (processes.size > 0) problems.warn(where, line);
    else problems.add(where, line);
  }
  if (processes.size === 0 && unread.length === 0) {
    problems.warn("Procfile", "names no process type, so nothing runs; add one, e.g. web: uwsgi uwsgi.ini");
  }
  return Object.fromEntries(processes);
}
