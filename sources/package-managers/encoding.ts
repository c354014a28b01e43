/** By which bytes pip tells a file's encoding, longest first. */
const MARKS: readonly [mark: readonly number[], encoding: string][] = [
  [[0xff, 0xfe, 0, 0], "utf-32le"],
  [[0, 0, 0xfe, 0xff], "utf-32be"],
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xff, 0xfe], "utf-16le"],
  [[0xfe, 0xff], "utf-16be"],
];

/**
 * A requirements file's text as pip decodes it: by its byte order mark, by a comment `# -*- coding: … -*-` in its first
 * two lines, else as UTF-8.
 */
export function decodeRequirements(bytes: Buffer): string {
  const [mark, encoding] = MARKS.find(([mark]) => mark.every((byte, index) => bytes[index] === byte)) ?? [
    [],
    undefined,
  ];
  const content = bytes.subarray(mark.length);
  if (encoding?.startsWith("utf-32")) return decodeUtf32(content, encoding === "utf-32le");
  return decode(content, encoding ?? declared(content) ?? "utf-8");
}

function declared(content: Buffer): string | undefined {
  const lines = content
    .subarray(0, 1000)
    .toString("latin1")
    .split(/\r\n|\r|\n/, 2);
  for (const line of lines) {
    const [, encoding] = /^#.*coding[:=]\s*([-\w.]+)/.exec(line) ?? [];
    if (encoding !== undefined) return encoding;
  }
  return undefined;
}

function decode(content: Buffer, encoding: string): string {
  try {
    return new TextDecoder(encoding, { ignoreBOM: true }).decode(content);
  } catch {
    return content.toString("latin1"); // one that only Python knows; paths are ASCII in most
  }
}

function decodeUtf32(content: Buffer, little: boolean): string {
  let text = "";
  for (let at = 0; at + 4 <= content.length; at += 4) {
    const code = little ? content.readUInt32LE(at) : content.readUInt32BE(at);
    text += code <= 0x10ffff ? String.fromCodePoint(code) : "\uFFFD";
  }
  return text;
}
