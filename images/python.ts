import type Docker from "dockerode";
import { findByRecipe, RECIPE_LABEL } from "./base.ts";
import { buildImage, readContext } from "./build.ts";
import { ensureBase } from "./debian.ts";
import { splitTag } from "./import.ts";
import { PLATFORM_LABEL } from "./labels.ts";
import {
  BUILD_USER,
  findPython,
  type Python,
  pythonFolder,
  pythonRecipe,
  type Tool,
  toolFolder,
  toolRecipe,
} from "./pythons.ts";
import { CODENAME } from "./recipe.ts";
import { downloadPython } from "./uv.ts";

/**
 * Gets `<platform>/python:<id>-<recipe>`: one that another platform has is tagged, else it is built, after the Debian
 * release it needs was made of Debian's packages.
 *
 * @param say told what takes time
 * @returns the tag
 */
export function ensurePythonImage(
  docker: Docker,
  platform: string,
  python: Python,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  return ensure(docker, platform, "python", `${python.id}-${pythonRecipe(python)}`, async (image) => {
    const base = await ensureBase(docker, platform, python.codename, say, signal);
    const files = await readContext(pythonFolder());
    const args = { BASE: base, USER: String(BUILD_USER) };
    if (python.source === "debian") {
      say(`Making the image of Python ${python.minor}`);
      return await buildImage(docker, { ...image, files, args: { ...args, PYTHON: `python${python.minor}` } });
    }
    const uv = await ensureToolImage(docker, platform, uvsOwn(), "uv", say, signal);
    say(`Downloading Python ${python.id} with uv`);
    await using download = await downloadPython(docker, platform, python, uv, signal);
    say(`Making the image of Python ${python.id}`);
    const dockerfile = "exact/Dockerfile";
    return await buildImage(docker, { ...image, files, dockerfile, args: { ...args, PYTHON: download.tag } });
  });
}

/**
 * Gets `<platform>/<tool>:<Python's id>-<recipe>`, the Python's image with a package manager in `/opt/tool`.
 *
 * @returns the tag
 */
export function ensureToolImage(
  docker: Docker,
  platform: string,
  python: Python,
  tool: Tool,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  return ensure(docker, platform, tool, `${python.id}-${toolRecipe(python, tool)}`, async (image) => {
    const base = await ensurePythonImage(docker, platform, python, say, signal);
    say(`Installing ${tool} for builds`);
    const files = await readContext(toolFolder());
    await buildImage(docker, { ...image, files, args: { PYTHON: base, TOOL: tool } });
  });
}

/** The Python that uv's own image is of: that of the base image's Debian. */
function uvsOwn(): Python {
  const python = findPython("3.13", "debian");
  if (python?.codename !== CODENAME) throw new Error(`Debian ${CODENAME} has no Python 3.13`);
  return python;
}

async function ensure(
  docker: Docker,
  platform: string,
  what: string,
  version: string,
  make: (image: { readonly tag: string; readonly labels: Record<string, string> }) => Promise<void>,
): Promise<string> {
  const tag = `${platform}/${what}:${version}`;
  const [present] = await findByRecipe(docker, what, version);
  if (present === undefined) {
    await make({ tag, labels: { [RECIPE_LABEL]: `${what}-${version}`, [PLATFORM_LABEL]: platform } });
  } else if (present !== tag) {
    await docker.getImage(present).tag(splitTag(tag));
  }
  return tag;
}
