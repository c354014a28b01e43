import { realpathSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { isRecord } from "../../../lib/validation/readers.ts";
import { APP } from "../../../model/stack/keys.ts";
import type { Project, StackFile } from "../../../model/stack/project.ts";
import type { Change } from "./git.ts";

/** Why a stack is looked at. `source`: the folder that an app is made of; `asked`: it was named. */
export type Reason = "file" | "program" | "source" | "asked";

export interface Touched {
  readonly file: StackFile;
  readonly reason: Reason;
}

interface Looked {
  /** In the order of an `up`. */
  readonly touched: readonly Touched[];
  /** Stacks whose file is gone. */
  readonly removed: readonly string[];
  /** Whether the program that makes the resources is another. */
  readonly program: boolean;
}

/** What no program reads: prose, and what other tools are told. */
const ASIDE = /\.(md|txt|png|svg|jpg)$|(^|\/)\.[^/]|^(LICENSE|CODEOWNERS|docs\/)/;

/**
 * Which stacks a change touches. What is neither a stack file, nor an app's source, nor prose counts as the program's, which
 * touches all: a stack that is previewed in vain does no harm, one that is left out does.
 */
export function touchedBy(change: Change, project: Project, files: readonly StackFile[]): Looked {
  const below = (folder: string) => relative(change.root, realpathSync(folder)).split(sep).join("/");
  const projectFolder = below(project.directory);
  const stackFolder = below(project.stackDirectory);
  const sources = new Map(files.map((file) => [file.stack, sourceOf(file, project, change.root)]));
  const reasons = new Map<string, Reason>();
  const removed: string[] = [];
  let program = false;
  for (const { path, gone } of change.files) {
    const stack = stackOf(path, stackFolder);
    if (stack !== undefined) {
      if (files.some((file) => file.stack === stack)) reasons.set(stack, "file");
      else if (gone) removed.push(stack);
      continue;
    }
    const owners = files.filter(({ stack: each }) => isBelow(path, sources.get(each)));
    for (const { stack: owner } of owners) if (!reasons.has(owner)) reasons.set(owner, "source");
    program ||= owners.length === 0 && isBelow(path, projectFolder) && !ASIDE.test(path);
  }
  const touched = files.flatMap((file): Touched[] => {
    const reason = reasons.get(file.stack) ?? (program ? "program" : undefined);
    return reason === undefined ? [] : [{ file, reason }];
  });
  return { touched, removed, program };
}

function stackOf(path: string, folder: string): string | undefined {
  const name = folder === "" ? path : path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : "/";
  return /^Pulumi\.([^/]+)\.ya?ml$/.exec(name)?.[1];
}

/** From the repository's folder; undefined: no source, or one elsewhere, such as commits that were pushed. */
function sourceOf({ config }: StackFile, project: Project, root: string): string | undefined {
  const app = config[APP];
  const source = isRecord(app) ? app.source : undefined;
  if (!isRecord(source) || typeof source.path !== "string") return undefined;
  const path = relative(root, resolve(join(realpathSync(project.directory)), source.path))
    .split(sep)
    .join("/");
  return path.startsWith("../") || path === "" ? undefined : path;
}

function isBelow(path: string, folder: string | undefined): boolean {
  return folder !== undefined && (folder === "" || path === folder || path.startsWith(`${folder}/`));
}
