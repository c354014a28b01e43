/** Bytes of a line, as on Heroku; what is longer becomes several lines. */
export const LINE_BYTES = 10_000;

/** A text as lines: cut at line breaks and, where one is too long, between characters. */
export function linesOf(text: string): string[] {
  const lines = text.includes("\n") ? text.split("\n").map(withoutReturn) : [withoutReturn(text)];
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines.flatMap((line) => {
    // A character has at most three bytes for each of its units.
    if (line.length * 3 <= LINE_BYTES) return [line];
    const bytes = Buffer.from(line);
    const pieces: string[] = [];
    let at = 0;
    for (; bytes.length - at > LINE_BYTES; ) {
      const end = cutBefore(bytes, at + LINE_BYTES);
      pieces.push(bytes.toString("utf8", at, end));
      at = end;
    }
    return [...pieces, bytes.toString("utf8", at)];
  });
}

/** The last place at or before `end` that is not inside a character. */
export function cutBefore(bytes: Buffer, end: number): number {
  for (let at = end; at > end - 4 && at > 0; at--) {
    if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return at;
  }
  return end; // no UTF-8 anyway
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
