import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parse, YAMLParseError } from "yaml";
import { isMissing, UserError } from "../../lib/errors.ts";
import { Problems } from "../../lib/validation/problems.ts";
import { isRecord } from "../../lib/validation/readers.ts";
import { platformDirectory } from "../platform/addresses.ts";
import { DEFAULT_PLATFORM_NAME, type PlatformSettings, platformSettings } from "../platform/settings.ts";
import { APP, GITHUB, PIPELINE, PLATFORM } from "./keys.ts";

/** What a stack file declares, by the key in it. */
type StackKind = "platform" | "app" | "github" | "pipeline" | "other";

/** A stack's settings file. */
export interface StackFile {
  readonly stack: string;
  readonly path: string;
  readonly kind: StackKind;
  /** Its `config:` as written: secure values are still encrypted. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** A folder with a Pulumi.yaml. Ours and a user's own are treated alike. */
export interface Project {
  readonly name: string;
  readonly directory: string;
  readonly file: string;
  /** Where `Pulumi.<stack>.yaml` lie. */
  readonly stackDirectory: string;
}

/** The project at or above a folder. */
export async function findProject(from: string): Promise<Project> {
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    const file = join(directory, "Pulumi.yaml");
    if (existsSync(file)) return readProject(file);
    if (directory === dirname(directory)) {
      throw new UserError(
        `there is no Pulumi.yaml in ${from} or above. Run this in a Pulumi project (\`name: my-platform\` and \`runtime: nodejs\` in a Pulumi.yaml make one).`,
      );
    }
  }
}

async function readProject(file: string): Promise<Project> {
  const { name, stackConfigDir } = (await readYaml(file)) ?? {};
  if (typeof name !== "string") throw new UserError(`${file} has no \`name\`. Give the project one.`);
  const directory = dirname(file);
  return {
    name,
    directory,
    file,
    stackDirectory: join(directory, typeof stackConfigDir === "string" ? stackConfigDir : "."),
  };
}

/** The project's stack files: the platforms' first, then the apps', then those of repositories and of pipelines. */
export async function readStackFiles(project: Project): Promise<StackFile[]> {
  const names = await readdir(project.stackDirectory).catch(() => []);
  const files: StackFile[] = [];
  for (const name of names.sort()) {
    const stack = /^Pulumi\.(.+)\.ya?ml$/.exec(name)?.[1];
    if (stack === undefined) continue;
    const path = join(project.stackDirectory, name);
    const content = await readYaml(path);
    // An app that is being destroyed loses its file between the listing and this.
    if (content === undefined) continue;
    const settings = isRecord(content.config) ? content.config : {};
    files.push({ stack, path, kind: kindOf(settings), config: settings });
  }
  const rank = { platform: 0, app: 1, github: 2, pipeline: 3, other: 4 };
  return files.sort((a, b) => rank[a.kind] - rank[b.kind]);
}

function kindOf(config: Readonly<Record<string, unknown>>): StackKind {
  if (PLATFORM in config) return "platform";
  if (APP in config) return "app";
  if (GITHUB in config) return "github";
  return PIPELINE in config ? "pipeline" : "other";
}

/** Where the runtime directories of all platforms lie, unless a stack file says otherwise. */
export function homeDirectory(): string {
  return dirname(platformDirectory("any"));
}

/** A platform that this project declares, or whose name its own program will use. */
export interface PlatformTarget {
  readonly name: string;
  /** Its runtime directory on this machine. */
  readonly directory: string;
  readonly settings: PlatformSettings;
}

/**
 * The platforms of the stack files.
 *
 * @param name of the one to assume where no file declares any
 */
export function platformsOf(files: readonly StackFile[], name = DEFAULT_PLATFORM_NAME): PlatformTarget[] {
  const declared = files.filter((file) => file.kind === "platform").map((file) => file.config[PLATFORM]);
  const problems = new Problems();
  const read = (declared.length > 0 ? declared : [{ name }]).map(
    (value) => platformSettings(value ?? {}, PLATFORM, problems) ?? {},
  );
  problems.check();
  return read.map((settings) => {
    const own = settings.name ?? DEFAULT_PLATFORM_NAME;
    return { name: own, directory: settings.directory ?? platformDirectory(own), settings };
  });
}

/** What a YAML file says; undefined when there is no such file. */
async function readYaml(file: string): Promise<Record<string, unknown> | undefined> {
  try {
    const content: unknown = parse(await readFile(file, "utf8"));
    return isRecord(content) ? content : {};
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (!(error instanceof YAMLParseError)) throw error;
    throw new UserError(`${file} is no valid YAML: ${error.message.split("\n")[0]?.replace(/:$/, "")}.`);
  }
}
