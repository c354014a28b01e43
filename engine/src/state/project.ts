/** Pulumi.yaml: found upwards from the working directory. */
import { access } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { UserError } from "./errors.ts";
import { readFileIfAny } from "./files.ts";

const NAMES = ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"];

/** What Pulumi.yaml says of one configuration key. */
export interface ConfigDeclaration {
  readonly type?: string;
  readonly default?: unknown;
  readonly value?: unknown;
  readonly secret?: boolean;
}

export interface Project {
  readonly name: string;
  /** The project file and its folder. */
  readonly file: string;
  readonly root: string;
  readonly description: string;
  readonly runtime: string;
  readonly runtimeOptions: Readonly<Record<string, unknown>>;
  /** The folder or file of the program, resolved; undefined: the project's own folder. */
  readonly main: string | undefined;
  readonly stackConfigDir: string;
  readonly backendUrl: string | undefined;
  readonly config: Readonly<Record<string, ConfigDeclaration>>;
  /** Providers by path, from `plugins.providers`: package to folder. */
  readonly providerPaths: Readonly<Record<string, string>>;
}

interface ProjectFile {
  name?: unknown;
  description?: unknown;
  runtime?: string | { name?: string; options?: Record<string, unknown> };
  main?: string;
  stackConfigDir?: string;
  backend?: { url?: string };
  config?: string | Record<string, unknown>;
  plugins?: { providers?: { name: string; path: string }[] };
}

/** The project that a folder belongs to; undefined when there is none. */
export async function findProject(from: string): Promise<Project | undefined> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    for (const name of NAMES) {
      const file = join(folder, name);
      const text = await readFileIfAny(file);
      if (text !== undefined) return readProject(file, text);
    }
    if (dirname(folder) === folder) return undefined;
  }
}

/** @throws UserError when there is none */
export async function requireProject(from: string): Promise<Project> {
  const project = await findProject(from);
  if (project !== undefined) return project;
  throw new UserError(`no Pulumi.yaml project file found (searching upwards from ${resolve(from)})`);
}

async function readProject(file: string, text: string): Promise<Project> {
  const root = dirname(file);
  const data = parseYaml(file, text) as ProjectFile | null;
  if (typeof data?.name !== "string" || data.name === "")
    throw new UserError(`${file}: project is missing a 'name' attribute`);
  const runtime = typeof data.runtime === "string" ? { name: data.runtime } : (data.runtime ?? {});
  if (runtime.name === undefined) throw new UserError(`${file}: project is missing a 'runtime' attribute`);
  return {
    name: data.name,
    file,
    root,
    description: typeof data.description === "string" ? data.description : "",
    runtime: runtime.name,
    runtimeOptions: runtime.options ?? {},
    main: data.main === undefined ? undefined : resolve(root, data.main),
    // Long ago `config` was the folder of the stack files.
    stackConfigDir: resolve(root, data.stackConfigDir ?? (typeof data.config === "string" ? data.config : "")),
    backendUrl: data.backend?.url,
    config: typeof data.config === "object" ? declarations(data.name, data.config ?? {}) : {},
    providerPaths: Object.fromEntries(
      (data.plugins?.providers ?? []).map(({ name, path }) => [name, resolve(root, path)]),
    ),
  };
}

function declarations(project: string, config: Record<string, unknown>): Record<string, ConfigDeclaration> {
  const declared: Record<string, ConfigDeclaration> = {};
  for (const [key, value] of Object.entries(config)) {
    const full = key.includes(":") ? key : `${project}:${key}`;
    const isDeclaration = typeof value === "object" && value !== null && !Array.isArray(value);
    declared[full] = isDeclaration ? value : { default: value, value };
  }
  return declared;
}

/** Parsed YAML. @throws UserError with the file and the line of what is wrong */
function parseYaml(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    const [line = ""] = error instanceof Error ? error.message.split("\n") : [];
    throw new UserError(`${file}: ${line.replace(/:$/, "")}`);
  }
}

/** How the program is started. @throws UserError when it is no Node program */
export async function programOf(
  project: Project,
): Promise<{ entry: string; directory: string; nodeArgs: string[]; typescript: boolean }> {
  if (project.runtime !== "nodejs") {
    throw new UserError(
      `the embedded engine runs Node programs only, and ${project.file} says 'runtime: ${project.runtime}'; install the real CLI`,
    );
  }
  const main = project.main ?? project.root;
  const isFile = /\.[cm]?[jt]s$/.test(main);
  const directory = isFile ? dirname(main) : main;
  await access(main).catch(() => {
    throw new UserError(`${project.file}: 'main' is ${main}, which does not exist`);
  });
  const nodeArgs = project.runtimeOptions.nodeargs;
  return {
    entry: isFile ? main : ".",
    directory,
    nodeArgs: typeof nodeArgs === "string" ? nodeArgs.split(/\s+/).filter((argument) => argument !== "") : [],
    typescript: project.runtimeOptions.typescript !== false,
  };
}
