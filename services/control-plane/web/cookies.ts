import type { IncomingHttpHeaders } from "node:http";

/** Who is logged in. */
export const SESSION_COOKIE = "dynoform_session";
/** Ties the forms of somebody who is not logged in to their browser. */
export const VISITOR_COOKIE = "dynoform_visitor";

/** A cookie for scripts to leave alone, sent only with what this site's own pages and links ask for. */
export function setCookie(name: string, value: string, options: { readonly maxAge?: number } = {}): string {
  const age = options.maxAge === undefined ? "" : `; Max-Age=${options.maxAge}`;
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${age}`;
}

export function clearCookie(name: string): string {
  return setCookie(name, "", { maxAge: 0 });
}

/** @returns undefined when it is absent, or nothing that we would have set */
export function readCookie(headers: IncomingHttpHeaders, name: string): string | undefined {
  for (const pair of (headers.cookie ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at < 0 || pair.slice(0, at).trim() !== name) continue;
    const value = pair.slice(at + 1).trim();
    if (/^[A-Za-z0-9_.~-]{16,256}$/.test(value)) return value;
  }
  return undefined;
}
