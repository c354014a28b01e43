import { chmod, writeFile } from "node:fs/promises";

/** Writes a secret for its owner alone, unless the file is there: it is never written over. */
export async function writeOnce(path: string, content: string): Promise<void> {
  try {
    await writeFile(path, content, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    await chmod(path, 0o600);
  }
}
