import { findPython, minorsOf, type Python } from "../images/pythons.ts";
import type { PythonSource } from "../model/platform/settings.ts";
import { lockedPython, requiredPython } from "./package-managers/pipenv.ts";
import type { PackageManager } from "./package-managers/requirements.ts";
import { quote, type SourceProblems } from "./problems.ts";
import { hasFile, readText } from "./text.ts";
import type { SourceTree } from "./tree.ts";

/** For apps that ask for none. */
export const DEFAULT_PYTHON = "3.13";

/** Which Python an app gets. */
export interface PythonChoice extends Python {
  /** What was asked for, e.g. `3.9.5`; undefined: nothing was. */
  readonly asked?: string;
  /** The file that asks. */
  readonly file?: string;
}

/**
 * Chooses by `runtime.txt`, else `.python-version`, else `Pipfile.lock`, else the Pipfile's `[requires]`, else
 * {@link DEFAULT_PYTHON}.
 *
 * @param manager what installs the app's packages
 * @param pythons where the platform has its Pythons from
 */
export function choosePython(
  tree: SourceTree,
  manager: PackageManager,
  pythons: PythonSource,
  problems: SourceProblems,
): PythonChoice {
  checkNames(tree, problems);
  if (manager === "uv") checkPinned(tree, problems);
  for (const { file, prefix = "", read, example } of FILES) {
    const written = hasFile(tree, file) ? read(tree, problems) : undefined;
    if (written === undefined) continue;
    const asked = written.slice(prefix.length);
    if (!written.startsWith(prefix) || !VERSION.test(asked)) {
      problems.add(
        file,
        `${quote(written)} is no Python version; write ${example(DEFAULT_PYTHON)} (${there(pythons)})`,
      );
      break;
    }
    const python = findPython(asked, pythons);
    if (python === undefined) {
      problems.add(file, unavailable(asked, example, pythons));
      break;
    }
    if (python.minor === "3.9") {
      problems.warn(file, "asks for Python 3.9, which gets no security updates any more; Heroku refuses it since 2026");
    }
    return { ...python, asked, file };
  }
  const python = findPython(DEFAULT_PYTHON, pythons);
  if (python === undefined) throw new Error(`there is no Python ${DEFAULT_PYTHON}`);
  return python;
}

const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)(\.(0|[1-9]\d*))?$/;

interface VersionFile {
  readonly file: string;
  /** Before the version. @default "" */
  readonly prefix?: string;
  /** What is asked for, a version or not; undefined: nothing is, or a problem was added. */
  read(tree: SourceTree, problems: SourceProblems): string | undefined;
  /** How the file asks for a version. */
  example(version: string): string;
}

/** In order. */
const FILES: readonly VersionFile[] = [
  {
    file: "runtime.txt",
    prefix: "python-",
    read: (tree, problems) => readLine(tree, "runtime.txt", problems),
    example: (version) => `one line like python-${version}`,
  },
  {
    file: ".python-version",
    read: (tree, problems) => readLine(tree, ".python-version", problems),
    example: (version) => `one line like ${version}`,
  },
  { file: "Pipfile.lock", read: lockedPython, example: inPipfile("and run pipenv lock") },
  { file: "Pipfile", read: requiredPython, example: inPipfile("below [requires]") },
];

function inPipfile(then: string): VersionFile["example"] {
  return (version) => `python_version = "${version}" into the Pipfile ${then}`;
}

/** The one line of a file that is neither blank nor a comment. */
function readLine(tree: SourceTree, file: string, problems: SourceProblems): string | undefined {
  const text = readText(tree, file, problems);
  if (text === undefined) return undefined;
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.replace(/(^|\s)#.*/, "").trim());
  const [line = "", ...more] = lines.filter((line) => line !== "");
  if (more.length === 0) return line;
  problems.add(
    file,
    `holds more than one version (${[line, ...more].join(", ").slice(0, 60)}); leave one line of them`,
  );
  return undefined;
}

/** What cannot be had: what there is instead, and which line of which file gives it. */
function unavailable(asked: string, example: VersionFile["example"], pythons: PythonSource): string {
  const newest = findPython(asked.split(".").slice(0, 2).join("."), pythons);
  if (newest !== undefined) {
    return `asks for Python ${asked}, which uv does not have; write ${example(newest.minor)}, which gives ${newest.id}`;
  }
  const line = `asks for Python ${asked}, but ${there(pythons)}; write ${example(DEFAULT_PYTHON)}`;
  const elsewhere = pythons === "debian" ? findPython(asked, "uv") : undefined;
  if (elsewhere === undefined) return line;
  return `${line}, or have ${elsewhere.id} downloaded: pythons: uv below dynoform:platform in the platform's stack file`;
}

function there(pythons: PythonSource): string {
  const minors = minorsOf(pythons);
  return `there are ${minors.slice(0, -1).join(", ")} and ${minors.at(-1)}`;
}

/** By Heroku's rule, which is uv's own way, an app with a uv.lock says by .python-version which Python it needs. */
function checkPinned(tree: SourceTree, problems: SourceProblems): void {
  const pin = `run uv python pin ${DEFAULT_PYTHON}, or with the version that the app needs, and commit .python-version`;
  if (hasFile(tree, "runtime.txt")) problems.add("runtime.txt", `is not read by uv; delete it, ${pin}`);
  else if (!hasFile(tree, ".python-version")) problems.add(".python-version", `is missing, and uv needs it; ${pin}`);
}

/** Names that people give .python-version, and that Heroku refuses. */
const MISSPELT = [
  " .python-version",
  ". python-version",
  ".python_version.txt",
  ".python_version",
  ".python-version ",
  ",python-version",
  ".python-version.",
  ".python-version.py",
  ".python-version.rtf",
  ".python-version.txt",
  ".python-version.TXT",
  ".Python-version",
  ".python.version",
  ".pythonversion",
  "'.python-version'",
  "python_version.txt",
  "python_version",
  "python-version.",
  "python-version.txt",
  "python-version",
];

function checkNames(tree: SourceTree, problems: SourceProblems): void {
  if (hasFile(tree, "runtime.txt")) return;
  for (const { path } of tree.entries) {
    if (MISSPELT.includes(path)) problems.add(quote(path), "is not read; rename it to .python-version");
    if (/^runtimes?\.(txt|text)$/i.test(path))
      problems.warn(path, "is not read; the name that is would be runtime.txt");
  }
}
