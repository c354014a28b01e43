import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listenOn } from "../../../lib/unix-server.ts";
import type { Aside } from "../types.ts";
import { SECURITY_HEADERS } from "./headers.ts";
import type { Site } from "./site.ts";

/** Milliseconds for which a browser may take to send a form. */
const FORM_TIMEOUT_MS = 30_000;

/** The name of the dashboard's host, below the platform's domain. */
const NAME = "dashboard";

/**
 * Serves the site on a Unix socket, to the router, which sends it what browsers ask of `dashboard.<domain>`.
 *
 * @param path in the folder that router and control plane share
 * @param asides asked before the site, in turn
 * @param only the one host name under which it is served, and over HTTPS alone; undefined: the router sends what is ours
 */
export function serveSite(
  path: string,
  site: Site,
  asides: readonly Aside[] = [],
  only?: string,
): Promise<AsyncDisposable> {
  const server = createServer({ requestTimeout: FORM_TIMEOUT_MS }, (request, response) => {
    if (only !== undefined && !isSecure(request, only)) misdirected(response);
    else if (!asides.some((aside) => aside(request, response))) void site.serve(request, response, only !== undefined);
  });
  return listenOn(server, path);
}

/** The router sees to it as well; it is not what a session depends on. */
function isSecure(request: IncomingMessage, only: string): boolean {
  return hostOf(request).host === only && request.headers["x-forwarded-proto"] === "https";
}

function misdirected(response: ServerResponse): void {
  response.writeHead(421, { ...SECURITY_HEADERS, "Content-Type": "text/plain", Connection: "close" });
  response.end("This is served at its own name, over HTTPS only.\n");
}

/** What `heroku login` opens in a browser at the API's own address, and where that leads. */
const LOGIN = /^\/(?:auth\/browser\/|assets\/|log(?:in|out)(?:\?|$))/;

/**
 * The same on the API's port, where an SSH tunnel ends: for `dashboard.<domain>`, and for `dashboard.localhost`, which
 * is the browser's own machine whatever the domain is. A browser that comes without a name is sent there, unless it is
 * to log a command line in.
 */
export function besideApi(domain: string, site: () => Site): Aside {
  const hosts = new Set([`${NAME}.${domain}`, `${NAME}.localhost`]);
  return (request, response) => {
    const { host, port } = hostOf(request);
    if (hosts.has(host) || LOGIN.test(request.url ?? "")) {
      void site().serve(request, response);
      return true;
    }
    if (request.method !== "GET" || request.url !== "/" || !wantsPage(request)) return false;
    response.writeHead(302, { Location: `http://${NAME}.localhost${port}/`, "Content-Length": 0 }).end();
    return true;
  };
}

function hostOf({ headers }: IncomingMessage): { host: string; port: string } {
  const [, host = "", port = ""] = /^([^:]*)(:\d{1,5})?$/.exec(headers.host ?? "") ?? [];
  return { host: host.toLowerCase(), port };
}

function wantsPage({ headers }: IncomingMessage): boolean {
  return /\btext\/html\b/.test(headers.accept ?? "");
}
