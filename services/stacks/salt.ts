import { readFile } from "node:fs/promises";
import { isMap, parseDocument } from "yaml";
import { writeFileAtomic } from "../../engine/src/state/files.ts";
import { type Project, readStackFiles } from "./project.ts";

/**
 * Gives the file of a stack that is about to be made the salt of those beside it, the platform's before all. One key
 * then opens the secrets of all of them: to derive one takes a third of a second, and the `up` of an app, which reads
 * its platform's outputs, would need two.
 */
export async function shareSalt(project: Project, stack: string): Promise<void> {
  const files = await readStackFiles(project);
  const own = files.find((file) => file.stack === stack);
  const salt = files.find((file) => file.salt !== undefined)?.salt;
  if (own === undefined || own.salt !== undefined || salt === undefined) return;
  const document = parseDocument(await readFile(own.path, "utf8"));
  if (!isMap(document.contents)) return;
  document.contents.items.unshift(document.createPair("encryptionsalt", salt));
  await writeFileAtomic(own.path, document.toString({ lineWidth: 0 }), { mode: 0o644 });
}
