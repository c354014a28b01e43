import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../lib/package-root.ts";

/** Makes one of the engine's providers a plugin of the real CLI, in a folder for Pulumi.yaml: none can be had from anywhere. */
export async function writePlugin(folder: string, name: string): Promise<void> {
  const engine = join(packageRoot(), "engine");
  const path = join(folder, `pulumi-resource-${name}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "type": "module" }\n');
  await writeFile(
    path,
    `#!/usr/bin/env node
import { servePlugin } from ${JSON.stringify(join(engine, "src", "plugin", "serve.ts"))};
import { createProvider } from ${JSON.stringify(join(engine, "providers", name, "index.ts"))};
await servePlugin(createProvider());
`,
  );
  await chmod(path, 0o755);
}
