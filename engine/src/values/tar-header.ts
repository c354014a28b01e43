/**
 * Headers of a tar as Go's `archive/tar` writes them for files without owner and time: an archive's hash is taken over
 * these bytes, and a state has to mean the same to both engines.
 */
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
export const BLOCK_BYTES = 512;

/** The header blocks of a file: one, or three where its name needs an extended header. */
export function tarHeader(name: string, size: number): Buffer {
  const bytes = Buffer.from(name);
  const split = splitName(name);
  if (isAscii(name) && (bytes.length <= NAME_BYTES || split)) {
    return block({
      name: split?.name ?? name,
      prefix: split?.prefix ?? "",
      size,
      type: "0",
      mode: 0o600,
      devices: true,
    });
  }
  const record = paxRecord("path", name);
  const slash = name.lastIndexOf("/");
  const folder = slash < 0 ? "" : name.slice(0, slash + 1);
  const special = ascii(`${folder}PaxHeaders.0/${name.slice(slash + 1)}`)
    .slice(0, NAME_BYTES)
    .replace(/\/+$/, "");
  return Buffer.concat([
    block({ name: special, prefix: "", size: record.length, type: "x", mode: 0, devices: false }),
    padded(record),
    block({ name: ascii(name), prefix: "", size, type: "0", mode: 0o600, devices: true }),
  ]);
}

/** Zeros up to the end of the block in which so many bytes end. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}

interface Fields {
  readonly name: string;
  readonly prefix: string;
  readonly size: number;
  readonly type: "0" | "x";
  readonly mode: number;
  /** Whether it has device numbers, which are 0. */
  readonly devices: boolean;
}

function block({ name, prefix, size, type, mode, devices }: Fields): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const number = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  header.write(name.slice(0, NAME_BYTES), 0, "latin1");
  if (name.length > NAME_BYTES) header.fill(0, name.slice(0, NAME_BYTES).replace(/\/+$/, "").length, NAME_BYTES);
  number(mode, 100, 8);
  number(0, 108, 8);
  number(0, 116, 8);
  number(size, 124, 12);
  number(0, 136, 12);
  header.write(type, 156, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  if (devices) {
    number(0, 329, 8);
    number(0, 337, 8);
  }
  header.write(prefix, 345, "latin1");
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

/** A long name in two parts that fit, if there is a slash for it. */
function splitName(name: string): { prefix: string; name: string } | undefined {
  if (name.length <= NAME_BYTES) return undefined;
  const slash = name.slice(0, PREFIX_BYTES + 1).lastIndexOf("/");
  const rest = name.slice(slash + 1);
  if (slash <= 0 || rest.length > NAME_BYTES || rest.length === 0) return undefined;
  return { prefix: name.slice(0, slash), name: rest };
}

/** `LENGTH KEY=VALUE` and a line's end, where the length counts its own digits. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, tarPadding(data.length)]);
}

function isAscii(text: string): boolean {
  return ascii(text) === text;
}

function ascii(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL ends a name, all other ASCII may be in one.
  return text.replace(/[^\x01-\x7f]/gu, "");
}
