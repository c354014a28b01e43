/** Paths into structured values: `a.b[0]["c.d"]`. */
import { UserError } from "./errors.ts";

export type PropertyPath = readonly (string | number)[];

/** @throws UserError when the text is no path */
export function parsePath(text: string): PropertyPath {
  const path: (string | number)[] = [];
  const part = /\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|(\.?)([^.[\]]+)/y;
  while (part.lastIndex < text.length) {
    const start = part.lastIndex;
    const match = part.exec(text);
    const needsDot = start > 0 && match?.[4] !== undefined;
    if (match === null || (match[3] === "." && start === 0) || (needsDot && match[3] !== ".")) {
      throw new UserError(
        `invalid configuration key: '${text}' is no property path (an example: 'outer.list[0]["a key"]')`,
      );
    }
    if (match[1] !== undefined) path.push(Number(match[1]));
    else if (match[2] !== undefined) path.push(JSON.parse(`"${match[2]}"`) as string);
    else path.push(match[4] as string);
  }
  if (path.length === 0) throw new UserError("invalid configuration key: a property path may not be empty");
  return path;
}

/** The path as text, for messages. */
export function formatPath(path: PropertyPath): string {
  const parts = path.map((part, index) => {
    if (typeof part === "number") return `[${part}]`;
    if (!/^[^.[\]"]+$/.test(part)) return `[${JSON.stringify(part)}]`;
    return index === 0 ? part : `.${part}`;
  });
  return parts.join("");
}
