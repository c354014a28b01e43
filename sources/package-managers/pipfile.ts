import { createHash } from "node:crypto";
import type { TomlTable, TomlValue } from "smol-toml";
import { quote, type SourceProblems } from "../problems.ts";
import type { SourceTree } from "../tree.ts";
import { isRecord, isTable, readToml } from "./toml.ts";

const PYPI = "https://pypi.org/simple";
const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const VERSION = /^(===|==|~=|!=|<=|>=|<|>)\s*[^\s,;'"]+(\s*,\s*(===|==|~=|!=|<=|>=|<|>)\s*[^\s,;'"]+)*$/;

/** Environment markers that Pipenv allows as keys of a package. */
const MARKERS = new Set([
  "os_name",
  "sys_platform",
  "platform_machine",
  "platform_python_implementation",
  "platform_release",
  "platform_system",
  "platform_version",
  "python_version",
  "python_full_version",
  "implementation_name",
  "implementation_version",
]);
const KEYS = new Set([
  "version",
  "extras",
  "markers",
  "index",
  "git",
  "ref",
  "subdirectory",
  "path",
  "file",
  "editable",
  "hashes",
  ...MARKERS,
]);

/** Reads a tree's Pipfile; undefined when it is not there. Problem: no TOML. */
export function readPipfile(tree: SourceTree, problems: SourceProblems): TomlTable | undefined {
  return readToml(tree, "Pipfile", "mend the line", problems);
}

/** What a Pipfile's `[packages]` are as lines of a requirements file, with the `[[source]]`s that are not PyPI. */
export function pipfileRequirements(pipfile: TomlTable, problems: SourceProblems): string[] {
  const { packages = {} } = pipfile;
  if (!isTable(packages)) {
    problems.add("Pipfile", '[packages] is no table; write a package a line below it, e.g. requests = "*"');
    return [];
  }
  const lines = Object.entries(packages).map(([name, value]) => requirement(name, value, problems));
  return [...sources(pipfile, problems), ...lines.filter((line) => line !== undefined)];
}

/** Each line in the words of PEP 508. */
function requirement(name: string, value: TomlValue, problems: SourceProblems): string | undefined {
  const wrong = (line: string) => {
    problems.add("Pipfile", `${name} ${line}`);
    return undefined;
  };
  if (!NAME.test(name)) return wrong("is no name of a package; use letters, digits, dots, dashes and underscores");
  if (typeof value !== "string" && !isTable(value)) return wrong(`has no version; write ${name} = "*"`);
  const table: TomlTable = typeof value === "string" ? { version: value } : value;
  const unknown = Object.keys(table).find((key) => !KEYS.has(key));
  if (unknown !== undefined) return wrong(`has a key ${unknown}, which is not supported; use requirements.txt for it`);
  for (const [key, entry] of Object.entries(table)) {
    if (typeof entry === "string" && /[\r\n\0]/.test(entry)) return wrong(`has a line break in ${key}; remove it`);
  }
  const extras = Array.isArray(table.extras) && table.extras.length > 0 ? `[${table.extras.join(",")}]` : "";
  const markers = markersOf(table);
  const local = table.path ?? table.file;
  if (typeof local === "string") return `${table.editable === true ? "-e " : ""}${local}${extras}${markers}`;
  if (typeof table.git === "string") {
    const ref = typeof table.ref === "string" ? `@${table.ref}` : "";
    const below = typeof table.subdirectory === "string" ? `#subdirectory=${table.subdirectory}` : "";
    return `${name}${extras} @ git+${table.git.replace(/^git\+/, "")}${ref}${below}${markers}`;
  }
  const version = table.version ?? "*";
  if (typeof version !== "string") return wrong(`has a version that is no text; write ${name} = "*"`);
  const specifier = /^\d/.test(version) ? `==${version}` : version;
  if (specifier !== "*" && !VERSION.test(specifier)) {
    return wrong(`has the version ${quote(version)}, which is none; write e.g. "*", "==1.2.3" or ">=1.2,<2"`);
  }
  return `${name}${extras}${specifier === "*" ? "" : specifier}${markers}`;
}

function markersOf(table: TomlTable): string {
  const keys = Object.keys(table).filter((key) => MARKERS.has(key) && typeof table[key] === "string");
  const all = keys.map((key) => `(${key} ${table[key]})`);
  if (typeof table.markers === "string") all.unshift(`(${table.markers})`);
  return all.length > 0 ? ` ; ${all.join(" and ")}` : "";
}

function sources(pipfile: TomlTable, problems: SourceProblems): string[] {
  if (pipfile.source === undefined) return [];
  const list = Array.isArray(pipfile.source) ? pipfile.source : [];
  const lines: string[] = [];
  for (const [index, source] of list.entries()) {
    const url = isTable(source) ? source.url : undefined;
    if (typeof url !== "string" || !/^https?:\/\/\S+$/.test(url)) {
      problems.add("Pipfile", `[[source]] number ${index + 1} has no url; write e.g. url = "${PYPI}"`);
      continue;
    }
    // Not said of PyPI, since --index-url would overrule the mirror that a host's pip.conf may name.
    if (url.replace(/\/$/, "") !== PYPI) lines.push(`${index === 0 ? "--index-url" : "--extra-index-url"} ${url}`);
    else if (index > 0) lines.push(`--extra-index-url ${PYPI}`);
    if (isTable(source) && source.verify_ssl === false) lines.push(`--trusted-host ${new URL(url).host}`);
  }
  return lines;
}

/**
 * The hash by which Pipenv tells whether a lock was made of a Pipfile: SHA-256 of its sections as Python's
 * `json.dumps(…, sort_keys=True, separators=(",", ":"))` writes them.
 */
export function pipfileHash(pipfile: TomlTable): string {
  const apart = new Set([
    "source",
    "requires",
    "packages",
    "dev-packages",
    "scripts",
    "pipfile",
    "pipenv",
    "default",
    "develop",
  ]);
  const categories = Object.entries(pipfile).filter(([key]) => !apart.has(key));
  const content = {
    ...Object.fromEntries(categories),
    _meta: {
      sources: pipfile.source ?? [{ name: "pypi", url: PYPI, verify_ssl: true }],
      requires: pipfile.requires ?? {},
    },
    default: pipfile.packages ?? {},
    develop: pipfile["dev-packages"] ?? {},
  };
  return createHash("sha256").update(pythonJson(content)).digest("hex");
}

/** JSON as Python's `json.dumps` writes it: sorted keys, and nothing but ASCII. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(",")}]`;
  if (isRecord(value)) {
    const keys = Object.keys(value).sort();
    return `{${keys.map((key) => `${pythonJson(key)}:${pythonJson(value[key])}`).join(",")}}`;
  }
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
