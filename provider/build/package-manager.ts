import type Docker from "dockerode";
import { ensurePythonImage, ensureToolImage } from "../../images/python.ts";
import { pythonRecipe, toolRecipe } from "../../images/pythons.ts";
import type { Source } from "../../sources/index.ts";
import type { BuildContext } from "./context.ts";
import { LABELS } from "./labels.ts";
import { containerName } from "./leftovers.ts";

/** The version of the Python, and of what installs packages for it: 12 hexadecimal digits. */
export function installerRecipe({
  python,
  requirements: { manager },
}: Pick<Source, "python" | "requirements">): string {
  return manager === "pip" ? pythonRecipe(python) : toolRecipe(python, manager);
}

/** What packages are installed with: the image that apps are made of, and what is there only meanwhile. */
export interface Installer extends AsyncDisposable {
  readonly image: string;
  /** Containers whose volumes hold the package manager. */
  readonly tools: readonly string[];
}

/** Gets the Python of an app and what installs its packages. */
export async function ensureInstaller(build: BuildContext, { python, requirements }: Source): Promise<Installer> {
  const { docker, platform, heading, signal } = build;
  const image = await ensurePythonImage(docker, platform, python, heading, signal);
  const { manager } = requirements;
  if (manager === "pip") return { image, tools: [], [Symbol.asyncDispose]: async () => {} };
  const from = await ensureToolImage(docker, platform, python, manager, heading, signal);
  const lender = await lend(build, from);
  return { image, tools: [`${lender.id}:ro`], [Symbol.asyncDispose]: () => lender.remove({ force: true, v: true }) };
}

/** A container that never runs: Docker fills its volume with what the image has there. */
function lend({ docker, platform, app }: BuildContext, image: string): Promise<Docker.Container> {
  return docker.createContainer({
    name: `${containerName(platform, app)}.tool`,
    Image: image,
    Cmd: ["true"],
    Labels: { [LABELS.platform]: platform },
    HostConfig: { Mounts: [{ Type: "volume", Source: "", Target: "/opt/tool" }] },
  });
}
