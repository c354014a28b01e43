import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

let found: string | undefined;

/** The folder of our package.json: what is no TypeScript (Dockerfiles, Lua, the dyno's init) lies below it, compiled or not. */
export function packageRoot(): string {
  found ??= search(dirname(fileURLToPath(import.meta.url)));
  return found;
}

function search(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).name === "dynoform") return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json of dynoform above ${from}`);
  }
}
