import { readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { parseDocument } from "yaml";
import { packageRoot } from "../../lib/package-root.ts";
import type { Project } from "../../model/stack/project.ts";
import type { Say } from "../steps.ts";

/**
 * Names our provider in Pulumi.yaml where it is missing, as in a project that has us as a dependency:
 * Pulumi would look for it on the internet otherwise. Comments and order of the file stay.
 */
export async function declareProvider(project: Project, say: Say): Promise<void> {
  const path = `./${relative(project.directory, join(packageRoot(), "dist", "provider"))}`;
  const text = await readFile(project.file, "utf8");
  const amended = withProvider(text, path);
  if (amended === text) return;
  await writeFile(project.file, amended);
  say(`wrote the provider "dyno" at ${path} into ${project.file}`);
}

/** @param text of Pulumi.yaml */
export function withProvider(text: string, path: string): string {
  const document = parseDocument(text);
  const providers: unknown = document.toJS()?.plugins?.providers;
  if (Array.isArray(providers) && providers.some((provider) => provider?.name === "dyno")) return text;
  if (Array.isArray(providers)) document.addIn(["plugins", "providers"], document.createNode({ name: "dyno", path }));
  else document.setIn(["plugins", "providers"], document.createNode([{ name: "dyno", path }]));
  return document.toString();
}
