import { createHash } from "node:crypto";
import { parse, type TomlTable, type TomlValue } from "smol-toml";
import { quote, type SourceProblems } from "./problems.ts";

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
  "editable",
  "hashes",
  ...MARKERS,
]);

/** Parses a Pipfile. Problem: no TOML. */
export function parsePipfile(text: string, problems: SourceProblems): TomlTable | undefined {
  try {
    return parse(text);
  } catch (error) {
    const [first = "", line] = [messageOf(error).split("\n")[0], lineOf(error)];
    problems.add(
      line ? `Pipfile:${line}` : "Pipfile",
      `is no TOML (${first.replace(/^Invalid TOML document: /, "")}); mend the line`,
    );
    return undefined;
  }
}

/**
 * What a Pipfile's `[packages]` are as lines of a requirements file, with the `[[source]]`s that are not PyPI.
 *
 * @param withHashes whether lines carry the hashes of a lock; pip wants all of them or none
 */
export function pipfileRequirements(
  pipfile: TomlTable,
  problems: SourceProblems,
  options: { packages?: TomlTable; where?: string; withHashes?: boolean } = {},
): string[] {
  const { packages = pipfile.packages ?? {}, where = "Pipfile", withHashes = false } = options;
  if (!isTable(packages)) {
    problems.add(where, '[packages] is no table; write a package a line below it, e.g. requests = "*"');
    return [];
  }
  const lines = Object.entries(packages).map(([name, value]) => requirement(name, value, withHashes, where, problems));
  return [...sources(pipfile, problems), ...lines.filter((line) => line !== undefined)];
}

/** Each line in the words of PEP 508. */
function requirement(
  name: string,
  value: TomlValue,
  withHashes: boolean,
  where: string,
  problems: SourceProblems,
): string | undefined {
  const wrong = (line: string) => {
    problems.add(where, `${name} ${line}`);
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
  if (typeof table.path === "string") return `${table.editable === true ? "-e " : ""}${table.path}${extras}${markers}`;
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
  const hashes = withHashes
    ? hashesOf(table)
        .map((hash) => ` --hash=${hash}`)
        .join("")
    : "";
  return `${name}${extras}${specifier === "*" ? "" : specifier}${markers}${hashes}`;
}

function markersOf(table: TomlTable): string {
  const keys = Object.keys(table).filter((key) => MARKERS.has(key) && typeof table[key] === "string");
  const all = keys.map((key) => `(${key} ${table[key]})`);
  if (typeof table.markers === "string") all.unshift(`(${table.markers})`);
  return all.length > 0 ? ` ; ${all.join(" and ")}` : "";
}

function hashesOf(table: TomlTable): string[] {
  return Array.isArray(table.hashes) ? table.hashes.filter((hash) => typeof hash === "string") : [];
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
 * The packages a `Pipfile.lock` pins; undefined when it is of no use. Problem: it was made of another Pipfile.
 */
export function lockedPackages(lockText: string, pipfile: TomlTable, problems: SourceProblems): TomlTable | undefined {
  let lock: unknown;
  try {
    lock = JSON.parse(lockText);
  } catch {
    problems.add("Pipfile.lock", "is no JSON; delete it, or make it again with: pipenv lock");
    return undefined;
  }
  const { _meta: meta, default: packages } = isRecord(lock) ? lock : {};
  const hash = isRecord(meta) && isRecord(meta.hash) ? meta.hash.sha256 : undefined;
  if (hash !== pipfileHash(pipfile) || !isRecord(packages)) {
    problems.add("Pipfile.lock", "does not agree with the Pipfile; delete it, or make it again with: pipenv lock");
    return undefined;
  }
  return packages as TomlTable;
}

/** Whether pip can check every package of a lock against a hash. */
export function isHashed(packages: TomlTable): boolean {
  return Object.values(packages).every((entry) => isTable(entry) && hashesOf(entry).length > 0);
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

function isTable(value: unknown): value is TomlTable {
  return isRecord(value) && !(value instanceof Date);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function lineOf(error: unknown): number | undefined {
  return error instanceof Error && "line" in error && typeof error.line === "number" ? error.line : undefined;
}
