import { readFile } from "node:fs/promises";
import { isMap, isPair, isScalar, LineCounter, parseDocument } from "yaml";

/** `dynoform:app.formation.web.size` and the like, as our messages name what is wrong. */
const PATH = /dynoform:[\w-]+(?:\.[\w-]+)*/;

/** The line of a stack file that a message is about; undefined: it does not say. */
export async function lineOf(path: string, message: string): Promise<number | undefined> {
  const [named] = PATH.exec(message) ?? [];
  if (named === undefined) return undefined;
  const text = await readFile(path, "utf8").catch(() => "");
  return lineOfSetting(text, named);
}

/** The line of the setting, or of the innermost that is there of those around it. */
export function lineOfSetting(text: string, setting: string): number | undefined {
  const lines = new LineCounter();
  let node: unknown = parseDocument(text, { lineCounter: lines }).get("config", true);
  let offset: number | undefined;
  for (const key of setting.split(".")) {
    if (!isMap(node)) break;
    const pair = node.items.find((each) => isPair(each) && isScalar(each.key) && String(each.key.value) === key);
    if (pair === undefined) break;
    offset = isScalar(pair.key) ? pair.key.range?.[0] : offset;
    node = pair.value;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}
