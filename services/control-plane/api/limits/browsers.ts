import type { IncomingHttpHeaders } from "node:http";
import { ApiError } from "../errors.ts";

/** This machine's own names. */
export const THIS_MACHINE: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Refuses what a page of somebody else makes a browser send: under a name that is not ours, which is how a page whose
 * name leads to 127.0.0.1 reads answers (DNS rebinding), or from another origin. Programs send neither.
 */
export class BrowserGuard {
  readonly #names: ReadonlySet<string>;

  /** @param names of this server, e.g. `dashboard.localhost` */
  constructor(names: readonly string[]) {
    this.#names = new Set(names);
  }

  /** Both checks at once. */
  admits(headers: IncomingHttpHeaders): boolean {
    return this.isOwn(headers) && !isForeign(headers);
  }

  /** @throws ApiError 421 */
  checkHost(headers: IncomingHttpHeaders): void {
    if (this.isOwn(headers)) return;
    const wanted = "Ask 127.0.0.1 or localhost, through a forwarded port if need be.";
    throw new ApiError(421, "misdirected_request", `This API does not answer to that host name. ${wanted}`);
  }

  /** @throws ApiError 403 */
  checkOrigin(headers: IncomingHttpHeaders): void {
    if (isForeign(headers)) throw new ApiError(403, "forbidden", "Pages of other sites may not use this API.");
  }

  /** Whether it is asked under a name of this server. */
  isOwn(headers: IncomingHttpHeaders): boolean {
    return this.#names.has(nameOf(headers));
  }
}

/** The name of the host that is asked, without a port. */
export function nameOf({ host }: IncomingHttpHeaders): string {
  return host?.toLowerCase().replace(/:\d{0,5}$/, "") ?? "";
}

/** Whether a page of another origin sent this. Of what a page cannot set itself, the newer header is the clearer. */
function isForeign({ host, origin, "sec-fetch-site": site }: IncomingHttpHeaders): boolean {
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  if (origin === undefined) return false;
  // `null` is a sandboxed page or a file.
  return !URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase();
}
