import type Docker from "dockerode";
import { ensureBaseImage } from "../../cli/setup/base-image.ts";
import type { Say } from "../../cli/steps.ts";
import { ensurePythonImage, ensureToolImage } from "../../images/python.ts";
import { findPython } from "../../images/pythons.ts";
import { DEFAULT_PYTHON } from "../../sources/index.ts";

/** Holds a tag of every shared image, so that they outlive the platforms of single tests. */
export const IMAGES_OWNER = "dynoform-test";

const PYTHONS = ["3.9", "3.13", "3.14"].flatMap((version) => findPython(version, "debian") ?? []);
const TOOLS = ["pipenv", "poetry", "uv"] as const;

/** Makes the images that platforms of one machine share: the base, and the Pythons of the examples and cases. */
export async function ensureTestImages(docker: Docker, say: Say): Promise<void> {
  await ensureBaseImage(docker, IMAGES_OWNER, say);
  const { signal } = new AbortController();
  for (const python of PYTHONS) {
    await ensurePythonImage(docker, IMAGES_OWNER, python, say, signal);
    if (python.minor !== DEFAULT_PYTHON) continue;
    for (const tool of TOOLS) await ensureToolImage(docker, IMAGES_OWNER, python, tool, say, signal);
  }
}

/** The images of what a platform's apps have installed. */
export function packageImages(docker: Docker, platform: string): Promise<Docker.ImageInfo[]> {
  return docker.listImages({ filters: JSON.stringify({ reference: [`${platform}/deps-*`] }) });
}

/** Lets what a test's apps have installed outlive its platform: compiling it takes a minute. */
export async function keepPackages(docker: Docker, platform: string): Promise<void> {
  const kept = new Set((await packageImages(docker, IMAGES_OWNER)).flatMap(({ RepoTags }) => RepoTags ?? []));
  for (const { Id, RepoTags } of await packageImages(docker, platform)) {
    for (const tag of RepoTags ?? []) {
      const [repo = "", version = ""] = tag.replace(`${platform}/`, `${IMAGES_OWNER}/`).split(":");
      // A tag that is moved leaves the image that had it without any, and nobody would remove that.
      if (!kept.has(`${repo}:${version}`)) await docker.getImage(Id).tag({ repo, tag: version });
    }
  }
}

/** The tag of the base image, which the runner made before. */
export function baseImage(docker: Docker): Promise<string> {
  return ensureBaseImage(docker, IMAGES_OWNER, () => {});
}
