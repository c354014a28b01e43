/** A text whose blocks are to be followed from top to bottom, as a reader does. */

/** What a reader does with a block: types it into a shell, or writes it into a file. */
type Block =
  | { readonly kind: "shell"; readonly text: string }
  | { readonly kind: "file"; readonly path: string; readonly text: string };

/** The blocks of a Markdown text. A file is named by the last code word before its block. */
export function blocksOf(markdown: string): Block[] {
  const fences = [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return fences.map(({ 1: language, 2: text = "", index }) => {
    if (language === "sh") return { kind: "shell", text };
    const path = [...markdown.slice(0, index).matchAll(/`([^`\n]+)`:\n\n/g)].findLast(
      (named) => named.index + named[0].length === index,
    )?.[1];
    if (path === undefined) throw new Error(`nothing names the file of this block:\n${text}`);
    return { kind: "file", path, text };
  });
}
