import type { SourceProblems } from "../problems.ts";
import { hasFile } from "../text.ts";
import type { SourceTree } from "../tree.ts";
import { LocalFiles, type Requirements } from "./requirements.ts";
import { isRecord, isTable, readToml } from "./toml.ts";

/** What Poetry installs: a `poetry.lock`, and the project itself unless it says `package-mode = false`. */
export function readPoetry(tree: SourceTree, problems: SourceProblems): Requirements {
  const found = new LocalFiles(tree);
  found.add("poetry.lock", "pyproject.toml");
  if (hasFile(tree, "poetry.toml")) found.add("poetry.toml");
  const lock = readToml(tree, "poetry.lock", "make it again with: poetry lock", problems);
  for (const entry of Array.isArray(lock?.package) ? lock.package : []) {
    const source = isTable(entry) ? entry.source : undefined;
    if (!isTable(source) || typeof source.url !== "string") continue;
    if (source.type === "file" || source.type === "directory") found.addPackage(source.url);
  }
  if (!hasFile(tree, "pyproject.toml")) problems.add("poetry.lock", "has no pyproject.toml beside it; commit that too");
  const project = readToml(tree, "pyproject.toml", "mend the line", problems);
  const settings = isTable(project?.tool) ? project.tool.poetry : undefined;
  if (!isRecord(settings) || settings["package-mode"] !== false) found.addAll();
  const quiet = ["--compile", "--no-ansi", "--no-interaction"];
  return { manager: "poetry", ...found.found, command: ["poetry", "sync", "--only", "main", ...quiet] };
}
