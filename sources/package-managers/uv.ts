import { posix } from "node:path";
import type { SourceProblems } from "../problems.ts";
import { hasFile } from "../text.ts";
import type { SourceTree } from "../tree.ts";
import { LocalFiles, type Requirements } from "./requirements.ts";
import { isTable, readToml } from "./toml.ts";

/** What uv installs: a `uv.lock`, and the project itself if it is a package. */
export function readUv(tree: SourceTree, problems: SourceProblems): Requirements {
  const found = new LocalFiles(tree);
  found.add("uv.lock", "pyproject.toml");
  if (hasFile(tree, "uv.toml")) found.add("uv.toml");
  const lock = readToml(tree, "uv.lock", "make it again with: uv lock", problems);
  for (const entry of Array.isArray(lock?.package) ? lock.package : []) {
    if (isTable(entry) && isTable(entry.source)) addSource(entry.source, tree, found);
  }
  if (!hasFile(tree, "pyproject.toml")) problems.add("uv.lock", "has no pyproject.toml beside it; commit that too");
  const project = readToml(tree, "pyproject.toml", "mend the line", problems);
  // What is dynamic is found out by building.
  if (isTable(project?.project) && project.project.dynamic !== undefined) found.addAll();
  const quiet = ["--compile-bytecode", "--no-progress"];
  return { manager: "uv", ...found.found, command: ["uv", "sync", "--locked", "--no-default-groups", ...quiet] };
}

/** Where a locked package comes from: a folder or file of the tree, or elsewhere. */
function addSource(source: Readonly<Record<string, unknown>>, tree: SourceTree, found: LocalFiles): void {
  const { editable, directory, path, virtual, registry } = source;
  for (const target of [editable, directory, path]) if (typeof target === "string") found.addPackage(target);
  // Of a project that is no package, only what it says of itself is read.
  if (typeof virtual === "string") {
    const project = posix.join(virtual, "pyproject.toml");
    if (hasFile(tree, project)) found.add(project);
  }
  if (typeof registry === "string") found.addFolder(registry);
}
