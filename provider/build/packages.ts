import type Docker from "dockerode";
import { ensurePythonImage } from "../../images/python.ts";
import { PYTHONS, pythonRecipe } from "../../images/pythons.ts";
import { putFiles, readFiles } from "./archive.ts";
import { type BuiltImage, commit, findPackages, keyOf, packagesRepository } from "./images.ts";
import { install } from "./install.ts";
import { LABELS } from "./labels.ts";
import { containerName } from "./leftovers.ts";
import type { PythonChoice, Source } from "./source/index.ts";
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

/** In a folder that images/python makes. */
const PIPFILE_REQUIREMENTS = "pipfile.txt";

/** The first line of images/python/install. */
const VERSION = /^3\.\d+\.\d+\S*$/;

/**
 * The image with an app's packages: the one that was made of the same requirements and the same Python, else a new
 * one. A version left open (`"*"`) is the newest at the time it was made.
 */
export async function ensurePackages(build: BuildContext, source: Source): Promise<BuiltImage> {
  const { docker, platform, app } = build;
  const key = packagesKey(source);
  const present = await findPackages(docker, build, key);
  if (present) {
    build.heading(usingPython(source.python, present.labels[LABELS.python] ?? ""));
    build.heading("Using the packages of an earlier build: the requirements are the same");
    return present;
  }
  const image = await ensurePythonImage(docker, platform, source.python.minor, build.heading, build.signal);
  const labels = { [LABELS.platform]: platform, [LABELS.app]: app };
  let python = "";
  function line(text: string): void {
    if (python !== "" || !VERSION.test(text)) build.line(text);
    else {
      python = text;
      build.heading(usingPython(source.python, python));
      build.heading("Installing requirements with pip");
    }
  }
  await using installed = await install(
    docker,
    {
      name: containerName(platform, app),
      image,
      labels,
      cache: `${platform}-cache-${app}`,
      host: build.host,
      prepare: (container) => putRequirements(container, source),
      arguments: pipArguments(source),
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
export function usingPython({ minor, asked, file }: PythonChoice, had: string): string {
  const begin = `Using Python ${had}`;
  if (asked === undefined) return `${begin} (the app asks for none; a file .python-version would)`;
  if (asked === had || asked === minor) return begin;
  return `${begin} (${file} asks for ${asked}; Debian ${PYTHONS[minor]} has ${had})`;
}

function packagesKey({ digest, python, requirements, tree }: Source): string {
  const files = readFiles(tree, requirements.files).flatMap(([path, content]) => [path, content.toString("base64")]);
  const local = requirements.local ? digest : "";
  return keyOf(BUILDER, python.minor, pythonRecipe(python.minor), requirements.pipfile ?? "", local, ...files);
}

async function putRequirements(container: Docker.Container, { tree, requirements }: Source): Promise<void> {
  const { pipfile } = requirements;
  if (pipfile !== undefined) {
    await putFiles(container, "/opt/requirements", (files) => files.text(PIPFILE_REQUIREMENTS, pipfile));
  }
  await putFiles(container, "/app", async (files) => {
    if (requirements.local) await files.tree(tree);
    else for (const [path, content] of readFiles(tree, requirements.files)) files.text(path, content);
  });
}

function pipArguments({ requirements }: Source): string[] {
  const files = [
    ...(requirements.files.length > 0 ? ["requirements.txt"] : []),
    ...(requirements.pipfile === undefined ? [] : [`/opt/requirements/${PIPFILE_REQUIREMENTS}`]),
  ];
  return files.flatMap((file) => ["--requirement", file]);
}
