/** What a connection begins with. */
type Beginning =
  | { readonly kind: "http" }
  | { readonly kind: "rendezvous"; readonly secret: string; readonly rest: Buffer };

/** Characters that a secret has at most. */
const LONGEST = 128;

/**
 * Tells `<secret>\r\n` from an HTTP request, whose first line has blanks.
 *
 * @returns undefined: it is too little to know
 */
export function beginning(data: Buffer): Beginning | undefined {
  const text = data.subarray(0, LONGEST + 2).toString("latin1");
  const [line, secret = ""] = /^([\w-]+)\r?\n/.exec(text) ?? [];
  if (line !== undefined) return { kind: "rendezvous", secret, rest: data.subarray(line.length) };
  if (/^[\w-]*\r?$/.test(text) && text.length < LONGEST) return undefined;
  return { kind: "http" };
}
