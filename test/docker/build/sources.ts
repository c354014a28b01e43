import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { packageRoot } from "../../../lib/package-root.ts";

/** Writes a source tree. */
export async function writeSource(directory: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries({ Procfile: "web: python -m http.server $PORT\n", ...files })) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return directory;
}

/** Copies an example, to be changed. */
export async function copyExample(name: string, directory: string): Promise<string> {
  await cp(join(packageRoot(), "examples", name), directory, { recursive: true });
  return directory;
}

/**
 * Files of an app that installs a package of its own, whose building runs a piece of Python: the code that strangers'
 * packages may run in a build.
 */
export function withBuildCode(python: string): Record<string, string> {
  const indented = python.trimEnd().replaceAll("\n", "\n    ");
  return {
    "requirements.txt": "./probe\n",
    "probe/pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    "probe/backend.py": `def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):\n    ${indented}\n`,
  };
}
