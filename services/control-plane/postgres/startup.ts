/** The beginning of a conversation with Postgres (its protocol, version 3). */
type Startup =
  | { readonly kind: "tls" | "gss" | "cancel" | "unknown" }
  | { readonly kind: "session"; readonly database: string; readonly isReplication: boolean };

/** Bytes of the longest that Postgres takes. */
const LONGEST = 10_000;

/** What stands where a version would. */
const CODES: Readonly<Record<number, "tls" | "gss" | "cancel">> = {
  80877103: "tls",
  80877104: "gss",
  80877102: "cancel",
};

/**
 * Reads the first message of a client.
 *
 * @returns undefined: it is not whole yet
 */
export function startupOf(data: Buffer): { readonly startup: Startup; readonly length: number } | undefined {
  if (data.length < 8) return undefined;
  const [length, code] = [data.readUInt32BE(0), data.readUInt32BE(4)];
  if (length < 8 || length > LONGEST) return { startup: { kind: "unknown" }, length: data.length };
  if (data.length < length) return undefined;
  const special = CODES[code];
  if (special !== undefined) return { startup: { kind: special }, length };
  if (code >>> 16 !== 3) return { startup: { kind: "unknown" }, length };
  return { startup: session(data.subarray(8, length)), length };
}

function session(data: Buffer): Startup {
  const texts = data.toString("utf8").split("\0");
  const settings = new Map<string, string>();
  for (let at = 0; at + 1 < texts.length && texts[at] !== ""; at += 2)
    settings.set(texts[at] ?? "", texts[at + 1] ?? "");
  const database = settings.get("database") || (settings.get("user") ?? "");
  return { kind: "session", database, isReplication: settings.has("replication") };
}

/** What Postgres says to whom it does not let in. */
export function refusal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeUInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
