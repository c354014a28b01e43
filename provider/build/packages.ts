import { basename, dirname } from "node:path";
import type Docker from "dockerode";
import { newerInTesting, TESTING } from "../../images/pythons.ts";
import { putFiles, readFiles } from "./archive.ts";
import { type BuiltImage, commit, findPackages, keyOf, packagesRepository } from "./images.ts";
import { install } from "./install.ts";
import { LABELS } from "./labels.ts";
import { containerName } from "./leftovers.ts";
import { ensureInstaller, installerRecipe } from "./package-manager.ts";
import { PIPFILE_REQUIREMENTS, type PythonChoice, type Source } from "./source/index.ts";
import { BUILDER } from "./version.ts";

/** What a step of a build works with. */
export interface BuildContext {
  readonly docker: Docker;
  readonly platform: string;
  readonly app: string;
  /** A folder of the host with what the init must know of its network. */
  readonly host: string;
  readonly signal: AbortSignal;
  /** Begins a step of the output. */
  heading(text: string): void;
  /** A line of the step. */
  line(text: string): void;
}

/** The first line of images/python/install. */
const VERSION = /^3\.\d+\.\d+\S*$/;

/**
 * The image with an app's packages: the one that was made of the same requirements and the same Python, else a new
 * one. A version left open (`"*"`) is the newest at the time it was made.
 */
export async function ensurePackages(build: BuildContext, source: Source): Promise<BuiltImage> {
  const { docker, platform, app } = build;
  const { requirements } = source;
  const key = packagesKey(source);
  for (const warning of source.warnings) build.heading(`Warning: ${warning}`);
  const present = await findPackages(docker, build, key);
  if (present) {
    build.heading(usingPython(source.python, present.labels[LABELS.python] ?? ""));
    build.heading("Using the packages of an earlier build: the requirements are the same");
    return present;
  }
  await using installer = await ensureInstaller(build, source);
  const labels = { [LABELS.platform]: platform, [LABELS.app]: app };
  let python = "";
  function line(text: string): void {
    if (python !== "" || !VERSION.test(text)) build.line(text);
    else {
      python = text;
      build.heading(usingPython(source.python, python));
      build.heading(`Installing packages: ${requirements.command.join(" ")}`);
    }
  }
  await using installed = await install(
    docker,
    {
      name: containerName(platform, app),
      image: installer.image,
      tools: installer.tools,
      labels,
      cache: `${platform}-cache-${app}`,
      host: build.host,
      prepare: (container) => putRequirements(container, source),
      command: requirements.command,
    },
    line,
    build.signal,
  );
  return await commit(installed.container, packagesRepository(platform, app), key, {
    ...labels,
    [LABELS.python]: python,
  });
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

function packagesKey(source: Source): string {
  const { digest, requirements, tree } = source;
  const { manager, pipfile = "", local } = requirements;
  const files = readFiles(tree, requirements.files).flatMap(([path, content]) => [path, content.toString("base64")]);
  return keyOf(BUILDER, manager, installerRecipe(source), pipfile, local ? digest : "", ...files);
}

async function putRequirements(container: Docker.Container, { tree, requirements }: Source): Promise<void> {
  const { pipfile } = requirements;
  if (pipfile !== undefined) {
    await putFiles(container, dirname(PIPFILE_REQUIREMENTS), (files) =>
      files.text(basename(PIPFILE_REQUIREMENTS), pipfile),
    );
  }
  await putFiles(container, "/app", async (files) => {
    if (requirements.local) await files.tree(tree);
    else for (const [path, content] of readFiles(tree, requirements.files)) files.text(path, content);
  });
}
