import { parse } from "smol-toml";
import { PYTHONS, type PythonMinor } from "../../../images/pythons.ts";
import { quote, type SourceProblems } from "./problems.ts";
import { readText, type SourceTree } from "./tree.ts";

/** For apps that ask for none. */
export const DEFAULT_PYTHON: PythonMinor = "3.13";

/** Which Python an app gets. */
export interface PythonChoice {
  readonly minor: PythonMinor;
  /** What was asked for, e.g. `3.9.5`; undefined: nothing was. */
  readonly asked?: string;
  /** The file that asks. */
  readonly file?: string;
}

/** Chooses by `runtime.txt`, else `.python-version`, else the Pipfile's `[requires]`, else {@link DEFAULT_PYTHON}. */
export function choosePython(tree: SourceTree, problems: SourceProblems): PythonChoice {
  for (const { file, read } of SOURCES) {
    const text = tree.entries.some((entry) => entry.path === file) ? readText(tree, file, problems) : undefined;
    const asked = text === undefined ? undefined : read(text, problems);
    if (asked === undefined) continue;
    const minor = minorOf(asked);
    if (minor !== undefined) return { minor, asked, file };
    problems.add(file, `asks for Python ${asked}; there are ${available()}, e.g. ${EXAMPLES[file]}`);
    break;
  }
  return { minor: DEFAULT_PYTHON };
}

const EXAMPLES: Readonly<Record<string, string>> = {
  "runtime.txt": "python-3.13",
  ".python-version": "3.13",
  Pipfile: 'python_version = "3.13"',
};

const VERSION = /^\d+\.\d+(\.\d+)?$/;

/** In order; each gives the version its file asks for, or undefined when it asks for none or is wrong. */
const SOURCES: readonly { file: string; read: (text: string, problems: SourceProblems) => string | undefined }[] = [
  { file: "runtime.txt", read: readRuntime },
  { file: ".python-version", read: readPythonVersion },
  { file: "Pipfile", read: readRequires },
];

function readRuntime(text: string, problems: SourceProblems): string | undefined {
  const asked = text.trim();
  const version = asked.startsWith("python-") ? asked.slice("python-".length) : "";
  if (VERSION.test(version)) return version;
  problems.add(
    "runtime.txt",
    `${quote(asked)} is no Python version; write one line like python-3.13 (there are ${available()})`,
  );
  return undefined;
}

function readPythonVersion(text: string, problems: SourceProblems): string | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/#.*/, "").trim());
  const [version, ...more] = lines.filter((line) => line !== "");
  if (version !== undefined && more.length === 0 && VERSION.test(version)) return version;
  const wrong = more.length > 0 ? "holds more than one version" : `${quote(version ?? "")} is no Python version`;
  problems.add(".python-version", `${wrong}; write one line like 3.13 (there are ${available()})`);
  return undefined;
}

function readRequires(text: string, problems: SourceProblems): string | undefined {
  let requires: unknown;
  try {
    requires = parse(text).requires;
  } catch {
    return undefined; // told once, by the reading of the Pipfile's packages
  }
  if (typeof requires !== "object" || requires === null) return undefined;
  const table = requires as Record<string, unknown>;
  const asked = table.python_full_version ?? table.python_version;
  if (asked === undefined || asked === "*") return undefined;
  if (typeof asked === "string" && VERSION.test(asked)) return asked;
  problems.add(
    "Pipfile",
    `[requires] asks for no Python version; write e.g. python_version = "3.13" (there are ${available()})`,
  );
  return undefined;
}

function minorOf(version: string): PythonMinor | undefined {
  const minor = version.split(".").slice(0, 2).join(".");
  return minor in PYTHONS ? (minor as PythonMinor) : undefined;
}

function available(): string {
  const minors = Object.keys(PYTHONS);
  return `${minors.slice(0, -1).join(", ")} and ${minors.at(-1)}`;
}
