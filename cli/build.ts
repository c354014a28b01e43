/**
 * Compiles a package to its dist/: Node refuses TypeScript below node_modules, where it will lie.
 *
 * Usage: node build.ts [FOLDER], by default the package of this repository's root
 */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { packageRoot } from "../lib/package-root.ts";

const root = packageRoot();
process.chdir(resolve(root, process.argv[2] ?? "."));
rmSync("dist", { recursive: true, force: true });
const tsc = join(root, "node_modules", ".bin", "tsc");
const { status } = spawnSync(tsc, ["-p", "tsconfig.build.json"], { stdio: "inherit" });
// A real Pulumi CLI starts a provider by this file, in the folder that Pulumi.yaml names.
const plugin = join("provider", "pulumi-resource-dyno");
if (existsSync(plugin)) {
  copyFileSync(plugin, join("dist", plugin));
  chmodSync(join("dist", plugin), 0o755);
}
process.exit(status ?? 1);
