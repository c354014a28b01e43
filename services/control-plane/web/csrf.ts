import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** The hidden field of every form. */
export const CSRF_FIELD = "_csrf";

/**
 * What a form must carry to be taken from a browser with this cookie. It follows from the cookie, which nobody else can
 * read, and does not give it away, so that nothing has to be kept.
 *
 * @param secret the value of the session's cookie, or of a visitor's
 */
export function csrfToken(secret: string): string {
  return createHmac("sha256", secret).update("dynoform form").digest("base64url");
}

export function isCsrfToken(secret: string | undefined, token: string | null): boolean {
  if (secret === undefined || token === null) return false;
  const [wanted, given] = [Buffer.from(csrfToken(secret)), Buffer.from(token)];
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}

/**
 * Whether a form comes from one of this site's own pages, as the browser says it. Apps are on the same site (another
 * name below the domain), so that `SameSite` alone would not keep theirs out.
 *
 * @param secure whether this site is served over HTTPS alone: a page that came in clear is somebody's on the way then
 */
export function isSameOrigin(headers: IncomingHttpHeaders, secure: boolean): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  const { origin, host } = headers;
  if (origin === undefined) return site !== undefined;
  return host !== undefined && ((!secure && origin === `http://${host}`) || origin === `https://${host}`);
}
