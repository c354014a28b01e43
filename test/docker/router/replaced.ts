import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../../lib/package-root.ts";

/** A file of the router's with other content, as a bind mount over the image's. */
export async function replaced(directory: string, path: string, edit: (text: string) => string): Promise<string> {
  const file = join(directory, path.replaceAll("/", "-"));
  const text = await readFile(join(packageRoot(), "services/router", path), "utf8");
  assert.notEqual(edit(text), text, `${path} is as it was`);
  await writeFile(file, edit(text));
  const target = path.replace(/^lua\//, "/usr/share/dynoform/router/").replace(/^nginx/, "/etc/dynoform/nginx");
  return `${file}:${target}:ro`;
}
