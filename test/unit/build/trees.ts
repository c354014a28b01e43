import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A file's content, or the target of a link, or the content of an executable. */
export type Content = string | Buffer | { readonly link: string } | { readonly executable: string };

/** A source tree in a temporary folder, removed at the end of its block. */
export function sourceTree(files: Readonly<Record<string, Content>>): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "dynoform-tree-"));
  for (const [name, content] of Object.entries(files)) {
    const file = join(path, name);
    mkdirSync(dirname(file), { recursive: true });
    if (typeof content === "string" || Buffer.isBuffer(content)) writeFileSync(file, content);
    else if ("link" in content) symlinkSync(content.link, file);
    else {
      writeFileSync(file, content.executable);
      chmodSync(file, 0o755);
    }
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** What every app needs; a test adds what it is about. */
export const MINIMAL = { Procfile: "web: uwsgi uwsgi.ini\n", "requirements.txt": "flask\n" };
