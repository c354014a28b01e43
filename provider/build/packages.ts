import { basename, dirname } from "node:path";
import type Docker from "dockerode";
import { newerInTesting, TESTING } from "../../images/pythons.ts";
import { PIPFILE_REQUIREMENTS, type PythonChoice, type Source } from "../../sources/index.ts";
import { putFiles, readFiles } from "./archive.ts";
import type { BuildContext } from "./context.ts";
import { databaseAccess } from "./database.ts";
import { type BuiltImage, commit, findPackages, keyOf, packagesRepository } from "./images.ts";
import { type BuildOutput, type Installation, type Installed, install } from "./install.ts";
import { LABELS } from "./labels.ts";
import { containerName } from "./leftovers.ts";
import { ensureInstaller, type Installer, installerRecipe } from "./package-manager.ts";
import { BUILDER } from "./version.ts";

/** The first line of images/python/install. */
const VERSION = /^3\.\d+\.\d+\S*$/;

/**
 * The image with an app's packages: the one that was made of the same requirements and the same Python, else a new
 * one. A version left open (`"*"`) is the newest at the time it was made.
 */
export async function ensurePackages(build: BuildContext, source: Source): Promise<BuiltImage> {
  const { docker, platform, app } = build;
  const key = packagesKey(source, build.pip);
  const present = await findPackages(docker, build, key);
  if (present) {
    build.heading(usingPython(source.python, present.labels[LABELS.python] ?? ""));
    build.heading("Using the packages of an earlier build: the requirements are the same");
    return present;
  }
  const told = tellingPython(build, source);
  const only = { ...build, ...told, config: pipConfig(build.config) };
  await using installer = await ensureInstaller(build, source);
  await using installed = await runSteps(only, installer, {
    steps: ["packages"],
    command: source.requirements.command,
    prepare: (container) => putRequirements(container, source),
  });
  return await commit(installed.container, packagesRepository(platform, app), key, {
    [LABELS.platform]: platform,
    [LABELS.app]: app,
    [LABELS.python]: told.python(),
    [LABELS.modules]: installed.modules ?? "",
  });
}

/** Does what else a build does in a container of an image: with the packages too, where a step before may decide them. */
export async function runSteps(
  build: BuildContext,
  { image, tools }: Pick<Installer, "image" | "tools">,
  work: Pick<Installation, "steps" | "command" | "prepare">,
): Promise<Installed> {
  const { docker, platform, app, host, config, commit, signal } = build;
  const labels = { [LABELS.platform]: platform, [LABELS.app]: app };
  const name = containerName(platform, app);
  const cache = `${platform}-cache-${app}`;
  const database = await databaseAccess(docker, platform, config);
  return install(docker, { name, image, tools, labels, cache, host, config, commit, database, ...work }, build, signal);
}

/** Passes a build's output on, but for the version of Python, which is said in a sentence before pip begins. */
export function tellingPython(
  output: BuildOutput,
  { python: choice, requirements }: Source,
): BuildOutput & { python(): string } {
  let python = "";
  return {
    python: () => python,
    heading: (text) => output.heading(text),
    line(text) {
      if (python !== "" || !VERSION.test(text)) return output.line(text);
      python = text;
      output.heading(usingPython(choice, python));
      output.heading(`Installing packages: ${requirements.command.join(" ")}`);
    },
  };
}

/** The config vars that pip sees, as on Heroku. */
function pipConfig(config: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(config).filter(([name]) => name.startsWith("PIP_")));
}

/** What is said of an app's Python; that it is another patch than it asks for stands in the log of each build. */
export function usingPython(python: PythonChoice, had: string): string {
  const { asked, file, minor, source, codename } = python;
  const testing = source === "debian" && codename === TESTING;
  const begin = `Using Python ${had}${testing ? ` of Debian's testing suite, ${codename}` : ""}`;
  if (asked === undefined) return `${begin} (the app asks for none; a file .python-version would)`;
  if (asked === had) return begin;
  const newer = newerInTesting(python);
  if (asked !== minor) return `${begin} (${file} asks for ${asked}; Debian ${codename} has ${had})`;
  if (newer === undefined) return begin;
  const exact = `${minor}.${newer.patch}`;
  return `${begin} (Debian's testing suite has ${exact}; ${file} gets that by asking for ${exact})`;
}

function packagesKey(source: Source, pip: string): string {
  const { digest, requirements, tree } = source;
  const { manager, pipfile = "", local } = requirements;
  const files = readFiles(tree, requirements.files).flatMap(([path, content]) => [path, content.toString("base64")]);
  return keyOf(BUILDER, manager, installerRecipe(source), pip, pipfile, local ? digest : "", ...files);
}

async function putRequirements(container: Docker.Container, source: Source): Promise<void> {
  const { tree, requirements } = source;
  await putPipfile(container, source);
  await putFiles(container, "/app", async (files) => {
    if (requirements.local) await files.tree(tree);
    else for (const [path, content] of readFiles(tree, requirements.files)) files.text(path, content);
  });
}

/** Puts the packages of a Pipfile without a lock where pip finds them. */
export async function putPipfile(container: Docker.Container, { requirements: { pipfile } }: Source): Promise<void> {
  if (pipfile === undefined) return;
  await putFiles(container, dirname(PIPFILE_REQUIREMENTS), (files) =>
    files.text(basename(PIPFILE_REQUIREMENTS), pipfile),
  );
}
