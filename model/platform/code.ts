import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join, relative } from "node:path";
import { packageRoot } from "../../lib/package-root.ts";

/** Where our modules lie: the package's root, or `dist` below it in a published package. */
const root = dirname(dirname(import.meta.dirname));

/** What the control plane's container runs. */
export function controlPlaneModule(): string {
  return modulePath("services/control-plane/main");
}

/** What a run of Pulumi in the runner's container runs. */
export function runnerModule(): string {
  return modulePath("services/runner/main");
}

/** The path of one of our modules as Node runs it. @param name without its ending */
function modulePath(name: string): string {
  return join(root, `${name}${extname(import.meta.filename)}`);
}

/** Npm's own Node, which the package depends on: an image has none, and the machine's may be too old. */
export function nodePath(): string {
  const manifest = createRequire(join(packageRoot(), "package.json")).resolve("node/package.json");
  return join(dirname(manifest), "bin", "node");
}

/** What a running control plane is made of; another version of it is another hash. */
const PARTS = ["services", "infra", "provider", "sources", "model", "images", "lib", "engine/src", "engine/providers"];

/** What it sends to browsers, which it reads once. */
const ASSETS = "services/control-plane/web/assets";

/** The version of our code: 12 hexadecimal digits of a SHA-256 over its files' names and texts, wherever they lie. */
export function codeVersion(): string {
  const hash = createHash("sha256").update(readFileSync(join(packageRoot(), "package.json")));
  for (const file of PARTS.flatMap((part) => modules(join(root, part))).sort()) {
    hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
  }
  for (const file of files(join(packageRoot(), ASSETS)).sort()) {
    hash.update(`\0${relative(packageRoot(), file)}\0`).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 12);
}

function modules(folder: string): string[] {
  return files(folder).filter((file) => /(?<!\.d)\.[jt]s$/.test(file));
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
