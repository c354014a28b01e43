import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FormationSettings } from "../../model/app/formation.ts";
import type { AddonSettings } from "../../model/app/settings.ts";
import type { PythonSource } from "../../model/platform/settings.ts";
import { readSource, type Source, SourceError } from "../../sources/index.ts";
import type { Remarks, Said } from "./declared.ts";

/** What a folder says of its app. */
export interface Folder {
  readonly why: string;
  readonly formation: Record<string, Said<FormationSettings>>;
  readonly addons: Record<string, Said<AddonSettings>>;
  /** The Procfile's types, `release` left out. */
  readonly types: readonly string[];
}

/** Files by which people know what an app is written in. */
const LANGUAGES: Readonly<Record<string, string>> = {
  "package.json": "Node.js",
  Gemfile: "Ruby",
  "go.mod": "Go",
  "pom.xml": "Java",
  "build.gradle": "Java",
  "composer.json": "PHP",
  "build.sbt": "Scala",
  "project.clj": "Clojure",
  "Cargo.toml": "Rust",
};

const PYTHON = ["requirements.txt", "Pipfile", "Pipfile.lock", "pyproject.toml", "uv.lock", "poetry.lock", "setup.py"];

/** A driver for Postgres, in a file that names packages. */
const DRIVER = /\b(psycopg(?:2(?:-binary)?|\[\w+\])?|asyncpg|pg8000)\b/i;

/** Whether a folder is an app's at all. */
export function isApp(folder: string): boolean {
  return ["Procfile", ...PYTHON, ...Object.keys(LANGUAGES)].some((file) => existsSync(join(folder, file)));
}

/** Reads an app's folder as a build would. What keeps it from being built is among the remarks. */
export function readFolder(folder: string, pythons: PythonSource, remarks: Remarks): Folder | undefined {
  const has = (file: string) => existsSync(join(folder, file));
  const others = Object.keys(LANGUAGES).filter(has);
  if (!PYTHON.some(has)) {
    const [found] = others;
    remarks.blocking.push(
      found === undefined
        ? `${folder} has none of ${PYTHON.join(", ")}: only Python apps are built here`
        : `${found}: the app is written in ${LANGUAGES[found]}, and only Python apps are built here`,
    );
    return undefined;
  }
  for (const file of others)
    remarks.others.push(
      `${file}: nothing of ${LANGUAGES[file]} is built here, such as the pages of a front end; commit what it makes`,
    );
  if (has("Dockerfile") || has("heroku.yml"))
    remarks.others.push("Dockerfile and heroku.yml are not read: apps are built by Heroku's rules for Python");
  let source: Source;
  try {
    source = readSource(folder, pythons);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    remarks.blocking.push(...error.problems);
    return undefined;
  }
  remarks.others.push(...source.warnings);
  const { release, ...processes } = source.processes;
  const said = release === undefined ? "" : "; `release:` runs before new dynos start";
  return {
    why: `what is built: Python ${source.python.minor} with ${source.requirements.manager}, by Heroku's rules${said}`,
    formation: Object.fromEntries(
      Object.entries(processes).map(([type, command]) => {
        const quantity = type === "web" ? 1 : 0;
        const more = quantity === 0 ? `; \`heroku ps:scale ${type}=1\` starts it` : "";
        return [type, { value: { quantity, size: "free" as const }, why: `${oneLine(command)}${more}` }];
      }),
    ),
    addons: database(folder),
    types: Object.keys(processes),
  };
}

function database(folder: string): Folder["addons"] {
  for (const file of PYTHON) {
    const path = join(folder, file);
    const [, driver] = (existsSync(path) && DRIVER.exec(readFileSync(path, "utf8"))) || [];
    if (driver === undefined) continue;
    const value = { service: "postgresql", plan: "mini" } as const;
    return { DATABASE: { value, why: `sets DATABASE_URL; here because ${file} has ${driver}` } };
  }
  return {};
}

function oneLine(command: string): string {
  return command.length > 60 ? `${command.slice(0, 57)}...` : command;
}
