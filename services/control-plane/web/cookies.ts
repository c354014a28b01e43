import type { IncomingHttpHeaders } from "node:http";

/** Who is logged in. */
export const SESSION_COOKIE = "dynoform_session";
/** Ties the forms of somebody who is not logged in to their browser. */
export const VISITOR_COOKIE = "dynoform_visitor";

/** A cookie that a page sets. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Seconds; undefined: as long as the browser runs. */
  readonly maxAge?: number;
}

export function clearCookie(name: string): Cookie {
  return { name, value: "", maxAge: 0 };
}

/**
 * What a browser calls a cookie. Over HTTPS its name says that it was set here, for this host alone and over HTTPS: apps are on
 * the same site, and could set any other for all names below the domain.
 */
function calledIn(name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name;
}

/** For scripts to leave alone, sent only with what this site's own pages and links ask for. */
export function cookieHeader({ name, value, maxAge }: Cookie, secure: boolean): string {
  const age = maxAge === undefined ? "" : `; Max-Age=${maxAge}`;
  return `${calledIn(name, secure)}=${value}; Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}${age}`;
}

/** @returns undefined when it is absent, or nothing that we would have set */
export function readCookie(headers: IncomingHttpHeaders, name: string, secure: boolean): string | undefined {
  const called = calledIn(name, secure);
  for (const pair of (headers.cookie ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at < 0 || pair.slice(0, at).trim() !== called) continue;
    const value = pair.slice(at + 1).trim();
    if (/^[A-Za-z0-9_.~-]{16,256}$/.test(value)) return value;
  }
  return undefined;
}
