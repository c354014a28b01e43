/** Compiles the package to dist/: Node refuses TypeScript below node_modules, where it will lie. */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../images/package-root.ts";

process.chdir(packageRoot());
rmSync("dist", { recursive: true, force: true });
const { status } = spawnSync(join("node_modules", ".bin", "tsc"), ["-p", "tsconfig.build.json"], { stdio: "inherit" });
// A real Pulumi CLI starts a provider by this file, in the folder that Pulumi.yaml names.
const plugin = join("provider", "pulumi-resource-dyno");
copyFileSync(plugin, join("dist", plugin));
chmodSync(join("dist", plugin), 0o755);
process.exit(status ?? 1);
