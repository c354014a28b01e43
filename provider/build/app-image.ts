import type Docker from "dockerode";
import type { Source } from "../../sources/index.ts";
import { putFiles } from "./archive.ts";
import type { BuildContext } from "./context.ts";
import { type BuiltImage, commit } from "./images.ts";
import type { Installed } from "./install.ts";
import { LABELS } from "./labels.ts";
import { containerName } from "./leftovers.ts";
import { ensureInstaller } from "./package-manager.ts";
import { ensurePackages, putPipfile, runSteps, tellingPython } from "./packages.ts";
import type { Step } from "./steps.ts";
import { putSubmodules } from "./submodules.ts";

/** Where images/python/build puts NLTK's corpora. */
const NLTK_DATA = "NLTK_DATA=/app/.heroku/python/nltk_data";

/** What an app's image is called, and the digest of the source that it must be made of. */
interface AppImage {
  readonly repository: string;
  readonly key: string;
  readonly digest: string;
  /** The id of the build's record. */
  readonly record: string;
}

/**
 * Makes an app's image: its code on top of its packages, and then what Heroku runs at the end of a build. Where something
 * of the app's own decides what is installed, all is done in one container, anew at each build.
 */
export async function makeAppImage(build: BuildContext, source: Source, image: AppImage): Promise<BuiltImage> {
  const hooks = (name: string) => source.tree.entries.some(({ path }) => path === `bin/${name}`);
  const submodules: Step[] = source.submodules.length > 0 ? ["submodules"] : [];
  const post: Step[] = hooks("post_compile") ? ["post_compile"] : [];
  const put = (container: Docker.Container) => putSource(container, build, source, image);
  if (hooks("pre_compile") || (submodules.length > 0 && source.requirements.local)) {
    const steps: Step[] = [...submodules, "pre_compile", "packages", "nltk", "collectstatic", ...post];
    const prepare = async (container: Docker.Container) => {
      await put(container);
      await putPipfile(container, source);
    };
    const work = { steps, prepare, command: source.requirements.command };
    await using installer = await ensureInstaller(build, source);
    await using done = await runSteps({ ...build, ...tellingPython(build, source) }, installer, work);
    return await commitApp(build, done, image);
  }
  const packages = await ensurePackages(build, source);
  // A container of its own takes a second, so nothing runs where nothing would be done.
  const known: Step[] = packages.labels[LABELS.modules] ? ["nltk", "collectstatic"] : [];
  const steps = [...submodules, ...known, ...post];
  if (steps.length === 0) return addCode(build, packages, put, image);
  await using done = await runSteps(build, { image: packages.id, tools: [] }, { steps, prepare: put });
  return await commitApp(build, done, image);
}

function labelsOf({ platform, app }: BuildContext, { record }: AppImage): Record<string, string> {
  return { [LABELS.platform]: platform, [LABELS.app]: app, [LABELS.record]: record };
}

function commitApp(build: BuildContext, { container, corpora }: Installed, image: AppImage): Promise<BuiltImage> {
  build.signal.throwIfAborted();
  return commit(container, image.repository, image.key, labelsOf(build, image), corpora ? [NLTK_DATA] : []);
}

/** Copies the code onto the packages. Nothing runs, so this takes a fraction of a second. */
async function addCode(
  build: BuildContext,
  packages: BuiltImage,
  put: (container: Docker.Container) => Promise<void>,
  image: AppImage,
): Promise<BuiltImage> {
  const { docker, platform, app } = build;
  const labels = labelsOf(build, image);
  const container = await docker.createContainer({
    name: containerName(platform, app),
    Image: packages.id,
    Labels: labels,
  });
  try {
    await put(container);
    build.signal.throwIfAborted();
    return await commit(container, image.repository, image.key, labels);
  } finally {
    await container.remove({ force: true, v: true });
  }
}

/** @throws Error when the files are not those that were declared */
async function putSource(
  container: Docker.Container,
  { app }: BuildContext,
  source: Source,
  image: AppImage,
): Promise<void> {
  const digest = await putFiles(container, "/app", (files) => files.tree(source.tree)).catch(() => undefined);
  if (digest !== image.digest) {
    throw new Error(
      `the source of ${app} in ${source.tree.root} has changed while it was built; run the same command again`,
    );
  }
  await putSubmodules(container, source.submodules);
}
