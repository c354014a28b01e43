import { copyFile, mkdir, symlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../../lib/errors.ts";
import { isRecord } from "../../lib/validation/readers.ts";
import { APP } from "../../model/stack/keys.ts";
import type { PlatformTarget, Project, StackFile } from "../../model/stack/project.ts";
import { checkOut } from "../../sources/git/checkout.ts";
import { repositoryPath } from "../../sources/git/repository.ts";
import { SourceProblems } from "../../sources/problems.ts";
import { listTree } from "../../sources/tree.ts";

/**
 * Copies what an app is built of, be it a folder or a commit of its own repository.
 *
 * @param to the folder for it
 * @returns whether it has any
 */
export async function copySource(
  project: Project,
  platforms: readonly PlatformTarget[],
  { stack, config }: StackFile,
  to: string,
): Promise<boolean> {
  const app = config[APP];
  const source = isRecord(app) && isRecord(app.source) ? app.source : undefined;
  const root = source && rootOf(project, platforms, stack, app as Record<string, unknown>, source);
  if (root === undefined) return false;
  const problems = new SourceProblems();
  const { entries } = listTree(root, problems);
  problems.check();
  for (const { path, kind, target = "" } of entries) {
    const place = join(to, path);
    await mkdir(dirname(place), { recursive: true });
    if (kind === "link") await symlink(target, place);
    else if (kind === "submodule")
      throw new UserError(
        `${stack}: the submodule ${path} is not part of an export. Say --no-sources, and take the code yourself.`,
      );
    else await copyFile(join(root, path), place);
  }
  return true;
}

function rootOf(
  project: Project,
  platforms: readonly PlatformTarget[],
  stack: string,
  app: Readonly<Record<string, unknown>>,
  source: Readonly<Record<string, unknown>>,
): string | undefined {
  if (typeof source.path === "string") return resolve(project.directory, source.path);
  if (typeof source.commit !== "string") return undefined;
  const id = String(app.id ?? app.name ?? stack);
  const [platform] = platforms;
  if (platform === undefined)
    throw new UserError(`${stack}: its commits are in the folder of a platform, and no stack file declares one.`);
  const { directory } = platform;
  return checkOut(directory, id, repositoryPath(directory, id), source.commit);
}
